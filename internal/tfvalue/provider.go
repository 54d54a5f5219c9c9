// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package tfvalue

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// FromProviderData returns what the provider has handed to a resource or data source. It is false, without an error, while
// the provider is not configured yet: Terraform asks for schemas and validates before it configures.
func FromProviderData[T any](data any, diags *diag.Diagnostics) (T, bool) {
	var none T
	if data == nil {
		return none, false
	}
	typed, ok := data.(T)
	if !ok {
		diags.AddError("Wrong provider data", fmt.Sprintf("The provider handed over a %T where a %T is wanted. Please report this as a bug of the provider.", data, none))
	}
	return typed, ok
}
