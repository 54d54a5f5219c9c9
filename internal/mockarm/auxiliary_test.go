// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

const (
	otherTenantID       = "99999999-1111-4111-8111-111111111111"
	otherSubscriptionID = "99999999-2222-4222-8222-222222222222"
	otherOperatorID     = "99999999-4444-4444-8444-444444444444"
	otherIdentity       = "/subscriptions/" + otherSubscriptionID + "/resourceGroups/Shared/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-shared"
)

// twoTenants is the default world and another tenant with an identity, where the operator's application is known, too.
func twoTenants(t *testing.T) *azure {
	t.Helper()
	seed := DefaultSeed()
	seed.Tenants = append(seed.Tenants, SeedTenant{ID: otherTenantID, DisplayName: "Other"})
	seed.Subscriptions[0].Tenant, seed.Principals[0].Tenant = DefaultTenantID, DefaultTenantID
	seed.ResourceGroups[0].Subscription, seed.VirtualMachines[0].Subscription = DefaultSubscriptionID, DefaultSubscriptionID
	seed.Subscriptions = append(seed.Subscriptions, SeedSubscription{ID: otherSubscriptionID, Tenant: otherTenantID})
	seed.Principals = append(seed.Principals, SeedPrincipal{
		ObjectID: otherOperatorID, AppID: DefaultOperatorAppID, Tenant: otherTenantID, DisplayName: "operator", Secret: "mock-operator-secret",
	})
	seed.ResourceGroups = append(seed.ResourceGroups, SeedResourceGroup{Subscription: otherSubscriptionID, Name: "Shared", Location: "westus"})
	seed.Identities = []SeedIdentity{{Subscription: otherSubscriptionID, ResourceGroup: "Shared", Name: "id-shared"}}
	clock := &Clock{}
	world, err := NewWorld(seed, clock)
	if err != nil {
		t.Fatal(err)
	}
	return &azure{Server: NewServer(world), clock: clock}
}

func TestAnIdentityOfAnotherTenantTakesATokenOfIt(t *testing.T) {
	t.Parallel()
	a := twoTenants(t)
	s, other := a.operator(t), a.session(t, otherOperatorID)
	attach := `{"identity":{"type":"UserAssigned","userAssignedIdentities":{"` + otherIdentity + `":{}}}}`
	refused := s.refused(http.StatusForbidden, "LinkedAuthorizationFailed", http.MethodPatch, DefaultMachineID, attach)
	if want := "the current tenant '" + DefaultTenantID + "' is not authorized to access linked subscription '" + otherSubscriptionID + "'"; !strings.Contains(refused.text, want) {
		t.Errorf("without a token of the tenant: %s", refused.text)
	}
	refused = s.refused(http.StatusForbidden, "LinkedAuthorizationFailed", http.MethodPatch, DefaultMachineID, attach, auxiliaryHeader, "Bearer "+other.token)
	if !strings.Contains(refused.text, otherIdentity) {
		t.Errorf("without the right on the identity: %s", refused.text)
	}
	a.world.mu.Lock()
	a.world.grant(t, otherOperatorID, "Managed Identity Operator", "/subscriptions/"+otherSubscriptionID)
	a.world.mu.Unlock()
	s.must(http.StatusOK, http.MethodPatch, DefaultMachineID, attach, auxiliaryHeader, "Bearer "+s.token+", Bearer "+other.token)
	s.must(http.StatusOK, http.MethodGet, testGroup, "", auxiliaryHeader, "Bearer "+other.token)
}

func TestAllAuxiliaryTokensAreValid(t *testing.T) {
	t.Parallel()
	a := twoTenants(t)
	s, other := a.operator(t), a.session(t, otherOperatorID)
	a.world.mu.Lock()
	principal := a.world.principals[otherOperatorID]
	graph, err := a.world.issue(principal, "https://graph.microsoft.com", time.Hour, bySecret, "")
	expired, err2 := a.world.issue(principal, "https://management.azure.com", -time.Hour, bySecret, "")
	a.world.mu.Unlock()
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	good := "Bearer " + other.token
	for header, want := range map[string]string{
		"Bearer " + expired:                  "application '" + DefaultOperatorAppID + "' with tenant id '" + otherTenantID + "'",
		good + ", Bearer " + graph:           "wrong audience",
		good + ", Bearer nonsense":           "The access token is invalid",
		good + ", EncryptedBearer x":         "invalid format",
		strings.Repeat(good+",", 4):          "At most 3 are allowed",
		good[:len(good)-4] + "AAAA, " + good: "The access token is invalid",
	} {
		refused := s.refused(http.StatusUnauthorized, "InvalidAuxiliaryTokens", http.MethodGet, testGroup, "", auxiliaryHeader, header)
		if !strings.Contains(refused.text, want) {
			t.Errorf("want %q: %s", want, refused.text)
		}
	}
	s.must(http.StatusOK, http.MethodGet, testGroup, "", auxiliaryHeader, strings.Repeat(good+", ", 3))
}
