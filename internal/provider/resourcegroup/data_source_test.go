// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package resourcegroup_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
)

const (
	typeName   = "azuremi_resource_group"
	group      = "/subscriptions/" + mockarm.DefaultSubscriptionID + "/resourceGroups/DevTest"
	identities = group + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"
	machineID  = mockarm.DefaultMachineID
	reader     = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
)

// noLogin takes the provider's own credential away: whoever reads with a machine's identity needs none.
var noLogin = prototest.Environment(map[string]string{"ARM_CLIENT_ID": "", "ARM_CLIENT_SECRET": "", "ARM_TENANT_ID": "", "ARM_SUBSCRIPTION_ID": "", "ARM_USE_CLI": "false"})

func create(p *prototest.Provider, name string) (clientID, principalID string) {
	answer := p.Behind(http.MethodPut, identities+name, `{"location":"westus"}`)
	properties, _ := answer["properties"].(map[string]any)
	clientID, _ = properties["clientId"].(string)
	principalID, _ = properties["principalId"].(string)
	return clientID, principalID
}

func assign(p *prototest.Provider, name string) {
	p.Behind(http.MethodPatch, machineID, `{"identity":{"type":"UserAssigned","userAssignedIdentities":{"`+identities+name+`":{}}}}`)
}

func grant(p *prototest.Provider, principal, name string) {
	p.Behind(http.MethodPut, group+"/providers/Microsoft.Authorization/roleAssignments/"+name,
		`{"properties":{"roleDefinitionId":"`+reader+`","principalId":"`+principal+`","principalType":"ServicePrincipal"}}`)
}

const (
	grant1 = "00000000-0000-4000-8000-000000000001"
	grant2 = "00000000-0000-4000-8000-000000000002"
)

// This is the last step of the tutorial, with all that comes before it missing at first.
func TestTheTutorialStepByStep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := prototest.Start(t, noLogin)
		client, principal := create(p, "id-reader")
		config := prototest.Object{"name": "DevTest", "client_id": client}

		_, diags := p.Read(typeName, config)
		mention(t, "before the assignment", diags, "Identity not found", "azuremi_virtual_machine_identity_assignment", client)

		assign(p, "id-reader")
		_, diags = p.Read(typeName, config)
		mention(t, "before the grant", diags, "AuthorizationFailed", "Reader", "azuremi_role_assignment", client)

		grant(p, principal, grant1)
		read, diags := p.Read(typeName, config)
		if len(diags) > 0 {
			t.Fatal(diags)
		}
		for attribute, want := range map[string]string{
			"id": group, "name": "DevTest", "location": "westus", "provisioning_state": "Succeeded", "subscription_id": mockarm.DefaultSubscriptionID,
		} {
			if read[attribute] != want {
				t.Errorf("%s is %v, want %q", attribute, read[attribute], want)
			}
		}
		by, _ := read["read_by"].(prototest.Object)
		for attribute, want := range map[string]string{
			"client_id": client, "principal_id": principal, "tenant_id": mockarm.DefaultTenantID,
		} {
			if by[attribute] != want {
				t.Errorf("read_by.%s is %v, want %q", attribute, by[attribute], want)
			}
		}
		if id := by["identity_resource_id"]; id != identities+"id-reader" {
			t.Errorf("read_by.identity_resource_id is %q", id)
		}

		p.Behind(http.MethodPatch, machineID, `{"identity":{"type":"None"}}`)
		_, diags = p.Read(typeName, config)
		mention(t, "after the assignment is taken back", diags, "Identity not found")
	})
}

func mention(t *testing.T, when string, diags prototest.Diagnostics, wants ...string) {
	t.Helper()
	if !diags.HasError() {
		t.Errorf("%s the resource group is read", when)
	}
	for _, want := range wants {
		if !strings.Contains(diags.String(), want) {
			t.Errorf("%s the error lacks %q:\n%s", when, want, diags)
		}
	}
}

func TestEveryWayToChooseAnIdentity(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := prototest.Start(t, noLogin)
		client, principal := create(p, "id-reader")
		assign(p, "id-reader")
		grant(p, principal, grant1)
		read := func(choice prototest.Object) (string, prototest.Diagnostics) {
			got, diags := p.Read(typeName, prototest.Object{"name": "DevTest"}.With(choice))
			by, _ := got["read_by"].(prototest.Object)
			who, _ := by["client_id"].(string)
			return who, diags
		}
		for _, choice := range []prototest.Object{
			{"client_id": client}, {"principal_id": principal}, {"user_assigned_identity_id": identities + "id-reader"}, {},
		} {
			if who, diags := read(choice); len(diags) > 0 || who != client {
				t.Errorf("with %v: %q %s", choice, who, diags)
			}
		}

		// With two, one has to be chosen.
		create(p, "id-other")
		assign(p, "id-other")
		_, diags := read(nil)
		mention(t, "with two identities", diags, "client_id", "principal_id", "user_assigned_identity_id")

		// The machine's own is the default as soon as there is one.
		p.Behind(http.MethodPatch, machineID, `{"identity":{"type":"SystemAssigned, UserAssigned"}}`)
		own := p.Mock.World().State().VirtualMachines[0].SystemAssigned
		grant(p, own.PrincipalID, grant2)
		if who, diags := read(nil); len(diags) > 0 || who != own.ClientID {
			t.Errorf("with none chosen: %q %s", who, diags)
		}
		if _, diags := read(prototest.Object{"client_id": client, "principal_id": principal}); !diags.HasError() {
			t.Error("two choices were taken")
		}
	})
}

func TestWaitForAccessOutlastsTheDelays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := prototest.Start(t, noLogin)
		client, principal := create(p, "id-reader")
		go func() {
			<-time.After(time.Minute)
			assign(p, "id-reader")
			<-time.After(3 * time.Minute)
			grant(p, principal, grant1)
		}()
		began := time.Now()
		config := prototest.Object{"name": "DevTest", "client_id": client, "wait_for_access": true}
		if _, diags := p.Read(typeName, config); len(diags) > 0 {
			t.Fatal(diags)
		}
		if took := time.Since(began); took < 4*time.Minute || took > 5*time.Minute {
			t.Errorf("it took %v", took)
		}
	})
}

func TestWaitForAccessEndsWithItsTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := prototest.Start(t, noLogin)
		client, _ := create(p, "id-reader")
		began := time.Now()
		_, diags := p.Read(typeName, prototest.Object{
			"name": "DevTest", "client_id": client, "wait_for_access": true, "timeouts": prototest.Object{"read": "90s"},
		})
		mention(t, "after the timeout", diags, "Identity not found")
		if took := time.Since(began); took > 100*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

func TestTheSubscription(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := prototest.Start(t)
		client, principal := create(p, "id-reader")
		assign(p, "id-reader")
		grant(p, principal, grant1)
		const elsewhere = "66666666-6666-4666-8666-666666666666"
		config := prototest.Object{"name": "DevTest", "client_id": client}
		for name, c := range map[string]struct {
			provider string
			config   prototest.Object
			want     string // of the error; "" for none
		}{
			"the machine's own":     {"", nil, ""},
			"the provider's":        {elsewhere, nil, elsewhere},
			"the configuration's":   {elsewhere, prototest.Object{"subscription_id": mockarm.DefaultSubscriptionID}, ""},
			"one that is not there": {"", prototest.Object{"subscription_id": elsewhere}, elsewhere},
		} {
			here := prototest.Start(t, prototest.With(p.Mock), prototest.Environment(map[string]string{"ARM_SUBSCRIPTION_ID": c.provider}))
			_, diags := here.Read(typeName, config.With(c.config))
			if (c.want == "") != (len(diags) == 0) || !strings.Contains(diags.String(), c.want) {
				t.Errorf("%s: %s", name, diags)
			}
		}
	})
}

func TestWhatIsNotThere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := prototest.Start(t, noLogin)
		_, principal := create(p, "id-reader")
		assign(p, "id-reader")
		p.Behind(http.MethodPut, "/subscriptions/"+mockarm.DefaultSubscriptionID+"/providers/Microsoft.Authorization/roleAssignments/"+grant1,
			`{"properties":{"roleDefinitionId":"`+reader+`","principalId":"`+principal+`","principalType":"ServicePrincipal"}}`)
		_, diags := p.Read(typeName, prototest.Object{"name": "Nowhere"})
		mention(t, "without the group", diags, "ResourceGroupNotFound", "'Nowhere'")
	})
}
