// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package tfvalue

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
)

// StringOrNull is the value of a text that ARM may leave out: null for nil and for "".
func StringOrNull(p *string) types.String {
	if p == nil || *p == "" {
		return types.StringNull()
	}
	return types.StringValue(*p)
}

// ResourceIDOrNull is the value of a resource ID that comes from elsewhere, such as a token, in the spelling that it has in
// resources: null for "".
func ResourceIDOrNull(text string) types.String {
	if id, err := armid.Parse(text); err == nil {
		return types.StringValue(id.String())
	}
	return StringOrNull(&text)
}

// Pointer returns what an optional attribute sends to ARM: nil for null and unknown.
func Pointer(v types.String) *string {
	if v.IsNull() || v.IsUnknown() {
		return nil
	}
	return v.ValueStringPointer()
}
