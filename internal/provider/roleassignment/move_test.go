// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package roleassignment_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
)

const azurerm = "registry.terraform.io/hashicorp/azurerm"

// byAzurerm is what azurerm has in state of an assignment of Reader at the group, with a random name as it draws them.
func byAzurerm(principal string) map[string]any {
	const name = "99999999-9999-4999-8999-999999999999"
	return map[string]any{
		"id":                               group + "/providers/Microsoft.Authorization/roleAssignments/" + name,
		"name":                             name,
		"scope":                            group,
		"role_definition_id":               subscription + definitions + reader,
		"role_definition_name":             "Reader",
		"principal_id":                     principal,
		"principal_type":                   "ServicePrincipal",
		"skip_service_principal_aad_check": nil,
		"description":                      "",
		"condition":                        "",
		"condition_version":                "",
		"timeouts":                         nil,

		"delegated_managed_identity_resource_id": "",
	}
}

func TestAMovedBlockTakesOverFromAzurerm(t *testing.T) {
	t.Parallel()
	p, principal := start(t)
	from := byAzurerm(principal)
	id, _ := from["id"].(string)
	p.Behind(http.MethodPut, id, `{"properties":{"roleDefinitionId":"`+definitions+reader+`","principalId":"`+principal+`","principalType":"ServicePrincipal"}}`)
	r := p.Resource(typeName)
	if diags := r.Move(azurerm, "azurerm_role_assignment", from); len(diags) > 0 {
		t.Fatal(diags)
	}
	if diags := r.Refresh(); len(diags) > 0 {
		t.Fatal(diags)
	}
	if identity := r.Identity(); identity["scope"] != group || identity["name"] != from["name"] {
		t.Errorf("the identity is %v", identity)
	}
	plan, diags := r.Plan(assignReader(principal))
	if plan.Action != prototest.NoOp || len(diags) > 0 {
		t.Errorf("the plan after the move is to %s because of %v %s", plan.Action, plan.RequiresReplace, diags)
	}
	if diags := r.Destroy(); len(diags) > 0 || len(assignments(p)) != 0 {
		t.Errorf("what was moved cannot be destroyed: %s", diags)
	}
}

func TestAMoveAcrossTenantsKeepsTheTenant(t *testing.T) {
	t.Parallel()
	p, principal := start(t)
	const tenant = "44444444-4444-4444-8444-444444444444"
	from := byAzurerm(principal)
	id, _ := from["id"].(string)
	from["id"] = id + "|" + tenant
	r := p.Resource(typeName)
	if diags := r.Move(azurerm, "azurerm_role_assignment", from); len(diags) > 0 || r.Get("id") != id || r.Get("tenant_id") != tenant {
		t.Errorf("the state is %v %s", r.State(), diags)
	}
}

func TestOnlyWhatIsUnderstoodIsMoved(t *testing.T) {
	t.Parallel()
	p, principal := start(t)
	broken := byAzurerm(principal)
	broken["id"] = group
	for _, c := range []struct {
		provider, typ string
		state         map[string]any
		want          string
	}{
		{"registry.terraform.io/hashicorp/azurestack", "azurerm_role_assignment", byAzurerm(principal), "Unable to Move Resource State"},
		{azurerm, "azurerm_role_definition", byAzurerm(principal), "Unable to Move Resource State"},
		{azurerm, "azurerm_role_assignment", broken, "roleAssignments"},
		{azurerm, "azurerm_role_assignment", map[string]any{"id": 1}, "not as azurerm writes it"},
	} {
		if diags := p.Resource(typeName).Move(c.provider, c.typ, c.state); !diags.HasError() || !strings.Contains(diags.String(), c.want) {
			t.Errorf("moving %s of %s: %s", c.typ, c.provider, diags)
		}
	}
}
