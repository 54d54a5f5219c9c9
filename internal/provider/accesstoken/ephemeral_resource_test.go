// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package accesstoken_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
)

const (
	typeName  = "azuremi_access_token"
	readerID  = "/subscriptions/" + mockarm.DefaultSubscriptionID + "/resourceGroups/DevTest/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-reader"
	clientID  = "aaaaaaaa-0000-4000-8000-000000000001"
	principal = "aaaaaaaa-0000-4000-8000-000000000002"
	assign    = `{"identity":{"type":"UserAssigned","userAssignedIdentities":{"` + readerID + `":{}}}}`
)

// onTheMachine takes the provider's own credential away: whoever acts as a machine's identity needs none.
var onTheMachine = prototest.Environment(map[string]string{
	"ARM_CLIENT_ID": "", "ARM_CLIENT_SECRET": "", "ARM_TENANT_ID": "", "ARM_SUBSCRIPTION_ID": "", "ARM_USE_CLI": "false",
})

// unassigned has an identity that no machine carries.
var unassigned = prototest.Seed(func(s *mockarm.Seed) {
	s.Identities = []mockarm.SeedIdentity{{ResourceGroup: "DevTest", Name: "id-reader", ClientID: clientID, PrincipalID: principal}}
})

var assigned = prototest.Seed(func(s *mockarm.Seed) {
	s.Identities = []mockarm.SeedIdentity{{ResourceGroup: "DevTest", Name: "id-reader", ClientID: clientID, PrincipalID: principal}}
	s.VirtualMachines[0].UserAssignedIdentities = []string{readerID}
})

// open opens the resource, which must succeed, and returns its token's claims beside it.
func open(t *testing.T, p *prototest.Provider, config prototest.Object) (*prototest.Ephemeral, jwt.MapClaims) {
	t.Helper()
	opened, diags := p.Open(typeName, config)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	token, _ := opened.Result["access_token"].(string)
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(token, claims); err != nil {
		t.Fatal(err)
	}
	return opened, claims
}

func TestATokenIsForItsAudience(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := prototest.Start(t, onTheMachine, assigned)
		for audience, want := range map[string]string{
			"":                                    "https://management.azure.com",
			"https://vault.azure.net":             "https://vault.azure.net",
			"https://vault.azure.net/":            "https://vault.azure.net/",
			"https://vault.azure.net/.default":    "https://vault.azure.net",
			"https://storage.azure.com//.default": "https://storage.azure.com/", // as scopes have it whose resource ends in a slash
		} {
			config := prototest.Object{}
			if audience != "" {
				config["audience"] = audience
			}
			opened, claims := open(t, p, config)
			if claims["aud"] != want || claims["oid"] != principal {
				t.Errorf("%q: the token is for %v, of %v", audience, claims["aud"], claims["oid"])
			}
			if audience == "" && opened.Result["audience"] != want {
				t.Errorf("the audience is %v", opened.Result["audience"])
			}
		}
	})
}

func TestATokenTellsItsHolderAndItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := prototest.Start(t, onTheMachine, assigned)
		opened, claims := open(t, p, prototest.Object{})
		holder, _ := opened.Result["issued_to"].(prototest.Object)
		for name, want := range map[string]string{
			"client_id": clientID, "principal_id": principal, "tenant_id": mockarm.DefaultTenantID, "identity_resource_id": readerID,
		} {
			if holder[name] != want {
				t.Errorf("issued_to.%s is %v, want %s", name, holder[name], want)
			}
		}
		ends, err := claims.GetExpirationTime()
		if err != nil || opened.Result["expires_on"] != ends.UTC().Format(time.RFC3339) || !opened.RenewAt.Equal(ends.Add(-5*time.Minute)) {
			t.Errorf("it ends on %v, is renewed on %s, and its claims say %s, %v", opened.Result["expires_on"], opened.RenewAt, ends, err)
		}

		// Terraform takes no other token when it renews this one.
		before := len(p.Mock.Requests())
		text := opened.Renew().String()
		for _, want := range []string{"Warning: An access token is about to end", ends.UTC().Format(time.RFC3339), "-target"} {
			if !strings.Contains(text, want) {
				t.Errorf("%q is not in %s", want, text)
			}
		}
		if strings.Contains(text, "Error") || strings.Contains(text, "eyJ") || !opened.RenewAt.IsZero() || len(p.Mock.Requests()) != before {
			t.Errorf("it is renewed again on %s: %s", opened.RenewAt, text)
		}
	})
}

func TestEveryWayToChooseTheIdentity(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := prototest.Start(t, onTheMachine, assigned, prototest.Seed(func(s *mockarm.Seed) { s.VirtualMachines[0].SystemAssigned = true }))
		for _, choice := range []prototest.Object{{"client_id": clientID}, {"principal_id": principal}, {"user_assigned_identity_id": readerID}} {
			if _, claims := open(t, p, choice); claims["oid"] != principal {
				t.Errorf("%v chooses %v", choice, claims["oid"])
			}
		}
		if _, claims := open(t, p, prototest.Object{}); claims["xms_mirid"] != mockarm.DefaultMachineID {
			t.Errorf("by default it is %v", claims["xms_mirid"])
		}
	})
}

func TestEachOpeningAsksAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := prototest.Start(t, onTheMachine, assigned)
		first, _ := open(t, p, prototest.Object{})
		second, _ := open(t, p, prototest.Object{})
		if first.Result["access_token"] == second.Result["access_token"] {
			t.Error("the second is the first")
		}
		p.Behind(http.MethodPatch, mockarm.DefaultMachineID, `{"identity":{"type":"None"}}`)
		if _, diags := p.Open(typeName, prototest.Object{}); !strings.Contains(diags.String(), "Identity not found") {
			t.Errorf("after the identity is taken off: %s", diags)
		}
	})
}

func TestAnIdentityIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := prototest.Start(t, onTheMachine, unassigned)
		p.Mock.World().Configure(func(s *mockarm.Settings) { s.AttachLag = 90 * time.Second })
		config := prototest.Object{"client_id": clientID}
		_, diags := p.Open(typeName, config)
		for _, want := range []string{"Cannot get an access token", clientID, "azuremi_virtual_machine_identity_assignment", "wait_for_identity"} {
			if !strings.Contains(diags.String(), want) {
				t.Errorf("%q is not in %s", want, diags)
			}
		}
		p.Behind(http.MethodPatch, mockarm.DefaultMachineID, assign)
		if _, diags := p.Open(typeName, config); !diags.HasError() {
			t.Error("it is not waited for, and there is a token all the same")
		}

		began := time.Now()
		impatient := config.With(prototest.Object{"wait_for_identity": true, "timeouts": prototest.Object{"open": "30s"}})
		if _, diags := p.Open(typeName, impatient); !strings.Contains(diags.String(), "Waited for 30s for the identity to reach the machine") || time.Since(began) != 30*time.Second {
			t.Errorf("after %s: %s", time.Since(began), diags)
		}
		if _, claims := open(t, p, config.With(prototest.Object{"wait_for_identity": true})); claims["oid"] != principal {
			t.Errorf("waited for %v", claims["oid"])
		}
	})
}

func TestWhatTheConfigurationMayNotSay(t *testing.T) {
	t.Parallel()
	p := prototest.Start(t, onTheMachine, assigned)
	for name, c := range map[string]struct {
		config prototest.Object
		want   string
	}{
		"two identities":    {prototest.Object{"client_id": clientID, "principal_id": principal}, "cannot be configured together"},
		"no GUID":           {prototest.Object{"client_id": "reader"}, "client_id is not a GUID"},
		"no identity":       {prototest.Object{"user_assigned_identity_id": mockarm.DefaultMachineID}, "user_assigned_identity_id is not the resource ID of a user-assigned identity"},
		"a name":            {prototest.Object{"audience": "vault"}, "audience is not the audience of a token"},
		"a path":            {prototest.Object{"audience": "/.default"}, "audience is not"},
		"a query":           {prototest.Object{"audience": "https://vault.azure.net?client_id=x"}, "audience is not"},
		"a blank":           {prototest.Object{"audience": "https://vault.azure.net /.default"}, "audience is not"},
		"no duration":       {prototest.Object{"timeouts": prototest.Object{"open": "soon"}}, "timeouts.open"},
		"a foreign service": {prototest.Object{"audience": "https://x.example"}, "Check the audience"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, diags := p.Open(typeName, c.config)
			if text := strings.ReplaceAll(diags.String(), `AttributeName("timeouts").AttributeName("open")`, "timeouts.open"); !diags.HasError() || !strings.Contains(text, c.want) {
				t.Errorf("%q is not in %s", c.want, text)
			}
		})
	}
}

func TestUnknownProviderConfigurationIsNamed(t *testing.T) {
	t.Parallel()
	p := prototest.Start(t, prototest.Configuration(prototest.Object{"msi_endpoint": prototest.Unknown}))
	if _, diags := p.Open(typeName, prototest.Object{}); !strings.Contains(diags.String(), "msi_endpoint") {
		t.Error(diags)
	}
}
