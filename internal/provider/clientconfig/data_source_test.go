// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package clientconfig_test

import (
	"encoding/base64"
	"reflect"
	"strings"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
)

const (
	typeName    = "azuremi_client_config"
	readerAppID = "aaaaaaaa-0000-4000-8000-000000000001"
	readerOID   = "aaaaaaaa-0000-4000-8000-000000000002"
	readerID    = "/subscriptions/" + mockarm.DefaultSubscriptionID + "/resourceGroups/DevTest/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-reader"
)

// asTheMachine logs in with a managed identity of the machine, and names no subscription.
var asTheMachine = map[string]string{"ARM_CLIENT_SECRET": "", "ARM_CLIENT_ID": "", "ARM_TENANT_ID": "", "ARM_SUBSCRIPTION_ID": "", "ARM_USE_MSI": "true"}

func world(s *mockarm.Seed) {
	s.Identities = []mockarm.SeedIdentity{{ResourceGroup: "DevTest", Name: "id-reader", ClientID: readerAppID, PrincipalID: readerOID}}
	s.VirtualMachines[0].SystemAssigned = true
	s.VirtualMachines[0].UserAssignedIdentities = []string{readerID}
}

func TestWhoIsLoggedIn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env    map[string]string
		config prototest.Object
		want   func(*mockarm.Server) prototest.Object
	}{
		"a service principal": {want: func(*mockarm.Server) prototest.Object {
			return prototest.Object{"client_id": mockarm.DefaultOperatorAppID, "object_id": mockarm.DefaultOperatorID, "subscription_id": mockarm.DefaultSubscriptionID}
		}},
		"the machine's own identity": {env: asTheMachine, want: func(s *mockarm.Server) prototest.Object {
			own := s.World().State().VirtualMachines[0].SystemAssigned
			return prototest.Object{"client_id": own.ClientID, "object_id": own.PrincipalID, "identity_resource_id": mockarm.DefaultMachineID}
		}},
		"a user-assigned identity": {env: asTheMachine, config: prototest.Object{"client_id": readerAppID}, want: func(*mockarm.Server) prototest.Object {
			return prototest.Object{"client_id": readerAppID, "object_id": readerOID, "identity_resource_id": readerID}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := prototest.Start(t, prototest.Seed(world), prototest.Environment(c.env), prototest.Configuration(c.config))
			got, diags := p.Read(typeName, prototest.Object{})
			if len(diags) > 0 {
				t.Fatal(diags)
			}
			want := c.want(p.Mock).With(prototest.Object{"tenant_id": mockarm.DefaultTenantID, "principal_type": "ServicePrincipal", "id": got["id"]})
			if !reflect.DeepEqual(got, want) {
				t.Errorf("it is %v, want %v", got, want)
			}
			for _, r := range p.Mock.Requests() {
				if r.Kind == mockarm.ARMRequest {
					t.Errorf("ARM was asked %s %s", r.Method, r.Path)
				}
			}
		})
	}
}

func TestTheIDIsAzurerms(t *testing.T) {
	t.Parallel()
	got, _ := prototest.Start(t).Read(typeName, prototest.Object{})
	id, _ := got["id"].(string)
	text, err := base64.StdEncoding.DecodeString(id)
	want := "clientConfigs/clientId=" + mockarm.DefaultOperatorAppID + ";objectId=" + mockarm.DefaultOperatorID +
		";subscriptionId=" + mockarm.DefaultSubscriptionID + ";tenantId=" + mockarm.DefaultTenantID
	if err != nil || string(text) != want {
		t.Errorf("the ID is %s %v, want %s", text, err, want)
	}
}

func TestWithoutALoginNobodyKnows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env  map[string]string
		want string
	}{
		"nothing to log in with": {map[string]string{"ARM_CLIENT_SECRET": "", "ARM_USE_CLI": "false"}, "There is no way to log in to Azure"},
		"a wrong secret":         {map[string]string{"ARM_CLIENT_SECRET": "not-the-right-one"}, "AADSTS7000215"},
	} {
		got, diags := prototest.Start(t, prototest.Environment(c.env)).Read(typeName, prototest.Object{})
		if !diags.HasError() || !strings.Contains(diags.String(), c.want) || strings.Contains(diags.String(), "not-the-right-one") {
			t.Errorf("%s: %v %s", name, got, diags)
		}
	}
}
