// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package tfvalue_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

// wantEquivalence demands that a meaning divides all texts into those that mean the same: otherwise a value could drift
// from one spelling to the next until it means something else.
func wantEquivalence(t *testing.T, m tfvalue.Meaning, a, b, c string) {
	t.Helper()
	if !m.Equal(a, a) {
		t.Errorf("%q is not the same as itself", a)
	}
	if m.Equal(a, b) != m.Equal(b, a) {
		t.Errorf("%q and %q are the same in one order only", a, b)
	}
	if m.Equal(a, b) && m.Equal(b, c) && !m.Equal(a, c) {
		t.Errorf("%q is the same as %q, and that as %q, but not the first as the last", a, b, c)
	}
	state := types.StringValue(a)
	for _, answer := range []string{b, c} {
		before := state
		state = m.Merge(state, answer)
		if !m.Equal(state.ValueString(), answer) {
			t.Errorf("ARM has %q, and state %s after the merge", answer, state)
		}
		if !state.Equal(before) && m.Equal(before.ValueString(), answer) {
			t.Errorf("state drifts from %s to %s, which are the same", before, state)
		}
		if again := m.Merge(state, answer); !again.Equal(state) {
			t.Errorf("%s becomes %s when nothing has changed", state, again)
		}
	}
}

func FuzzRoleGUID(f *testing.F) {
	f.Add(role, sub+role, strings.ToUpper(role))
	f.Add(role, strings.Replace(role, "acdd72a7", "b24988ac", 1), group+role)
	f.Add("", "/", "acdd72a7-3385-48ef-bd42-f606fba81ae7")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		wantEquivalence(t, tfvalue.RoleDefinitionID, a, b, c)
		guid := tfvalue.RoleGUID(a)
		if guid != "" && (len(guid) != 36 || guid != strings.ToLower(guid)) {
			t.Errorf("RoleGUID(%q) = %q", a, guid)
		}
		if guid != "" && tfvalue.RoleGUID("/providers/Microsoft.Authorization/roleDefinitions/"+guid) != guid {
			t.Errorf("RoleGUID(%q) = %q, which is the GUID of no role", a, guid)
		}
		if isASCII(a) && tfvalue.RoleGUID(strings.ToUpper(a)) != guid {
			t.Errorf("RoleGUID(%q) is another in capitals", a)
		}
	})
}

func FuzzLocation(f *testing.F) {
	f.Add("westus2", "West US 2", "WESTUS2")
	f.Add("West US", "westus2", "eastus")
	f.Add("", " ", "Österreich")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		wantEquivalence(t, tfvalue.Location, a, b, c)
		if spaced := strings.Join(strings.Split(a, ""), " "); !tfvalue.Location.Equal(a, spaced) {
			t.Errorf("%q and %q are not the same", a, spaced)
		}
		if isASCII(a) && !tfvalue.Location.Equal(a, strings.ToUpper(a)) {
			t.Errorf("%q is another in capitals", a)
		}
	})
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > 0x7e })
}
