// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package roledefinition_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
)

const (
	typeName     = "azuremi_role_definition"
	subscription = "/subscriptions/" + mockarm.DefaultSubscriptionID
	definitions  = "/providers/Microsoft.Authorization/roleDefinitions/"
	reader       = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
)

func TestARoleIsRead(t *testing.T) {
	t.Parallel()
	p := prototest.Start(t)
	for name, config := range map[string]prototest.Object{
		"by name":             {"name": "Reader"},
		"by name in any case": {"name": "rEADER"},
		"by ID":               {"role_definition_id": reader},
		"by ID in any case":   {"role_definition_id": strings.ToUpper(reader)},
		"at a resource group": {"name": "Reader", "scope": subscription + "/resourceGroups/DevTest"},
	} {
		state, diags := p.Read(typeName, config)
		if len(diags) > 0 {
			t.Errorf("%s: %s", name, diags)
			continue
		}
		if state["id"] != subscription+definitions+reader || state["type"] != "BuiltInRole" || !reflect.DeepEqual(state["assignable_scopes"], []any{"/"}) {
			t.Errorf("%s: %v", name, state)
		}
		want := []any{prototest.Object{"actions": []any{"*/read"}, "not_actions": []any{}, "data_actions": []any{}, "not_data_actions": []any{}}}
		if !reflect.DeepEqual(state["permissions"], want) {
			t.Errorf("%s the role allows %v", name, state["permissions"])
		}
		for attribute, spelling := range config {
			if state[attribute] != spelling {
				t.Errorf("%s: %s became %v", name, attribute, state[attribute])
			}
		}
	}
}

func TestInTheTenantARoleHasTheTenantsID(t *testing.T) {
	t.Parallel()
	p := prototest.Start(t, prototest.Environment(map[string]string{"ARM_SUBSCRIPTION_ID": ""}))
	state, diags := p.Read(typeName, prototest.Object{"name": "Reader"})
	if len(diags) > 0 || state["id"] != definitions+reader {
		t.Errorf("%v %s", state, diags)
	}
}

func TestARoleThatIsNotThereIsAnError(t *testing.T) {
	t.Parallel()
	p := prototest.Start(t)
	for _, c := range []struct {
		config prototest.Object
		want   string
	}{
		{prototest.Object{"name": "Raeder"}, `"Reader"`},
		{prototest.Object{"role_definition_id": "77777777-7777-4777-8777-777777777777"}, "There is no role with the GUID"},
		{prototest.Object{}, "role_definition_id"},
		{prototest.Object{"name": "Reader", "role_definition_id": reader}, "role_definition_id"},
		{prototest.Object{"name": "Reader", "scope": "DevTest"}, `AttributeName("scope")`},
	} {
		if _, diags := p.Read(typeName, c.config); !diags.HasError() || !strings.Contains(diags.String(), c.want) {
			t.Errorf("with %v: %s", c.config, diags)
		}
	}
}
