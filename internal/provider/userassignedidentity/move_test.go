// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package userassignedidentity_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
)

const azurerm = "registry.terraform.io/hashicorp/azurerm"

func TestAMovedBlockTakesOverFromAzurerm(t *testing.T) {
	t.Parallel()
	const id = "/subscriptions/" + mockarm.DefaultSubscriptionID + "/resourceGroups/DevTest/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-moved"
	for name, extra := range map[string]prototest.Object{
		"plain":             {},
		"with tags":         {"tags": prototest.Object{"by": "azurerm"}},
		"isolated":          {"isolation_scope": "Regional"},
		"spelled otherwise": {"resource_group_name": "devtest", "location": "West US"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := prototest.Start(t)
			made := p.Resource("azuremi_user_assigned_identity")
			config := prototest.Object{"name": "id-moved", "resource_group_name": "DevTest", "location": "westus"}.With(extra)
			if diags := made.Apply(config); len(diags) > 0 {
				t.Fatal(diags)
			}
			from := map[string]any{"isolation_scope": "", "tags": nil, "timeouts": nil, "id": id}
			for _, attribute := range []string{"client_id", "principal_id", "tenant_id"} {
				from[attribute] = made.Get(attribute)
			}
			maps.Copy(from, config)
			moved := p.Resource("azuremi_user_assigned_identity")
			if diags := moved.Move(azurerm, "azurerm_user_assigned_identity", from); len(diags) > 0 {
				t.Fatal(diags)
			}
			if plan, diags := moved.Plan(config); plan.Action != prototest.NoOp || len(diags) > 0 {
				t.Errorf("the plan after the move is to %s because of %v %s", plan.Action, plan.RequiresReplace, diags)
			}
			if diags := moved.Refresh(); len(diags) > 0 || moved.Identity()["name"] != "id-moved" {
				t.Errorf("%v %s", moved.Identity(), diags)
			}
			if plan, diags := moved.Plan(config); plan.Action != prototest.NoOp || len(diags) > 0 {
				t.Errorf("the plan after the refresh is to %s because of %v %s", plan.Action, plan.RequiresReplace, diags)
			}
		})
	}
}

func TestWhatIsNoIdentityIsNotMoved(t *testing.T) {
	t.Parallel()
	r := prototest.Start(t).Resource("azuremi_user_assigned_identity")
	for typ, want := range map[string]string{"azurerm_resource_group": "Unable to Move Resource State", "azurerm_user_assigned_identity": "userAssignedIdentities"} {
		diags := r.Move(azurerm, typ, map[string]any{"id": "/subscriptions/" + mockarm.DefaultSubscriptionID + "/resourceGroups/DevTest"})
		if !diags.HasError() || !strings.Contains(diags.String(), want) {
			t.Errorf("moving a %s: %s", typ, diags)
		}
	}
}
