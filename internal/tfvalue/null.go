// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package tfvalue

import (
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// StringOrNull is the value of a text that ARM may leave out: null for nil and for "".
func StringOrNull(p *string) types.String {
	if p == nil || *p == "" {
		return types.StringNull()
	}
	return types.StringValue(*p)
}

// Pointer returns what an optional attribute sends to ARM: nil for null and unknown.
func Pointer(v types.String) *string {
	if v.IsNull() || v.IsUnknown() {
		return nil
	}
	return v.ValueStringPointer()
}
