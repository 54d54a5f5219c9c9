// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

func TestAnIdentityLives(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server, cfg := newMock(t)
	w := tap(&cfg, nil)
	c := newClient(t, cfg)

	created, err := c.CreateIdentity(ctx, reader, armmsi.Identity{Location: new("westus"), Tags: map[string]*string{"a": new("b")}})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.seen(); !slices.Equal(got, []string{"GET " + reader.String(), "PUT " + reader.String()}) {
		t.Errorf("a creation takes the requests %q, want one GET and one PUT", got)
	}
	stored := server.World().State().Identities
	if len(stored) != 1 || stored[0].PrincipalID != value(created.Properties.PrincipalID) || stored[0].ClientID != value(created.Properties.ClientID) {
		t.Errorf("Azure has the identities %+v, the client was given %+v", stored, created.Properties)
	}

	existing, err := c.Identity(ctx, parse(t, value(created.ID)))
	if err != nil || value(existing.Tags["a"]) != "b" {
		t.Errorf("reading it gives %+v, %v", existing, err)
	}
	updated, err := c.UpdateIdentity(ctx, reader, armmsi.IdentityUpdate{Tags: map[string]*string{"a": new("c")}})
	if err != nil || value(updated.Tags["a"]) != "c" {
		t.Errorf("updating it gives %+v, %v", updated, err)
	}
	for range 2 {
		if err := c.DeleteIdentity(ctx, reader); err != nil {
			t.Errorf("deleting it: %v", err)
		}
	}
	if _, err := c.Identity(ctx, reader); !IsNotFound(err) {
		t.Errorf("reading it after that: %v", err)
	}
}

func TestAnIdentityIsNotTakenOver(t *testing.T) {
	t.Parallel()
	_, cfg := newMock(t, func(s *mockarm.Seed) {
		s.Identities = []mockarm.SeedIdentity{{ResourceGroup: "DevTest", Name: "id-reader", Tags: map[string]string{"owner": "somebody"}}}
	})
	w := tap(&cfg, nil)
	_, err := newClient(t, cfg).CreateIdentity(t.Context(), reader, armmsi.Identity{Location: new("westus")})
	if exists, ok := errors.AsType[*AlreadyExistsError](err); !ok || !exists.ID.Equal(reader) {
		t.Errorf("error %v, want an AlreadyExistsError of %s", err, reader)
	}
	if got := w.seen(); slices.ContainsFunc(got, func(line string) bool { return strings.HasPrefix(line, "PUT") }) {
		t.Errorf("the identity was written to: %q", got)
	}
}

func TestAnIdentityNeedsItsGroup(t *testing.T) {
	t.Parallel()
	_, cfg := newMock(t)
	w := tap(&cfg, nil)
	id := armid.UserAssignedIdentity(mockarm.DefaultSubscriptionID, "nowhere", "id-reader")
	c := newClient(t, cfg)
	_, err := c.CreateIdentity(t.Context(), id, armmsi.Identity{Location: new("westus")})
	if ErrorCode(err) != "ResourceGroupNotFound" || len(w.seen()) != 1 {
		t.Errorf("error %v after the requests %q", err, w.seen())
	}
	if err := c.DeleteIdentity(t.Context(), id); err != nil {
		t.Errorf("deleting what stood in a group that is gone: %v", err)
	}
}

func TestTheSystemAssignedIdentityTellsItsClientID(t *testing.T) {
	t.Parallel()
	server, cfg := newMock(t, func(s *mockarm.Seed) { s.VirtualMachines[0].SystemAssigned = true })
	got, err := newClient(t, cfg).SystemAssignedIdentity(t.Context(), parse(t, mockarm.DefaultMachineID))
	if err != nil {
		t.Fatal(err)
	}
	if want := server.World().State().VirtualMachines[0].SystemAssigned; value(got.Properties.ClientID) != want.ClientID || value(got.Properties.PrincipalID) != want.PrincipalID {
		t.Errorf("got %+v, want %+v", got.Properties, want)
	}
}
