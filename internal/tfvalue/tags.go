// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package tfvalue

import (
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// ToTags returns what tags send to ARM. It is never nil: an empty map takes all tags off, nil would leave them.
func ToTags(v types.Map) map[string]*string {
	tags := map[string]*string{}
	for name, value := range v.Elements() {
		if text, ok := value.(types.String); ok {
			tags[name] = new(text.ValueString())
		}
	}
	return tags
}

// FromTags returns the tags for state. No tags are null, unless the configuration has written an empty map.
func FromTags(prior types.Map, tags map[string]*string) types.Map {
	elements := map[string]attr.Value{}
	for name, value := range maps.All(tags) {
		elements[name] = types.StringPointerValue(value)
	}
	if len(elements) == 0 && (prior.IsNull() || len(prior.Elements()) > 0) {
		return types.MapNull(types.StringType)
	}
	return types.MapValueMust(types.StringType, elements)
}
