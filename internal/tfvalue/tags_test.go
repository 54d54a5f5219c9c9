// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package tfvalue_test

import (
	"maps"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

// tagged is a map of tags as Terraform has it. Without names it is empty, not null.
func tagged(pairs ...string) types.Map {
	elements := map[string]attr.Value{}
	for i := 0; i < len(pairs); i += 2 {
		elements[pairs[i]] = types.StringValue(pairs[i+1])
	}
	return types.MapValueMust(types.StringType, elements)
}

var noTags = types.MapNull(types.StringType)

func TestTagsAreSentAsTheyAre(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tags types.Map
		want map[string]string
	}{
		"null":    {noTags, map[string]string{}},
		"unknown": {types.MapUnknown(types.StringType), map[string]string{}},
		"empty":   {tagged(), map[string]string{}},
		"some":    {tagged("team", "platform", "empty", ""), map[string]string{"team": "platform", "empty": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent := tfvalue.ToTags(c.tags)
			got := map[string]string{}
			for tag, value := range sent {
				if value == nil {
					t.Fatalf("the tag %q is sent without a value", tag)
				}
				got[tag] = *value
			}
			// ARM leaves the tags of an object as they are when a request has none, or null.
			if sent == nil || !maps.Equal(got, c.want) {
				t.Errorf("sent is %v, want %v", sent, c.want)
			}
		})
	}
}

func TestTagsOfAzureInState(t *testing.T) {
	t.Parallel()
	team := map[string]*string{"team": new("platform")}
	for name, c := range map[string]struct {
		prior types.Map
		tags  map[string]*string
		want  types.Map
	}{
		"none, and none are written":                 {noTags, nil, noTags},
		"an empty map, and none are written":         {noTags, map[string]*string{}, noTags},
		"none, and an empty map is written":          {tagged(), nil, tagged()},
		"an empty map, and an empty map is written":  {tagged(), map[string]*string{}, tagged()},
		"taken away behind Terraform's back":         {tagged("team", "platform"), nil, noTags},
		"put on behind Terraform's back":             {noTags, team, tagged("team", "platform")},
		"put on where an empty map is written":       {tagged(), team, tagged("team", "platform")},
		"as they are written":                        {tagged("team", "platform"), team, tagged("team", "platform")},
		"changed":                                    {tagged("team", "other", "x", "y"), team, tagged("team", "platform")},
		"one without a value, which only a tool has": {noTags, map[string]*string{"team": nil}, types.MapValueMust(types.StringType, map[string]attr.Value{"team": types.StringNull()})},
		"one with an empty value":                    {noTags, map[string]*string{"team": new("")}, tagged("team", "")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tfvalue.FromTags(c.prior, c.tags); !got.Equal(c.want) {
				t.Errorf("state has %s, want %s", got, c.want)
			}
		})
	}
}

// What is written and sent comes back as it was: anything else would be drift right after an apply.
func TestTagsComeBackAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	for _, written := range []types.Map{noTags, tagged(), tagged("team", "platform"), tagged("a", "", "B", "b c")} {
		if got := tfvalue.FromTags(written, tfvalue.ToTags(written)); !got.Equal(written) {
			t.Errorf("%s comes back as %s", written, got)
		}
	}
}
