// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package tfvalue

import "fmt"

// ImportBlock returns the configuration that takes an existing object under the care of Terraform, ready to be pasted.
func ImportBlock(resourceType, id string) string {
	return fmt.Sprintf("import {\n  to = %s.example\n  id = %q\n}", resourceType, id)
}
