// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

var writer = armid.UserAssignedIdentity(mockarm.DefaultSubscriptionID, "DevTest", "id-writer")

// carrying seeds two identities, of which the machine carries those that are named.
func carrying(ids ...armid.ID) func(*mockarm.Seed) {
	return func(s *mockarm.Seed) {
		s.Identities = []mockarm.SeedIdentity{{ResourceGroup: "DevTest", Name: "id-reader"}, {ResourceGroup: "DevTest", Name: "id-writer"}}
		for _, id := range ids {
			s.VirtualMachines[0].UserAssignedIdentities = append(s.VirtualMachines[0].UserAssignedIdentities, id.String())
		}
	}
}

func granted(to armid.ID) func(*mockarm.Seed) {
	return func(s *mockarm.Seed) {
		s.RoleAssignments = append(s.RoleAssignments, mockarm.SeedRoleAssignment{Role: "Reader", Principal: to.String(), Scope: devTest.String()})
	}
}

func TestAnIdentityIsChosenByAnyOfItsNames(t *testing.T) {
	t.Parallel()
	server, cfg := newMock(t, carrying(reader, writer))
	cfg.Credential = CredentialOptions{} // reading as a machine takes no login
	c := newClient(t, cfg)
	for _, stored := range server.World().State().Identities {
		id := parse(t, stored.ID)
		for _, selector := range []IdentitySelector{{ClientID: stored.ClientID}, {PrincipalID: stored.PrincipalID}, {ResourceID: id}} {
			got, err := newIdentityClient(t, c, selector).Identity(t.Context())
			if err != nil || got.ClientID != stored.ClientID || got.PrincipalID != stored.PrincipalID || got.TenantID != stored.TenantID || !parse(t, got.ResourceID).Equal(id) {
				t.Errorf("%+v is %+v, %v; want %+v", selector, got, err, stored)
			}
		}
	}
	if _, err := c.ManagedIdentity(IdentitySelector{ClientID: "a", ResourceID: reader}); err == nil {
		t.Error("an identity was chosen in two ways at once")
	}
}

func TestTheMachinesDefaultIdentity(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		seed func(*mockarm.Seed)
		want string // resource ID
	}{
		"the system-assigned one": {func(s *mockarm.Seed) { carrying(reader, writer)(s); s.VirtualMachines[0].SystemAssigned = true }, mockarm.DefaultMachineID},
		"the only other one":      {carrying(writer), writer.String()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, cfg := newMock(t, c.seed)
			got, err := newIdentityClient(t, newClient(t, cfg), IdentitySelector{}).Identity(t.Context())
			if err != nil || !parse(t, got.ResourceID).Equal(parse(t, c.want)) {
				t.Errorf("it is %+v, %v", got, err)
			}
		})
	}
}

func TestRefusalsOfIMDSSayWhatToDo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		seed     func(*mockarm.Seed)
		selector IdentitySelector
		is       func(error) bool
		says     []string
	}{
		"not on this machine": {
			carrying(reader),
			IdentitySelector{ResourceID: writer},
			is[*IdentityUnavailableError],
			[]string{writer.String(), "azuremi_virtual_machine_identity_assignment", "moment"},
		},
		"unknown client ID": {
			carrying(reader),
			IdentitySelector{ClientID: principal},
			is[*IdentityUnavailableError],
			[]string{"client ID " + principal, "azuremi_virtual_machine_identity_assignment"},
		},
		"none at all": {
			carrying(),
			IdentitySelector{},
			is[*IdentityUnavailableError],
			[]string{"has no managed identity", "Identity not found"},
		},
		"several": {
			carrying(reader, writer),
			IdentitySelector{},
			is[*SeveralIdentitiesError],
			[]string{"client_id", "principal_id", "user_assigned_identity_id", "az vm identity show --ids " + mockarm.DefaultMachineID},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, cfg := newMock(t, c.seed)
			_, err := newIdentityClient(t, newClient(t, cfg), c.selector).Identity(t.Context())
			if !c.is(err) {
				t.Errorf("error %v", err)
			}
			for _, want := range c.says {
				if !strings.Contains(Describe(err), want) {
					t.Errorf("%q is not in the text:\n%s", want, Describe(err))
				}
			}
		})
	}
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func TestConcurrentUseOfAnIdentityTakesOneToken(t *testing.T) {
	t.Parallel()
	server, cfg := newMock(t, carrying(reader), granted(reader))
	m := newIdentityClient(t, newClient(t, cfg), IdentitySelector{ResourceID: reader})
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			if _, _, err := m.ResourceGroup(t.Context(), devTest); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := tokensOfIMDS(server); n != 1 {
		t.Errorf("IMDS was asked %d times", n)
	}
}

// TestTokensStayInTheirAzure has two clients in one process, each with an Azure of its own, choose the identity of one
// name. The library underneath would give the second one the first one's token.
func TestTokensStayInTheirAzure(t *testing.T) {
	t.Parallel()
	var who [2]TokenIdentity
	for i := range who {
		client := "aaaaaaaa-0000-4000-8000-00000000000" + string(rune('0'+i))
		server, cfg := newMock(t, func(s *mockarm.Seed) {
			carrying(reader)(s)
			s.Identities[0].ClientID = client
		})
		var err error
		if who[i], err = newIdentityClient(t, newClient(t, cfg), IdentitySelector{ResourceID: reader}).Identity(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := tokensOfIMDS(server); who[i].ClientID != client || n != 1 {
			t.Errorf("in Azure %d the identity is %+v after %d requests", i, who[i], n)
		}
	}
}

// TestAnIdentityThatWasMadeAnewIsNotItsPredecessor deletes an identity, makes it again under its name, and attaches it
// again; whoever asks then must not see the old one.
func TestAnIdentityThatWasMadeAnewIsNotItsPredecessor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		server, cfg := newMock(t, carrying(reader))
		c := newClient(t, cfg)
		machine := parse(t, mockarm.DefaultMachineID)
		before, err := newIdentityClient(t, c, IdentitySelector{ResourceID: reader}).Identity(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.DeleteIdentity(ctx, reader); err != nil {
			t.Fatal(err)
		}
		if _, err := c.CreateIdentity(ctx, reader, armmsi.Identity{Location: new("westus")}); err != nil {
			t.Fatal(err)
		}
		// The machine still carries the old one.
		if _, err := newIdentityClient(t, c, IdentitySelector{ResourceID: reader}).Identity(ctx); !is[*IdentityUnavailableError](err) {
			t.Errorf("a dead attachment gave %v", err)
		}
		if err := c.UnassignIdentity(ctx, machine, reader); err != nil {
			t.Fatal(err)
		}
		if _, err := c.AssignIdentity(ctx, machine, reader); err != nil {
			t.Fatal(err)
		}
		after, err := newIdentityClient(t, c, IdentitySelector{ResourceID: reader}).Identity(ctx)
		for _, stored := range server.World().State().Identities {
			if parse(t, stored.ID).Equal(reader) && (stored.PrincipalID != after.PrincipalID || stored.PrincipalID == before.PrincipalID) {
				t.Errorf("it is %+v, %v; want %s, not %s", after, err, stored.PrincipalID, before.PrincipalID)
			}
		}
	})
}

func TestATokenThatIsNoJSONWebTokenIsNotQuoted(t *testing.T) {
	t.Parallel()
	_, cfg := newMock(t)
	const opaque = "opaque-token-of-a-cloud-shell"
	cfg.IMDSTransport = roundTripper(func(r *http.Request) (*http.Response, error) {
		return answer(r, http.StatusOK, nil, `{"access_token":"`+opaque+`","expires_in":"3600","expires_on":"4102444800","resource":"`+mockAudience+`","token_type":"Bearer"}`), nil
	})
	_, err := newIdentityClient(t, newClient(t, cfg), IdentitySelector{}).Identity(t.Context())
	if err == nil || strings.Contains(err.Error(), opaque) || strings.Contains(Describe(err), opaque) {
		t.Errorf("error %v", err)
	}
}
