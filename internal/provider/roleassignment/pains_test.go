// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package roleassignment_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
)

// Each test here is what users of other providers have reported, under the name of what they saw.

const taken = group + "/providers/Microsoft.Authorization/roleAssignments/99999999-9999-4999-8999-999999999999"

func existing(principal string) string {
	return `{"properties":{"roleDefinitionId":"` + definitions + reader + `","principalId":"` + principal + `","principalType":"ServicePrincipal","description":"by hand"}}`
}

// hashicorp/terraform-provider-azurerm#17421, #28557: 409 RoleAssignmentExists, and nobody says which.
func TestRoleAssignmentExistsWithoutItsID(t *testing.T) {
	t.Parallel()
	for name, terse := range map[string]bool{"newer services name it": false, "older services do not": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, principal := start(t)
			p.Mock.World().Configure(func(s *mockarm.Settings) { s.TerseRoleAssignmentExists = terse })
			p.Behind(http.MethodPut, taken, existing(principal))
			if diags := p.Resource(typeName).Apply(assignReader(principal)); !strings.Contains(diags.String(), `id = "`+taken+`"`) {
				t.Errorf("the error is %s", diags)
			}
		})
	}
}

// hashicorp/terraform-provider-azurerm#28694, crossplane-contrib/provider-upjet-azure#685: no way to take over what exists.
func TestWhatExistsIsAdoptedOnRequest(t *testing.T) {
	t.Parallel()
	p, principal := start(t, prototest.Configuration(prototest.Object{"adopt_existing": true}))
	p.Behind(http.MethodPut, taken, existing(principal))
	r := p.Resource(typeName)
	mustApply(t, r, assignReader(principal).With(prototest.Object{"description": "ours"}))
	if now := assignments(p); len(now) != 1 || now[0].Description != "ours" || r.Get("id") != taken {
		t.Errorf("the state has %s, Azure %+v", r.Get("id"), now)
	}
	// A name that the configuration gives cannot be had.
	named := assignReader(principal).With(prototest.Object{"name": "88888888-8888-4888-8888-888888888888"})
	if diags := p.Resource(typeName).Apply(named); !strings.Contains(diags.String(), `id = "`+taken+`"`) {
		t.Errorf("under a name of its own: %s", diags)
	}
	if now := assignments(p); len(now) != 1 || now[0].Description != "ours" {
		t.Errorf("what was refused has changed Azure to %+v", now)
	}
	named = assignReader(principal).With(prototest.Object{"name": "99999999-9999-4999-8999-999999999999", "description": "ours again"})
	mustApply(t, p.Resource(typeName), named)
}

// hashicorp/terraform-provider-azurerm#11417: thirty minutes to learn that the principal is wrong.
func TestAWrongPrincipalIsToldWithinItsOwnTimeout(t *testing.T) {
	t.Parallel()
	for setting, limit := range map[string]time.Duration{"": 2 * time.Minute, "10s": 10 * time.Second} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				block := prototest.Object{}
				if setting != "" {
					block["principal_not_found_timeout"] = setting
				}
				p, _ := start(t, prototest.Configuration(block))
				began := time.Now()
				diags := p.Resource(typeName).Apply(assignReader("77777777-7777-4777-8777-777777777777").With(prototest.Object{"principal_type": "User"}))
				if waited := time.Since(began); waited > limit || waited < limit/3 || !strings.Contains(diags.String(), "object ID of the principal, not its client ID") {
					t.Errorf("after %s: %s", waited, diags)
				}
			})
		})
	}
}

// hashicorp/terraform-provider-azurerm#4847, #19847, #22076: replaced for ever because of a spelling. An import knows nothing
// of the configuration's spelling, and the plan after it must be empty for every one.
func TestAnImportFollowedByAPlanIsEmptyForEverySpelling(t *testing.T) {
	t.Parallel()
	p, principal := start(t)
	condition := "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR (@Request[x] StringEquals 'a  b'))"
	made := p.Resource(typeName)
	wanted := assignReader(principal).With(prototest.Object{"condition": condition})
	mustApply(t, made, wanted)
	id := made.Get("id")
	for _, id := range []string{id, strings.ToUpper(id), strings.ToLower(id) + "/", group + "|Reader|" + principal, strings.ToLower(group) + "/|reader|" + strings.ToUpper(principal), group + "|" + reader + "|" + principal} {
		for _, spelling := range []prototest.Object{
			{},
			{"scope": strings.ToLower(group)},
			{"scope": strings.ToUpper(group) + "/"},
			{"role_definition_name": "READER"},
			{"principal_id": strings.ToUpper(principal)},
			{"name": strings.ToUpper(made.Get("name"))},
			{"role_definition_name": nil, "role_definition_id": definitions + reader},
			{"role_definition_name": nil, "role_definition_id": strings.ToLower(subscription + definitions + reader)},
			{"condition": "(\n  (\n    !(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})\n  )\n  OR\n  (@Request[x] StringEquals 'a  b')\n)\n"},
			{"condition_version": "2.0"},
		} {
			r := p.Resource(typeName)
			if diags := r.Import(id); len(diags) > 0 {
				t.Fatalf("importing %q: %s", id, diags)
			}
			if plan, diags := r.Plan(wanted.With(spelling)); plan.Action != prototest.NoOp || len(diags) > 0 {
				t.Errorf("%q imported, with %v: the plan is to %s because of %v %s", id, spelling, plan.Action, plan.RequiresReplace, diags)
			}
		}
	}
	if plan, _ := made.Plan(wanted.With(prototest.Object{"condition": strings.Replace(condition, "a  b", "a b", 1)})); plan.Action != prototest.Update {
		t.Errorf("white space in a literal is a change, and the plan is to %s", plan.Action)
	}
}

// hashicorp/terraform-provider-azurerm#25352: nobody says in which form to import.
func TestAnImportThatCannotBeSaysHow(t *testing.T) {
	t.Parallel()
	p, principal := start(t)
	for text, want := range map[string]string{
		group + "|Reader|" + principal:                       "does not have that role at that very scope",
		group + "|Raeder|" + principal:                       `"Reader"`,
		group + "|Reader|id-reader":                          "principal ID",
		"DevTest|Reader|" + principal:                        "does not start",
		taken + "|contoso":                                   "tenant ID",
		group + "|Reader|" + principal + "|ServicePrincipal": "SCOPE|ROLE NAME|PRINCIPAL ID",
	} {
		if diags := p.Resource(typeName).Import(text); !strings.Contains(diags.String(), want) {
			t.Errorf("importing %q: %s", text, diags)
		}
	}
}

// hashicorp/terraform-provider-azurerm#11770: ScopeLocked on destroy, and nobody says what is locked by what.
func TestScopeLockedSaysWhichLock(t *testing.T) {
	t.Parallel()
	p, principal := start(t)
	r := p.Resource(typeName)
	mustApply(t, r, assignReader(principal))
	lock := group + "/providers/Microsoft.Authorization/locks/keep"
	p.Behind(http.MethodPut, lock, `{"properties":{"level":"CanNotDelete","notes":"ask the platform team"}}`)
	diags := r.Destroy()
	for _, want := range []string{"ScopeLocked", `"keep" (CanNotDelete, ` + lock, "ask the platform team"} {
		if !strings.Contains(diags.String(), want) {
			t.Errorf("the error lacks %q: %s", want, diags)
		}
	}
	if r.State() == nil || len(assignments(p)) != 1 {
		t.Error("what could not be deleted is gone from state")
	}
	p.Behind(http.MethodDelete, lock, "")
	if diags := r.Destroy(); len(diags) > 0 {
		t.Error(diags)
	}
}

// Azure/avm-ptn-alz#345: after destroy the old name lingers, and the same name cannot be created at once.
func TestWhatWasDestroyedAMomentAgoIsCreatedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, principal := start(t)
		p.Mock.World().Configure(func(s *mockarm.Settings) { s.DeletedAssignmentLag = 40 * time.Second })
		r := p.Resource(typeName)
		mustApply(t, r, assignReader(principal))
		if diags := r.Destroy(); len(diags) > 0 {
			t.Fatal(diags)
		}
		mustApply(t, r, assignReader(principal))
		if now := assignments(p); len(now) != 1 {
			t.Errorf("Azure has %+v", now)
		}
	})
}

// hashicorp/terraform-provider-azurerm#8584, #9379: RoleAssignmentNotFound while Azure's replicas catch up with a creation.
func TestAnAssignmentThatCannotBeReadYetIsInState(t *testing.T) {
	t.Parallel()
	p, principal := start(t)
	p.Mock.World().Configure(func(s *mockarm.Settings) { s.RoleAssignmentReadLag = time.Hour })
	mustApply(t, p.Resource(typeName), assignReader(principal))
}

// hashicorp/terraform-provider-azurerm#32714: a new condition replaced the assignment.
func TestAConditionChangesInPlace(t *testing.T) {
	t.Parallel()
	p, principal := start(t)
	r := p.Resource(typeName)
	mustApply(t, r, assignReader(principal).With(prototest.Object{"condition": "@Resource[a] StringEquals 'b'"}))
	plan, diags := r.Plan(assignReader(principal).With(prototest.Object{"condition": "@Resource[a] StringEquals 'c'"}))
	if plan.Action != prototest.Update || len(diags) > 0 {
		t.Errorf("the plan is to %s %s", plan.Action, diags)
	}
}

// Azure/Enterprise-Scale EPAC#951: the identity of a managing tenant, at a scope of the customer's.
func TestADelegatedIdentityIsReadWithTheTenantOfTheScope(t *testing.T) {
	t.Parallel()
	var asked []string
	p, principal := start(t, prototest.Watch(func(r *http.Request) {
		if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/roleAssignments/") {
			asked = append(asked, r.URL.Query().Get("tenantId"))
		}
	}))
	r := p.Resource(typeName)
	mustApply(t, r, assignReader(principal).With(prototest.Object{"delegated_managed_identity_resource_id": readerID}))
	if r.Get("tenant_id") != mockarm.DefaultTenantID || r.Get("delegated_managed_identity_resource_id") != readerID {
		t.Errorf("the state has %v", r.State())
	}
	if len(asked) < 2 || asked[len(asked)-1] != mockarm.DefaultTenantID {
		t.Errorf("reads named the tenants %q", asked)
	}
	id := r.Get("id") + "|" + mockarm.DefaultTenantID
	imported := p.Resource(typeName)
	if diags := imported.Import(id); len(diags) > 0 || imported.Get("tenant_id") != mockarm.DefaultTenantID {
		t.Errorf("imported as %v %s", imported.State(), diags)
	}
	if plan, diags := imported.Plan(assignReader(principal).With(prototest.Object{"delegated_managed_identity_resource_id": strings.ToLower(readerID)})); plan.Action != prototest.NoOp || len(diags) > 0 {
		t.Errorf("the plan is to %s %s", plan.Action, diags)
	}
}

// A deployment that grants many roles at management-group scope is what landing zones are made of.
func TestAtAManagementGroup(t *testing.T) {
	t.Parallel()
	const platform = "/providers/Microsoft.Management/managementGroups/platform"
	p, principal := start(t, prototest.Seed(func(s *mockarm.Seed) {
		s.ManagementGroups = append(s.ManagementGroups, mockarm.SeedManagementGroup{Name: "platform"})
		s.RoleAssignments = append(s.RoleAssignments, mockarm.SeedRoleAssignment{Role: "Owner", Principal: mockarm.DefaultOperatorID, Scope: platform})
	}))
	for _, scope := range []string{platform, strings.ToLower(platform) + "/"} {
		r := p.Resource(typeName)
		mustApply(t, r, assignReader(principal).With(prototest.Object{"scope": scope}))
		if diags := r.Destroy(); len(diags) > 0 {
			t.Error(diags)
		}
	}
}
