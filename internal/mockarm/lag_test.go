// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

func TestIMDSLearnsOfAnIdentityLater(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	a.world.Configure(func(settings *Settings) { settings.AttachLag = time.Minute })
	s := a.operator(t)
	ask := func() int { return a.ask(t, http.MethodGet, imdsTokenPath+testMachineToken).status }
	for i, identity := range []string{
		fmt.Sprintf(`{"type":"UserAssigned","userAssignedIdentities":{%q:{}}}`, s.createIdentity("abc").value("id")),
		`{"type":"SystemAssigned"}`,
	} {
		s.patchIdentity(identity)
		a.finish()
		// To ARM the identity is there; a client that asks for a token now, and once only, fails.
		s.must(http.StatusOK, http.MethodGet, DefaultMachineID, "")
		if got := a.ask(t, http.MethodGet, imdsTokenPath+testMachineToken); got.status != http.StatusBadRequest || got.value("error_description") != identityNotFound {
			t.Errorf("%d: at once %d %s", i, got.status, got.text)
		}
		a.clock.Advance(59 * time.Second)
		if got := ask(); got != http.StatusBadRequest {
			t.Errorf("%d: before the lag is over %d", i, got)
		}
		a.clock.Advance(time.Second)
		if got := ask(); got != http.StatusOK {
			t.Errorf("%d: after the lag %d", i, got)
		}
		// Another write does not make it new again.
		s.must(http.StatusOK, http.MethodPatch, DefaultMachineID, `{"tags":{"a":"b"}}`)
		a.finish()
		if got := ask(); got != http.StatusOK {
			t.Errorf("%d: after another write %d", i, got)
		}
	}
}

func TestGrantTakesEffectLater(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	a.world.Configure(func(settings *Settings) { settings.GrantLag = 5 * time.Minute })
	s := a.operator(t) // What the seed grants has been granted for long.
	principal := a.servicePrincipal(t, "reader", "Reader", testIdentities+"abc")
	reader := a.session(t, principal.ObjectID)
	s.must(http.StatusCreated, http.MethodPut, testAssignments+newGUID(), assignmentBody(principal.ObjectID, readerRole, ""))
	reader.refused(http.StatusForbidden, "AuthorizationFailed", http.MethodGet, testGroup, "")
	a.clock.Advance(5*time.Minute - time.Second)
	reader.refused(http.StatusForbidden, "AuthorizationFailed", http.MethodGet, testGroup, "")
	if got := reader.must(http.StatusOK, http.MethodGet, testSubscription+"/resourceGroups", "").items(); len(got) != 0 {
		t.Errorf("it lists %v", got)
	}
	a.clock.Advance(time.Second)
	reader.must(http.StatusOK, http.MethodGet, testGroup, "")
}

func TestNewIdentityIsReadLater(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	a.world.Configure(func(settings *Settings) { settings.IdentityReadLag = 10 * time.Second })
	s := a.operator(t)
	id := s.createIdentity("abc").value("id")
	list := testGroup + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
	// A client that reads what it has just made thinks it gone.
	s.refused(http.StatusNotFound, "ResourceNotFound", http.MethodGet, id, "")
	if got := s.must(http.StatusOK, http.MethodGet, list, "").items(); len(got) != 0 {
		t.Errorf("it lists %v", got)
	}
	s.must(http.StatusOK, http.MethodPut, id, `{"location":"westus"}`) // Not another one.
	s.attach(id)
	a.clock.Advance(8 * time.Second)
	s.must(http.StatusOK, http.MethodGet, id, "")
	if got := s.must(http.StatusOK, http.MethodGet, list, "").items(); len(got) != 1 {
		t.Errorf("it lists %v", got)
	}
}

func TestGUIDsComeFromTheSeed(t *testing.T) {
	t.Parallel()
	run := func(seed uint64) string {
		a := newAzure(t)
		a.world.Configure(func(settings *Settings) { settings.Seed = seed })
		s := a.operator(t)
		first := s.createIdentity("abc").value("properties", "principalId")
		s.must(http.StatusOK, http.MethodDelete, testIdentities+"abc", "")
		second := s.createIdentity("abc").value("properties", "principalId")
		if first == second {
			t.Error("an identity that is made again is the old one")
		}
		poll := s.patchIdentity(`{"type":"SystemAssigned"}`).header.Get("Azure-AsyncOperation")
		return first + second + poll
	}
	seen := map[string]bool{}
	for _, seed := range []uint64{7, 8, 0, 0} { // Without a seed no two runs are alike.
		got := run(seed)
		if seen[got] {
			t.Errorf("the run of seed %d is that of another one", seed)
		}
		seen[got] = true
	}
	if !seen[run(7)] {
		t.Error("two runs of one seed differ")
	}
}
