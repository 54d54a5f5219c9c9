// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package roleassignment_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
)

const (
	typeName     = "azuremi_role_assignment"
	subscription = "/subscriptions/" + mockarm.DefaultSubscriptionID
	group        = subscription + "/resourceGroups/DevTest"
	readerID     = group + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-reader"
	definitions  = "/providers/Microsoft.Authorization/roleDefinitions/"
	reader       = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
)

// start makes an identity in a new Azure, and returns its principal.
func start(t *testing.T, options ...prototest.Option) (*prototest.Provider, string) {
	t.Helper()
	p := prototest.Start(t, options...)
	p.Behind(http.MethodPut, readerID, `{"location":"westus"}`)
	return p, p.Mock.World().State().Identities[0].PrincipalID
}

func assignReader(principal string) prototest.Object {
	return prototest.Object{"scope": group, "role_definition_name": "Reader", "principal_id": principal}
}

func mustApply(t *testing.T, r *prototest.Resource, c prototest.Object) {
	t.Helper()
	if diags := r.Apply(c); len(diags) > 0 {
		t.Fatal(diags)
	}
}

// assignments are those that the world did not begin with.
func assignments(p *prototest.Provider) []mockarm.RoleAssignmentState {
	return slices.DeleteFunc(p.Mock.World().State().RoleAssignments, func(a mockarm.RoleAssignmentState) bool {
		return a.RoleName == "Owner"
	})
}

func TestLifeCycle(t *testing.T) {
	t.Parallel()
	p, principal := start(t)
	r := p.Resource(typeName)
	mustApply(t, r, assignReader(principal))
	made := assignments(p)
	if len(made) != 1 || made[0].Scope != group || made[0].RoleName != "Reader" || made[0].PrincipalID != principal || made[0].PrincipalType != "ServicePrincipal" {
		t.Fatalf("Azure has %+v", made)
	}
	for attribute, want := range map[string]string{
		"id": made[0].ID, "role_definition_id": subscription + definitions + reader, "role_definition_name": "Reader", "principal_type": "ServicePrincipal",
	} {
		if got := r.Get(attribute); got != want || want == "" {
			t.Errorf("%s is %q, want %q", attribute, got, want)
		}
	}

	condition := prototest.Object{"description": "reads", "condition": "@Resource[a] StringEquals 'b'"}
	mustApply(t, r, assignReader(principal).With(condition))
	changed := assignments(p)
	if len(changed) != 1 || changed[0].ID != made[0].ID || changed[0].Description != "reads" || changed[0].Condition == "" {
		t.Errorf("Azure has %+v", changed)
	}
	if r.Get("condition_version") != "2.0" {
		t.Errorf("condition_version is %q", r.Get("condition_version"))
	}
	mustApply(t, r, assignReader(principal))
	if changed := assignments(p); len(changed) != 1 || changed[0].Description != "" || changed[0].Condition != "" {
		t.Errorf("Azure has %+v", changed)
	}

	if diags := r.Destroy(); len(diags) > 0 {
		t.Fatal(diags)
	}
	if left := assignments(p); len(left) != 0 {
		t.Errorf("Azure still has %+v", left)
	}
}

func TestThePlanShowsTheRole(t *testing.T) {
	t.Parallel()
	p, principal := start(t)
	plan, diags := p.Resource(typeName).Plan(assignReader(principal).With(prototest.Object{"principal_id": prototest.Unknown}))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	if got := plan.Get("role_definition_id"); got != subscription+definitions+reader {
		t.Errorf("the plan shows %v", got)
	}
}

func TestAnUnknownRoleFailsThePlanWithTheNearestNames(t *testing.T) {
	t.Parallel()
	p, principal := start(t)
	_, diags := p.Resource(typeName).Plan(assignReader(principal).With(prototest.Object{"role_definition_name": "Raeder"}))
	if !diags.HasError() || diags[0].Path != `AttributeName("role_definition_name")` || !strings.Contains(diags.String(), `"Reader"`) {
		t.Errorf("the plan says: %s", diags)
	}
}

func TestAnotherSpellingIsNoChange(t *testing.T) {
	t.Parallel()
	p, principal := start(t)
	r := p.Resource(typeName)
	mustApply(t, r, assignReader(principal))
	for _, spelling := range []prototest.Object{
		{"scope": strings.ToLower(group)},
		{"scope": group + "/"},
		{"role_definition_name": "reader"},
		{"principal_id": strings.ToUpper(principal)},
		{"role_definition_name": nil, "role_definition_id": definitions + reader},
		{"role_definition_name": nil, "role_definition_id": strings.ToUpper(subscription + definitions + reader)},
	} {
		plan, diags := r.Plan(assignReader(principal).With(spelling))
		if len(diags) > 0 || plan.Action != prototest.NoOp {
			t.Errorf("with %v the plan is to %s because of %v %v", spelling, plan.Action, plan.RequiresReplace, diags)
		}
	}
}

func TestARoleByIDInEitherForm(t *testing.T) {
	t.Parallel()
	for _, id := range []string{definitions + reader, subscription + definitions + reader, strings.ToUpper(definitions + reader)} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			p, principal := start(t)
			r := p.Resource(typeName)
			mustApply(t, r, assignReader(principal).With(prototest.Object{"role_definition_name": nil, "role_definition_id": id}))
			if r.Get("role_definition_id") != id || r.Get("role_definition_name") != "Reader" {
				t.Errorf("the state has %v", r.State())
			}
		})
	}
}

func TestWhatCannotChangeIsReplaced(t *testing.T) {
	t.Parallel()
	p, principal := start(t)
	r := p.Resource(typeName)
	mustApply(t, r, assignReader(principal))
	for _, change := range []prototest.Object{
		{"role_definition_name": "Contributor"},
		{"role_definition_name": nil, "role_definition_id": definitions + "b24988ac-6180-42a0-ab88-20f7382dd24c"},
		{"scope": subscription},
		{"principal_id": mockarm.DefaultOperatorID},
		{"principal_type": "User"},
		{"name": "99999999-9999-4999-8999-999999999999"},
	} {
		plan, diags := r.Plan(assignReader(principal).With(change))
		if len(diags) > 0 || plan.Action != prototest.Replace {
			t.Errorf("with %v the plan is to %s %v", change, plan.Action, diags)
		}
	}
	mustApply(t, r, assignReader(principal).With(prototest.Object{"role_definition_name": "Contributor"}))
	if now := assignments(p); len(now) != 1 || now[0].RoleName != "Contributor" {
		t.Errorf("Azure has %+v", now)
	}
}

func TestTheNameComesFromWhatTheAssignmentSays(t *testing.T) {
	t.Parallel()
	p, principal := start(t)
	r := p.Resource(typeName)
	mustApply(t, r, assignReader(principal))
	first := r.Get("name")
	if diags := r.Destroy(); len(diags) > 0 {
		t.Fatal(diags)
	}
	mustApply(t, r, assignReader(principal).With(prototest.Object{"scope": strings.ToUpper(group)}))
	if r.Get("name") != first {
		t.Errorf("the same assignment was named %q and is named %q", first, r.Get("name"))
	}
	other := p.Resource(typeName)
	mustApply(t, other, assignReader(principal).With(prototest.Object{"role_definition_name": "Contributor"}))
	if other.Get("name") == first {
		t.Error("two assignments have one name")
	}
	named := p.Resource(typeName)
	const own = "99999999-9999-4999-8999-999999999999"
	mustApply(t, named, assignReader(principal).With(prototest.Object{"scope": subscription, "name": own}))
	if named.Get("name") != own || !strings.HasSuffix(named.Get("id"), own) {
		t.Errorf("the state has %v", named.State())
	}
}

func TestDeletedBehindTerraformsBackComesBack(t *testing.T) {
	t.Parallel()
	for name, old := range map[string]bool{"new Terraform": false, "Terraform before 1.12": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, principal := start(t)
			p.OldTerraform = old
			r := p.Resource(typeName)
			mustApply(t, r, assignReader(principal).With(prototest.Object{"description": "a"}))
			mustApply(t, r, assignReader(principal).With(prototest.Object{"description": "b"}))
			p.Behind(http.MethodDelete, r.Get("id"), "")
			if diags := r.Refresh(); len(diags) > 0 || r.State() != nil {
				t.Fatal(r.State(), diags)
			}
			mustApply(t, r, assignReader(principal))
			p.Behind(http.MethodDelete, r.Get("id"), "")
			if diags := r.Destroy(); len(diags) > 0 {
				t.Errorf("destroying what is gone: %s", diags)
			}
		})
	}
}

func TestChangedBehindTerraformsBackIsMended(t *testing.T) {
	t.Parallel()
	p, principal := start(t)
	r := p.Resource(typeName)
	wanted := assignReader(principal).With(prototest.Object{"description": "reads"})
	mustApply(t, r, wanted)
	p.Behind(http.MethodPut, r.Get("id"), `{"properties":{"roleDefinitionId":"`+definitions+reader+`","principalId":"`+principal+`","principalType":"ServicePrincipal","description":"by hand"}}`)
	if diags := r.Refresh(); len(diags) > 0 {
		t.Fatal(diags)
	}
	if plan, _ := r.Plan(wanted); plan.Action != prototest.Update {
		t.Errorf("the plan is to %s", plan.Action)
	}
	mustApply(t, r, wanted)
	if now := assignments(p); len(now) != 1 || now[0].Description != "reads" {
		t.Errorf("Azure has %+v", now)
	}
}

func TestWhatExistsIsNotTakenOver(t *testing.T) {
	t.Parallel()
	p, principal := start(t)
	existing := group + "/providers/Microsoft.Authorization/roleAssignments/99999999-9999-4999-8999-999999999999"
	p.Behind(http.MethodPut, existing, `{"properties":{"roleDefinitionId":"`+definitions+reader+`","principalId":"`+principal+`","principalType":"ServicePrincipal"}}`)
	r := p.Resource(typeName)
	diags := r.Apply(assignReader(principal))
	if !diags.HasError() || r.State() != nil || !strings.Contains(diags.String(), `id = "`+existing+`"`) {
		t.Fatalf("applied to what is there: %v %s", r.State(), diags)
	}
	// The import block in the error works.
	if diags := r.Import(existing); len(diags) > 0 {
		t.Fatal(diags)
	}
	if plan, diags := r.Plan(assignReader(principal)); plan.Action != prototest.NoOp || len(diags) > 0 {
		t.Errorf("the plan after import is to %s %s", plan.Action, diags)
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	p, principal := start(t)
	made := p.Resource(typeName)
	mustApply(t, made, assignReader(principal))
	id := made.Get("id")
	for name, take := range map[string]func(*prototest.Resource) prototest.Diagnostics{
		"by ID":                  func(r *prototest.Resource) prototest.Diagnostics { return r.Import(id) },
		"by ID in small letters": func(r *prototest.Resource) prototest.Diagnostics { return r.Import(strings.ToLower(id)) },
		"by identity":            func(r *prototest.Resource) prototest.Diagnostics { return r.ImportIdentity(made.Identity()) },
	} {
		r := p.Resource(typeName)
		if diags := take(r); len(diags) > 0 {
			t.Errorf("%s: %s", name, diags)
			continue
		}
		for _, config := range []prototest.Object{
			assignReader(principal), assignReader(principal).With(prototest.Object{"role_definition_name": nil, "role_definition_id": definitions + reader}),
		} {
			if plan, diags := r.Plan(config); plan.Action != prototest.NoOp || len(diags) > 0 {
				t.Errorf("%s: the plan after import is to %s because of %v %s", name, plan.Action, plan.RequiresReplace, diags)
			}
		}
	}
	for text, want := range map[string]string{
		group: "roleAssignments", "x": "does not start", strings.Replace(id, id[len(id)-12:], "000000000000", 1): "non-existent",
	} {
		if diags := p.Resource(typeName).Import(text); !strings.Contains(diags.String(), want) {
			t.Errorf("importing %q: %s", text, diags)
		}
	}
}

func TestAtEveryScope(t *testing.T) {
	t.Parallel()
	root := prototest.Seed(func(s *mockarm.Seed) {
		s.RoleAssignments = append(s.RoleAssignments, mockarm.SeedRoleAssignment{Role: "Owner", Principal: mockarm.DefaultOperatorID, Scope: "/"})
	})
	p, principal := start(t, root)
	for _, scope := range []string{"/", subscription, group, mockarm.DefaultMachineID, readerID} {
		r := p.Resource(typeName)
		mustApply(t, r, assignReader(principal).With(prototest.Object{"scope": scope}))
		if diags := r.Destroy(); len(diags) > 0 {
			t.Errorf("at %s: %s", scope, diags)
		}
	}
}

func TestAWrongPrincipalFailsWithinMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, _ := start(t)
		// Only of a principal whose type is said to be another one does Azure ask the directory.
		diags := p.Resource(typeName).Apply(assignReader("77777777-7777-4777-8777-777777777777").With(prototest.Object{"principal_type": "User"}))
		if !strings.Contains(diags.String(), "PrincipalNotFound") {
			t.Errorf("the error is %s", diags)
		}
	})
}

func TestWhoMayNotAssignIsToldWhatLacks(t *testing.T) {
	t.Parallel()
	p := prototest.Start(t, prototest.As("contributor", mockarm.SeedRoleAssignment{Role: "Contributor", Scope: subscription}))
	diags := p.Resource(typeName).Apply(assignReader(mockarm.DefaultOperatorID))
	for _, want := range []string{"AuthorizationFailed", "Microsoft.Authorization/roleAssignments/write", "Role Based Access Control Administrator"} {
		if !strings.Contains(diags.String(), want) {
			t.Errorf("the error lacks %q:\n%s", want, diags)
		}
	}
}

func TestBadInputFailsThePlan(t *testing.T) {
	t.Parallel()
	p, principal := start(t)
	for _, c := range []struct {
		change prototest.Object
		want   string
	}{
		{prototest.Object{"role_definition_name": nil}, "role_definition_name"},
		{prototest.Object{"role_definition_id": definitions + reader}, "role_definition_id"},
		{prototest.Object{"role_definition_name": nil, "role_definition_id": reader}, "roleDefinitions/ and a GUID"},
		{prototest.Object{"scope": "DevTest"}, `AttributeName("scope")`},
		{prototest.Object{"principal_id": "id-reader"}, `AttributeName("principal_id")`},
		{prototest.Object{"principal_type": "MSI"}, `AttributeName("principal_type")`},
		{prototest.Object{"condition_version": "2.0"}, "condition"},
		{prototest.Object{"name": "reader"}, `AttributeName("name")`},
	} {
		if _, diags := p.Resource(typeName).Plan(assignReader(principal).With(c.change)); !diags.HasError() || !strings.Contains(diags.String(), c.want) {
			t.Errorf("with %v: %s", c.change, diags)
		}
	}
	unknown := prototest.Object{"scope": prototest.Unknown, "principal_id": prototest.Unknown, "role_definition_name": prototest.Unknown, "condition": prototest.Unknown}
	if _, diags := p.Resource(typeName).Plan(unknown); len(diags) > 0 {
		t.Errorf("with what is not known yet: %s", diags)
	}
}
