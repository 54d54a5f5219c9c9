// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

func TestAResourceGroupIsReadAsTheIdentity(t *testing.T) {
	t.Parallel()
	server, cfg := newMock(t, carrying(reader), granted(reader))
	cfg.Credential = CredentialOptions{}
	group, who, err := newIdentityClient(t, newClient(t, cfg), IdentitySelector{ResourceID: reader}).ResourceGroup(t.Context(), devTest)
	if err != nil || value(group.Location) != "westus" || !parse(t, value(group.ID)).Equal(devTest) {
		t.Fatalf("read %+v, %v", group, err)
	}
	for _, r := range server.Requests() {
		if r.Kind == mockarm.EntraRequest || r.Kind == mockarm.ARMRequest && r.Caller != who.PrincipalID {
			t.Errorf("the provider's own credential was used: %+v", r)
		}
	}
}

func TestARefusedReadNamesWhoAskedAndWhatIsMissing(t *testing.T) {
	t.Parallel()
	server, cfg := newMock(t, carrying(reader))
	m := newIdentityClient(t, newClient(t, cfg), IdentitySelector{})
	_, who, err := m.ResourceGroup(t.Context(), devTest)
	text := Describe(err)
	stored := server.World().State().Identities[0]
	if who.PrincipalID != stored.PrincipalID || !is[*AccessRefusedError](err) || ErrorCode(err) != "AuthorizationFailed" {
		t.Errorf("error %v of %+v", err, who)
	}
	if strings.Count(text, "Reader") != 1 {
		t.Errorf("the role is named more than once:\n%s", text)
	}
	for _, want := range []string{stored.ClientID, stored.PrincipalID, devTest.String(), `"Reader"`, "ten minutes", "AuthorizationFailed", "Correlation ID"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the text:\n%s", want, text)
		}
	}
}

func TestAGroupThatIsMissingIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	_, cfg := newMock(t, carrying(reader), func(s *mockarm.Seed) {
		s.RoleAssignments = append(s.RoleAssignments, mockarm.SeedRoleAssignment{Role: "Reader", Principal: reader.String(), Scope: "/subscriptions/" + mockarm.DefaultSubscriptionID})
	})
	m := newIdentityClient(t, newClient(t, cfg), IdentitySelector{})
	_, _, err := m.WaitForResourceGroup(t.Context(), armid.ResourceGroup(mockarm.DefaultSubscriptionID, "nowhere"), nil)
	if !IsNotFound(err) {
		t.Errorf("error %v", err)
	}
}

// TestAccessIsWaitedFor begins with a machine that has no identity, attaches one after a minute and grants it its role
// after another.
func TestAccessIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, cfg := newMock(t, carrying())
		c := newClient(t, cfg)
		began := time.Now()
		go func() {
			advance(t, time.Minute)
			if _, err := c.AssignIdentity(t.Context(), parse(t, mockarm.DefaultMachineID), reader); err != nil {
				t.Error(err)
			}
			advance(t, time.Minute)
			for _, stored := range server.World().State().Identities {
				if !parse(t, stored.ID).Equal(reader) {
					continue
				}
				_, p := readerAt(devTest)
				p.PrincipalID = new(stored.PrincipalID)
				if _, _, err := c.CreateRoleAssignment(t.Context(), armid.RoleAssignment(devTest, principal), p); err != nil {
					t.Error(err)
				}
			}
		}()
		var reasons []string
		longest := time.Duration(0)
		group, _, err := newIdentityClient(t, c, IdentitySelector{ResourceID: reader}).WaitForResourceGroup(t.Context(), devTest, func(why string, waited time.Duration) {
			if len(reasons) == 0 || reasons[len(reasons)-1] != why {
				reasons = append(reasons, why)
			}
			longest = waited
		})
		if err != nil || value(group.Name) != "DevTest" {
			t.Errorf("read %+v, %v", group, err)
		}
		if len(reasons) != 2 || !strings.Contains(reasons[0], "identity") || !strings.Contains(reasons[1], "role") || longest < 100*time.Second {
			t.Errorf("the progress was %q, up to %s", reasons, longest)
		}
		if took := time.Since(began); took > 2*time.Minute+10*time.Second+maxAccessDelay {
			t.Errorf("it took %s", took)
		}
	})
}

// TestAWaitFollowsTheMachinesDefault waits with an identity that never gets the role, until the machine is given one of
// its own that has it.
func TestAWaitFollowsTheMachinesDefault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, cfg := newMock(t, carrying(writer))
		c := newClient(t, cfg)
		machine := parse(t, mockarm.DefaultMachineID)
		go func() {
			advance(t, time.Minute)
			own, err := c.AssignIdentity(t.Context(), machine, armid.ID{})
			if err != nil {
				t.Error(err)
				return
			}
			_, p := readerAt(devTest)
			p.PrincipalID = new(own.PrincipalID)
			if _, _, err := c.CreateRoleAssignment(t.Context(), armid.RoleAssignment(devTest, principal), p); err != nil {
				t.Error(err)
			}
		}()
		_, who, err := newIdentityClient(t, c, IdentitySelector{}).WaitForResourceGroup(within(t, 10*time.Minute), devTest, nil)
		if err != nil || !parse(t, who.ResourceID).Equal(machine) {
			t.Errorf("read as %+v, %v", who, err)
		}
	})
}

func TestAWaitInVainSaysWhatItWasFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		seed func(*mockarm.Seed)
		says string
	}{
		"the identity": {carrying(writer), "for 3m0s for the identity to reach the machine"},
		"the role":     {carrying(reader), "for 3m0s for the role to take effect"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server, cfg := newMock(t, c.seed)
				m := newIdentityClient(t, newClient(t, cfg), IdentitySelector{ResourceID: reader})
				_, _, err := m.WaitForResourceGroup(within(t, 3*time.Minute), devTest, nil)
				if timeout, ok := errors.AsType[*AccessTimeoutError](err); !ok || timeout.Waited != 3*time.Minute || !strings.Contains(Describe(err), c.says) {
					t.Errorf("the text of %T is:\n%s", err, Describe(err))
				}
				// Two seconds to fifteen: neither IMDS nor ARM is pestered.
				if n := len(server.Requests()); n > 40 {
					t.Errorf("%d requests", n)
				}
			})
		})
	}
}

func TestAReaderRegistersNothing(t *testing.T) {
	t.Parallel()
	_, cfg := newMock(t, carrying(reader), granted(reader))
	w := tap(&cfg, func(r *http.Request) (*http.Response, error) {
		return answer(r, http.StatusConflict, nil, armError("MissingSubscriptionRegistration", "The subscription is not registered to use namespace 'Microsoft.Resources'.")), nil
	})
	_, _, err := newIdentityClient(t, newClient(t, cfg), IdentitySelector{}).ResourceGroup(t.Context(), devTest)
	if ErrorCode(err) != "MissingSubscriptionRegistration" || len(w.seen()) != 1 || !strings.Contains(Describe(err), "az provider register") {
		t.Errorf("error %v after the requests %q", err, w.seen())
	}
}
