// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"net/http"
	"strings"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

const (
	otherTenant       = "99999999-1111-4111-8111-111111111111"
	otherSubscription = "99999999-2222-4222-8222-222222222222"
	otherOperator     = "99999999-4444-4444-8444-444444444444"
)

var shared = armid.UserAssignedIdentity(otherSubscription, "Shared", "id-shared")

// neighbours is a world with another tenant, where the operator's application has a principal and an identity lives.
func neighbours(s *mockarm.Seed) {
	s.Tenants = append(s.Tenants, mockarm.SeedTenant{ID: otherTenant})
	s.Subscriptions[0].Tenant, s.Principals[0].Tenant = mockarm.DefaultTenantID, mockarm.DefaultTenantID
	s.ResourceGroups[0].Subscription, s.VirtualMachines[0].Subscription = mockarm.DefaultSubscriptionID, mockarm.DefaultSubscriptionID
	s.Subscriptions = append(s.Subscriptions, mockarm.SeedSubscription{ID: otherSubscription, Tenant: otherTenant})
	s.Principals = append(s.Principals, mockarm.SeedPrincipal{
		ObjectID: otherOperator, AppID: mockarm.DefaultOperatorAppID, Tenant: otherTenant, DisplayName: "operator", Secret: operatorKey,
	})
	s.ResourceGroups = append(s.ResourceGroups, mockarm.SeedResourceGroup{Subscription: otherSubscription, Name: "Shared", Location: "westus"})
	s.Identities = []mockarm.SeedIdentity{{Subscription: otherSubscription, ResourceGroup: "Shared", Name: "id-shared"}}
}

func operatorThere(role string) func(*mockarm.Seed) {
	return func(s *mockarm.Seed) {
		s.RoleAssignments = append(s.RoleAssignments, mockarm.SeedRoleAssignment{Role: role, Principal: otherOperator, Scope: "/subscriptions/" + otherSubscription})
	}
}

func TestAnIdentityOfAnotherTenantIsAssigned(t *testing.T) {
	t.Parallel()
	_, cfg := newMock(t, neighbours, operatorThere("Managed Identity Operator"))
	cfg.Credential.AuxiliaryTenants = []string{otherTenant}
	w := tap(&cfg, nil)
	c := newClient(t, cfg)
	if _, err := c.AssignIdentity(t.Context(), parse(t, mockarm.DefaultMachineID), shared); err != nil {
		t.Fatal(Describe(err))
	}
	if n := w.count(isTokenRequest); n != 2 {
		t.Errorf("%d tokens were asked for, one for each tenant", n)
	}
	if n := w.count(func(r *http.Request) bool {
		return r.Header.Get("X-Ms-Authorization-Auxiliary") != "" && r.Header.Get("Authorization") == ""
	}); n > 0 {
		t.Error("tokens of other tenants went to somebody else than ARM")
	}
}

func TestWhatIsMissingForAnIdentityOfAnotherTenantIsSaid(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tenants []string
		role    string
		want    string
	}{
		"no token of the tenant": {nil, "Managed Identity Operator", "Name that tenant in auxiliary_tenant_ids (ARM_AUXILIARY_TENANT_IDS)"},
		"no right there":         {[]string{otherTenant}, "Reader", "Managed Identity Operator on the identity"},
		"not known there":        {[]string{"99999999-1111-4111-8111-222222222222"}, "Reader", "AADSTS90002"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, cfg := newMock(t, neighbours, operatorThere(c.role))
			cfg.Credential.AuxiliaryTenants = c.tenants
			_, err := newClient(t, cfg).AssignIdentity(t.Context(), parse(t, mockarm.DefaultMachineID), shared)
			if text := Describe(err); !strings.Contains(text, c.want) {
				t.Errorf("want %q:\n%s", c.want, text)
			}
		})
	}
}

// A managed identity reads with its own token alone, whatever the provider's login brings.
func TestOnlyTheProvidersOwnLoginBringsTokensOfOtherTenants(t *testing.T) {
	t.Parallel()
	_, cfg := newMock(t, func(s *mockarm.Seed) {
		s.VirtualMachines[0].SystemAssigned = true
		s.RoleAssignments = append(s.RoleAssignments, mockarm.SeedRoleAssignment{Role: "Reader", Principal: mockarm.DefaultMachineID, Scope: devTest.String()})
	})
	cfg.Credential.AuxiliaryTenants = []string{otherTenant}
	w := tap(&cfg, nil)
	if _, _, err := newIdentityClient(t, newClient(t, cfg), IdentitySelector{}).ResourceGroup(t.Context(), devTest); err != nil {
		t.Fatal(err)
	}
	if n := w.count(func(r *http.Request) bool { return r.Header.Get("X-Ms-Authorization-Auxiliary") != "" }); n > 0 {
		t.Errorf("%d requests brought them", n)
	}
}
