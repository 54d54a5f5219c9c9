// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package tfvalue

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// ImportBlock returns the configuration that takes an existing object under the care of Terraform, ready to be pasted.
func ImportBlock(resourceType, id string) string {
	return fmt.Sprintf("import {\n  to = %s.example\n  id = %q\n}", resourceType, id)
}

// AddExistsError tells that an object which was to be created is there already, and hands over the block that imports it. what
// is the object's kind in the words of a sentence.
func AddExistsError(what, resourceType, id string, diags *diag.Diagnostics) {
	diags.AddError("The "+what+" exists already",
		fmt.Sprintf("%s is there, and it is not in the state of this configuration. To manage it here, import it:\n\n%s", id, ImportBlock(resourceType, id)))
}
