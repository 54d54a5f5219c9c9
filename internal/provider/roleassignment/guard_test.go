// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package roleassignment_test

import (
	"strings"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
)

func TestAPrivilegedRoleAtAHighScopeIsGuarded(t *testing.T) {
	t.Parallel()
	const owner = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
	condition := "@Resource[a] StringEquals 'b'"
	for name, c := range map[string]struct {
		change prototest.Object
		said   bool
	}{
		"Owner at the subscription":            {prototest.Object{"role_definition_name": "Owner", "scope": subscription}, true},
		"Owner by ID":                          {prototest.Object{"role_definition_name": nil, "role_definition_id": definitions + owner, "scope": subscription}, true},
		"Contributor at the tenant":            {prototest.Object{"role_definition_name": "Contributor", "scope": "/"}, true},
		"User Access Administrator at a group": {prototest.Object{"role_definition_name": "User Access Administrator", "scope": "/providers/Microsoft.Management/managementGroups/11111111-1111-4111-8111-111111111111"}, true},
		"for whom it will be":                  {prototest.Object{"role_definition_name": "Owner", "scope": subscription, "principal_id": prototest.Unknown}, true},
		"with a condition":                     {prototest.Object{"role_definition_name": "Owner", "scope": subscription, "condition": condition}, false},
		"with a condition to come":             {prototest.Object{"role_definition_name": "Owner", "scope": subscription, "condition": prototest.Unknown}, false},
		"at a resource group":                  {prototest.Object{"role_definition_name": "Owner"}, false},
		"Reader":                               {prototest.Object{"scope": subscription}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for setting, want := range map[string]string{"": "Warning", "warn": "Warning", "deny": "Error", "allow": ""} {
				if !c.said {
					want = ""
				}
				block := prototest.Object{}
				if setting != "" {
					block["privileged_roles"] = setting
				}
				p, principal := start(t, prototest.Configuration(block))
				_, diags := p.Resource(typeName).Plan(assignReader(principal).With(c.change))
				if want == "" && len(diags) > 0 || want != "" && (len(diags) != 1 || !strings.HasPrefix(diags.String(), want+": A privileged role")) {
					t.Errorf("privileged_roles = %q: %s", setting, diags)
				}
			}
		})
	}
}

func TestTheGuardSpeaksOfChangesOnly(t *testing.T) {
	t.Parallel()
	p, principal := start(t)
	r := p.Resource(typeName)
	owner := assignReader(principal).With(prototest.Object{"role_definition_name": "Owner", "scope": subscription})
	conditioned := owner.With(prototest.Object{"condition": "@Resource[a] StringEquals 'b'"})
	mustApply(t, r, conditioned)
	if _, diags := r.Plan(owner); len(diags) != 1 || !diags[0].Warning {
		t.Errorf("taking the condition away: %s", diags)
	}
	if diags := r.Apply(owner); diags.HasError() {
		t.Fatal(diags)
	}
	if plan, diags := r.Plan(owner.With(prototest.Object{"description": "of old"})); plan.Action != prototest.Update || len(diags) > 0 {
		t.Errorf("changing the description is to %s: %s", plan.Action, diags)
	}
}
