// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package tfvalue_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

const (
	sub      = "/subscriptions/8a6b7c1d-0000-4000-8000-00000000000a"
	group    = sub + "/resourceGroups/DevTest"
	machine  = group + "/providers/Microsoft.Compute/virtualMachines/vm-linux"
	identity = group + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-reader"
	role     = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
)

// Each line of a meaning has spellings of the same thing, and no two lines mean the same.
var spellings = map[string]struct {
	meaning tfvalue.Meaning
	lines   [][]string
}{
	"VirtualMachineID": {tfvalue.VirtualMachineID, [][]string{
		{machine, strings.ToUpper(machine), machine + "/", strings.Replace(machine, "resourceGroups", "resourcegroups", 1)},
		{machine + "2"},
		{strings.Replace(machine, "virtualMachines", "virtualMachineScaleSets", 1)},
	}},
	"UserAssignedIdentityID": {tfvalue.UserAssignedIdentityID, [][]string{
		{identity, strings.ToLower(identity), strings.Replace(identity, "resourceGroups", "resourcegroups", 1)},
		{strings.Replace(identity, "DevTest", "Dev", 1)},
	}},
	"Scope": {tfvalue.Scope, [][]string{
		{"/"},
		{sub, strings.ToUpper(sub), sub + "/"},
		{group, sub + "/resourcegroups/devtest"},
		{machine, strings.ToLower(machine)},
		{"/providers/Microsoft.Management/managementGroups/corp", "/providers/microsoft.management/managementgroups/Corp"},
		// What is no ID is the same as itself.
		{"nonsense"},
		{"Nonsense"},
	}},
	"RoleDefinitionID": {tfvalue.RoleDefinitionID, [][]string{
		{role, strings.ToUpper(role), sub + role, group + role, "/subscriptions/99999999-0000-4000-8000-00000000000a" + role},
		{strings.Replace(role, "acdd72a7", "b24988ac", 1)},
		{"acdd72a7-3385-48ef-bd42-f606fba81ae7"},
		{"ACDD72A7-3385-48ef-bd42-f606fba81ae7"},
		{sub + "/providers/Microsoft.Authorization/roleAssignments/acdd72a7-3385-48ef-bd42-f606fba81ae7"},
	}},
	"ResourceID": {tfvalue.ResourceID, [][]string{
		{identity, strings.ToUpper(identity), identity + "/"},
		{machine, strings.ToLower(machine)},
	}},
	"Condition": {tfvalue.Condition, [][]string{
		{
			"(!(ActionMatches{'a'}) OR @Request[x] StringEquals 'b c')", "\n(\n  !(ActionMatches{'a'})\n  OR\n  @Request[x]  StringEquals\t'b c'\n)\n",
			"( ! ( ActionMatches{ 'a' } ) OR @Request[x] StringEquals 'b c' )",
		},
		{"(!(ActionMatches{'a'}) OR @Request[x] StringEquals 'b  c')"},
		{"(!(ActionMatches{'a'}) OR @Request[x] StringEquals 'bc')"},
		{"(!(ActionMatches{'a'}) or @Request[x] StringEquals 'b c')"},
		{`@Request[x] StringEquals 'it\'s  b'`},
		{`@Request[x] StringEquals 'it\'s b'`, ` @Request[x]  StringEquals 'it\'s b' `},
	}},
	"Duration":          {tfvalue.Duration, [][]string{{"90s", "1m30s"}, {"2m"}, {"nonsense"}}},
	"RoleName":          {tfvalue.RoleName, [][]string{{"Reader", "reader", "READER"}, {"Readers"}, {" Reader"}}},
	"ResourceGroupName": {tfvalue.ResourceGroupName, [][]string{{"DevTest", "devtest"}, {"Dev-Test"}, {"Übung", "übung"}}},
	"IdentityName":      {tfvalue.IdentityName, [][]string{{"id-reader", "ID-Reader"}, {"id_reader"}}},
	"Location":          {tfvalue.Location, [][]string{{"westus2", "West US 2", "WESTUS2", "west us2"}, {"westus"}, {"West-US-2"}}},
	"GUID": {tfvalue.GUID, [][]string{
		{"acdd72a7-3385-48ef-bd42-f606fba81ae7", "ACDD72A7-3385-48EF-BD42-F606FBA81AE7"},
		{"acdd72a7-3385-48ef-bd42-f606fba81ae8"},
	}},
}

func TestSpellingsAreTheSameExactlyWhereTheyMeanTheSame(t *testing.T) {
	t.Parallel()
	for name, c := range spellings {
		for i, line := range c.lines {
			for j, other := range c.lines {
				for _, a := range line {
					for _, b := range other {
						if got := c.meaning.Equal(a, b); got != (i == j) {
							t.Errorf("%s: %q and %q are the same: %t", name, a, b, got)
						}
					}
				}
			}
		}
	}
}

func TestStateKeepsItsSpellingOfTheSame(t *testing.T) {
	t.Parallel()
	for name, c := range spellings {
		for i, line := range c.lines {
			for j, other := range c.lines {
				prior, got := types.StringValue(line[0]), other[len(other)-1]
				want := types.StringValue(got)
				if i == j {
					want = prior
				}
				if merged := c.meaning.Merge(prior, got); !merged.Equal(want) {
					t.Errorf("%s: state has %s, ARM answers %q, and state becomes %s", name, prior, got, merged)
				}
			}
		}
	}
	for _, prior := range []types.String{types.StringNull(), types.StringUnknown()} {
		if merged := tfvalue.Location.Merge(prior, "westus"); !merged.Equal(types.StringValue("westus")) {
			t.Errorf("state has %s, ARM answers \"westus\", and state becomes %s", prior, merged)
		}
	}
	if merged := tfvalue.Location.Merge(types.StringNull(), ""); !merged.Equal(types.StringValue("")) {
		t.Errorf("state has null, ARM answers nothing, and state becomes %s", merged)
	}
}

func TestAnotherSpellingIsPlannedAsNoChange(t *testing.T) {
	t.Parallel()
	text := types.StringValue
	for name, c := range map[string]struct{ state, plan, want types.String }{
		"another spelling":        {text("westus2"), text("West US 2"), text("westus2")},
		"the same spelling":       {text("westus2"), text("westus2"), text("westus2")},
		"another value":           {text("westus2"), text("eastus"), text("eastus")},
		"a value taken away":      {text("westus2"), types.StringNull(), types.StringNull()},
		"a value not known yet":   {text("westus2"), types.StringUnknown(), types.StringUnknown()},
		"nothing there yet":       {types.StringNull(), text("West US 2"), text("West US 2")},
		"an empty value, no null": {types.StringNull(), text(""), text("")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp := planmodifier.StringResponse{PlanValue: c.plan}
			tfvalue.Location.KeepSpelling().PlanModifyString(t.Context(), planmodifier.StringRequest{
				Path: path.Root("location"), StateValue: c.state, PlanValue: c.plan, ConfigValue: c.plan,
			}, &resp)
			if !resp.PlanValue.Equal(c.want) || resp.RequiresReplace || resp.Diagnostics.HasError() {
				t.Errorf("state %s and configuration %s give the plan %s, want %s", c.state, c.plan, resp.PlanValue, c.want)
			}
		})
	}
}

func TestWhatHasNoSuchMeaningIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meaning tfvalue.Meaning
		takes   []string
		refuses []string
	}{
		"VirtualMachineID": {
			tfvalue.VirtualMachineID,
			[]string{machine, strings.ToLower(machine), machine + "/"},
			[]string{"", "vm-linux", group, identity, machine + "/extensions/x", strings.Replace(machine, "/DevTest", "", 1), machine + "?x", " " + machine},
		},
		"VirtualMachineScaleSetID": {
			tfvalue.VirtualMachineScaleSetID,
			[]string{strings.Replace(machine, "virtualMachines", "virtualmachinescalesets", 1)},
			[]string{machine, strings.Replace(machine, "virtualMachines", "virtualMachineScaleSets", 1) + "/virtualMachines/0"},
		},
		"UserAssignedIdentityID": {
			tfvalue.UserAssignedIdentityID,
			[]string{identity, strings.ToUpper(identity)},
			[]string{"", machine, machine + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/x", identity + "/federatedIdentityCredentials/x"},
		},
		"ClaimsMatchingExpression": {
			tfvalue.ClaimsMatchingExpression,
			[]string{
				"claims['sub'] matches 'repo:octo-org/*'", "claims['sub'] eq 'it''s and claims'", "claims['sub'] matches '????'",
				"claims['sub'] eq 'a' and claims['job_workflow_ref'] matches 'octo-org/*@refs/heads/main' and claims['repository_id'] eq '456789'",
			},
			[]string{
				"", " ", "repo:octo-org/*", "sub eq 'a'", "claims[sub] eq 'a'", "claims[''] eq 'a'", "claims['sub'] eq a", "claims['sub'] eq \"a\"", "claims['sub'] eq ''",
				"claims['sub'] == 'a'", "claims['sub'] EQ 'a'", "claims['sub']  eq 'a'", "claims['sub']eq 'a'", "claims['sub'] eq 'a", "claims['sub'] eq 'a'b'",
				" claims['sub'] eq 'a'", "claims['sub'] eq 'a' ", "claims['sub'] eq 'a'\n", "claims['sub'] eq 'a' and", "claims['sub'] eq 'a' and ",
				"claims['sub'] eq 'a' or claims['sub'] eq 'b'", "claims['sub'] eq 'a' and and claims['sub'] eq 'b'", "claims['sub'] eq 'a'claims['sub'] eq 'b'",
			},
		},
		"Scope": {
			tfvalue.Scope,
			[]string{"/", sub, group, machine, "/providers/Microsoft.Management/managementGroups/corp"},
			[]string{"", "DevTest", "/subscriptions/dev", sub + "/resourceGroups", sub + "//x", sub + "/resourceGroups/..", sub + "/resourceGroups/a b"},
		},
		"RoleDefinitionID": {
			tfvalue.RoleDefinitionID,
			[]string{role, sub + role, group + role},
			[]string{"", "Reader", "acdd72a7-3385-48ef-bd42-f606fba81ae7", "/providers/Microsoft.Authorization/roleDefinitions/Reader", sub + "/providers/Microsoft.Authorization/roleAssignments/acdd72a7-3385-48ef-bd42-f606fba81ae7"},
		},
		"RoleName": {
			tfvalue.RoleName, []string{"Reader", "Role: mine, and \"yours\""}, []string{"", " ", "\t"},
		},
		"ResourceGroupName": {
			tfvalue.ResourceGroupName,
			[]string{"a", "Dev_Test-(1).x", "Übung", strings.Repeat("a", 90)},
			[]string{"", "dev.", "dev test", "dev/test", "dev?", strings.Repeat("a", 91), "dev\n"},
		},
		"IdentityName": {
			tfvalue.IdentityName,
			[]string{"abc", "1-a", "id_reader", strings.Repeat("a", 128)},
			[]string{"", "ab", "-ab", "_ab", "id.reader", "id reader", "übung", strings.Repeat("a", 129), "abc\n"},
		},
		"Location": {
			tfvalue.Location, []string{"westus", "West US 2"}, []string{"", "  "},
		},
		"GUID": {
			tfvalue.GUID,
			[]string{"acdd72a7-3385-48ef-bd42-f606fba81ae7", "ACDD72A7-3385-48EF-BD42-F606FBA81AE7"},
			[]string{"", "acdd72a7", "acdd72a7338548efbd42f606fba81ae7", "{acdd72a7-3385-48ef-bd42-f606fba81ae7}", "urn:uuid:acdd72a7-3385-48ef-bd42-f606fba81ae7", "gcdd72a7-3385-48ef-bd42-f606fba81ae7"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, value := range append([]types.String{types.StringNull(), types.StringUnknown()}, values(c.takes)...) {
				if resp := validate(t, c.meaning, value); resp.Diagnostics.HasError() {
					t.Errorf("%s is refused: %v", value, resp.Diagnostics)
				}
			}
			for _, value := range values(c.refuses) {
				resp := validate(t, c.meaning, value)
				if resp.Diagnostics.ErrorsCount() != 1 {
					t.Errorf("%s has the errors %v", value, resp.Diagnostics)
					continue
				}
				if d := resp.Diagnostics[0]; !strings.HasPrefix(d.Summary(), "argument is not ") || !strings.HasPrefix(d.Detail(), "Here ") || !strings.HasSuffix(d.Detail(), ".") {
					t.Errorf("%s is refused with %q %q", value, d.Summary(), d.Detail())
				}
			}
		})
	}
}

func values(texts []string) []types.String {
	var all []types.String
	for _, text := range texts {
		all = append(all, types.StringValue(text))
	}
	return all
}

func validate(t *testing.T, m tfvalue.Meaning, value types.String) validator.StringResponse {
	t.Helper()
	var resp validator.StringResponse
	m.Validator().ValidateString(t.Context(), validator.StringRequest{Path: path.Root("argument"), ConfigValue: value}, &resp)
	return resp
}

func TestRoleGUID(t *testing.T) {
	t.Parallel()
	const guid = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
	for text, want := range map[string]string{
		role: guid, strings.ToUpper(role): guid, sub + role: guid, group + role + "/": guid,
		"": "", guid: "", "/": "", role + "0": "", role + "/x/y": "", sub + "/providers/Microsoft.Authorization/roleAssignments/" + guid: "",
		"/providers/Contoso.Authorization/roleDefinitions/" + guid: "",
	} {
		if got := tfvalue.RoleGUID(text); got != want {
			t.Errorf("RoleGUID(%q) = %q, want %q", text, got, want)
		}
	}
}
