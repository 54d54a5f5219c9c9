// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package userassignedidentity_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
)

func TestAnIdentityOfSomebodyElseIsRead(t *testing.T) {
	t.Parallel()
	p := prototest.Start(t, prototest.Seed(func(s *mockarm.Seed) {
		s.Identities = []mockarm.SeedIdentity{{ResourceGroup: "DevTest", Name: "id-reader", Tags: map[string]string{"team": "web"}}}
	}))
	identity := p.Mock.World().State().Identities[0]
	for name, config := range map[string]prototest.Object{
		"in the provider's subscription": {"name": "id-reader", "resource_group_name": "DevTest"},
		"in a subscription that is named": {
			"name": "id-reader", "resource_group_name": "DevTest", "subscription_id": mockarm.DefaultSubscriptionID,
		},
		"in any case": {"name": "ID-Reader", "resource_group_name": "devtest"},
	} {
		got, diags := p.Read("azuremi_user_assigned_identity", config)
		want := prototest.Object{
			"name": config["name"], "resource_group_name": config["resource_group_name"], "subscription_id": mockarm.DefaultSubscriptionID,
			"location": "westus", "isolation_scope": "None", "tags": prototest.Object{"team": "web"},
			"id": got["id"], "client_id": identity.ClientID, "principal_id": identity.PrincipalID, "tenant_id": mockarm.DefaultTenantID,
		}
		if id, _ := got["id"].(string); len(diags) > 0 || !strings.EqualFold(id, identity.ID) || !reflect.DeepEqual(got, want) {
			t.Errorf("%s it is %v, want %v: %s", name, got, want, diags)
		}
	}
}

func TestAnIdentityThatIsNotThereIsAnError(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]struct {
		env    map[string]string
		config prototest.Object
	}{
		"ResourceNotFound":      {config: prototest.Object{"name": "id-nobody", "resource_group_name": "DevTest"}},
		"ResourceGroupNotFound": {config: prototest.Object{"name": "id-nobody", "resource_group_name": "nowhere"}},
		"ARM_SUBSCRIPTION_ID":   {map[string]string{"ARM_SUBSCRIPTION_ID": ""}, prototest.Object{"name": "id-nobody", "resource_group_name": "DevTest"}},
	} {
		p := prototest.Start(t, prototest.Environment(c.env))
		if got, diags := p.Read("azuremi_user_assigned_identity", c.config); !diags.HasError() || !strings.Contains(diags.String(), want) {
			t.Errorf("%v %s lacks %s", got, diags, want)
		}
	}
}
