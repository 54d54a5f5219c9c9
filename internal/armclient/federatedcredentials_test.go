// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

// newFederated is a mock with the identity that credentials are given to.
func newFederated(t *testing.T) (*mockarm.Server, Config) {
	t.Helper()
	return newMock(t, func(s *mockarm.Seed) {
		s.Identities = []mockarm.SeedIdentity{{ResourceGroup: "DevTest", Name: "id-reader"}}
	})
}

// trust are the properties of a credential for a subject of GitHub's.
func trust(subject string) FederatedCredential {
	return FederatedCredential{FederatedIdentityCredentialProperties: armmsi.FederatedIdentityCredentialProperties{
		Issuer: new("https://token.actions.githubusercontent.com"), Subject: &subject, Audiences: []*string{new("api://AzureADTokenExchange")},
	}}
}

func credentialsOf(s *mockarm.Server) []mockarm.FederatedCredentialState {
	return s.World().State().Identities[0].FederatedCredentials
}

// conflicts counts how often the mock has refused a write because of another one.
func conflicts(s *mockarm.Server) int {
	return len(slices.DeleteFunc(s.Requests(), func(r mockarm.RequestRecord) bool { return r.Status != http.StatusConflict }))
}

func TestAFederatedCredentialLives(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server, cfg := newFederated(t)
	w := tap(&cfg, nil)
	c := newClient(t, cfg)
	id := armid.FederatedCredential(reader, "github")

	if _, err := c.CreateFederatedCredential(ctx, id, trust("main")); err != nil {
		t.Fatal(err)
	}
	if got := w.seen(); !slices.Equal(got, []string{"GET " + id.String(), "PUT " + id.String()}) {
		t.Errorf("a creation takes the requests %q, want one GET and one PUT", got)
	}
	if _, err := c.UpdateFederatedCredential(ctx, id, trust("other")); err != nil {
		t.Fatal(err)
	}
	read, err := c.FederatedCredential(ctx, id)
	if stored := credentialsOf(server); err != nil || len(stored) != 1 || stored[0].Subject != "other" || value(read.Subject) != "other" {
		t.Errorf("read %+v, %v; Azure has %+v", read, err, stored)
	}
	for range 2 {
		if err := c.DeleteFederatedCredential(ctx, id); err != nil {
			t.Errorf("deleting it: %v", err)
		}
	}
	if _, err := c.FederatedCredential(ctx, id); !IsNotFound(err) {
		t.Errorf("reading it after that: %v", err)
	}
	if err := c.DeleteFederatedCredential(ctx, armid.FederatedCredential(armid.UserAssignedIdentity(mockarm.DefaultSubscriptionID, "DevTest", "gone"), "github")); err != nil {
		t.Errorf("deleting it from an identity that is gone: %v", err)
	}
}

func TestAFederatedCredentialIsTakenOverOnRequestOnly(t *testing.T) {
	t.Parallel()
	server, cfg := newFederated(t)
	id := armid.FederatedCredential(reader, "github")
	if _, err := newClient(t, cfg).CreateFederatedCredential(t.Context(), id, trust("theirs")); err != nil {
		t.Fatal(err)
	}
	_, err := newClient(t, cfg).CreateFederatedCredential(t.Context(), id, trust("ours"))
	if exists, ok := errors.AsType[*AlreadyExistsError](err); !ok || !exists.ID.Equal(id) {
		t.Errorf("error %v, want an AlreadyExistsError of %s", err, id)
	}
	if stored := credentialsOf(server); stored[0].Subject != "theirs" {
		t.Errorf("it has become %+v", stored)
	}
	cfg.AdoptExisting = true
	if _, err := newClient(t, cfg).CreateFederatedCredential(t.Context(), id, trust("ours")); err != nil || credentialsOf(server)[0].Subject != "ours" {
		t.Errorf("adopting it: %v, it is %+v", err, credentialsOf(server))
	}
}

func TestWritesToOneIdentityQueueUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, cfg := newFederated(t)
		server.World().Configure(func(s *mockarm.Settings) { s.FederatedWriteDuration = time.Second })
		c := newClient(t, cfg)
		began := time.Now()
		var all sync.WaitGroup
		for n := range 20 {
			all.Go(func() {
				id := armid.FederatedCredential(reader, fmt.Sprintf("credential-%d", n))
				if _, err := c.CreateFederatedCredential(t.Context(), id, trust(fmt.Sprint(n))); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := conflicts(server); n > 0 || len(credentialsOf(server)) != 20 || time.Since(began) > 21*time.Second {
			t.Errorf("%d credentials after %s, with %d conflicts", len(credentialsOf(server)), time.Since(began), n)
		}
	})
}

func TestWritesOfTwoProcessesAllSucceed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, cfg := newFederated(t)
		server.World().Configure(func(s *mockarm.Settings) { s.FederatedWriteDuration = time.Second })
		var all sync.WaitGroup
		for process := range 2 {
			c := newClient(t, cfg)
			for n := range 5 {
				all.Go(func() {
					id := armid.FederatedCredential(reader, fmt.Sprintf("credential-%d-%d", process, n))
					if _, err := c.CreateFederatedCredential(within(t, 5*time.Minute), id, trust(id.Name())); err != nil {
						t.Error(err)
					}
				})
			}
		}
		all.Wait()
		if len(credentialsOf(server)) != 10 || conflicts(server) == 0 {
			t.Errorf("%d credentials, after %d conflicts", len(credentialsOf(server)), conflicts(server))
		}
	})
}

func TestTheLastConflictIsToldWhenTimeIsUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, cfg := newFederated(t)
		c := newClient(t, cfg)
		busy := mockarm.Fault{Method: http.MethodPut, Status: http.StatusConflict, Code: "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity"}
		if err := server.Inject(busy); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		_, err := c.CreateFederatedCredential(within(t, time.Minute), armid.FederatedCredential(reader, "github"), trust("me"))
		if took := time.Since(began); ErrorCode(err) != busy.Code || !errors.Is(err, context.DeadlineExceeded) || took != time.Minute {
			t.Errorf("after %s: %v", took, err)
		}
		if tries := server.Faults()[0].Struck; tries < 4 || tries > 30 {
			t.Errorf("it was tried %d times in a minute", tries)
		}
		if text := Describe(err); !strings.Contains(text, "Run again later") {
			t.Errorf("the user is told: %s", text)
		}
	})
}

func TestWaitingForATurnEndsWithTheTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var queue turns
		done, err := queue.wait(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := queue.wait(within(t, time.Second), "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the second in the queue: %v", err)
		}
		other, err := queue.wait(within(t, time.Second), "b")
		if err != nil {
			t.Fatalf("another queue: %v", err)
		}
		other()
		done()
		if done, err = queue.wait(within(t, time.Second), "a"); err != nil {
			t.Fatalf("after the first: %v", err)
		}
		done()
	})
}

func TestOtherConflictsAreFinal(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"ScopeLocked", "ResourceGroupBeingDeleted"} {
		server, cfg := newFederated(t)
		if err := server.Inject(mockarm.Fault{Method: http.MethodPut, Status: http.StatusConflict, Code: code}); err != nil {
			t.Fatal(err)
		}
		_, err := newClient(t, cfg).CreateFederatedCredential(within(t, time.Minute), armid.FederatedCredential(reader, "github"), trust("me"))
		if ErrorCode(err) != code || server.Faults()[0].Struck != 1 {
			t.Errorf("%s: tried %d times: %v", code, server.Faults()[0].Struck, err)
		}
	}
}

func TestANewIdentityIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, cfg := newMock(t)
		server.World().Configure(func(s *mockarm.Settings) { s.IdentityReadLag = time.Minute })
		c := newClient(t, cfg)
		if _, err := c.CreateIdentity(t.Context(), reader, armmsi.Identity{Location: new("westus")}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.CreateFederatedCredential(t.Context(), armid.FederatedCredential(reader, "github"), trust("me")); err != nil {
			t.Error(err)
		}

		began := time.Now()
		missing := armid.UserAssignedIdentity(mockarm.DefaultSubscriptionID, "DevTest", "missing")
		_, err := c.CreateFederatedCredential(t.Context(), armid.FederatedCredential(missing, "github"), trust("me"))
		if took := time.Since(began); ErrorCode(err) != "ParentResourceNotFound" || took > newIdentityTimeout || took < newIdentityTimeout/2 {
			t.Errorf("after %s: %v", took, err)
		}
		began = time.Now()
		nowhere := armid.UserAssignedIdentity(mockarm.DefaultSubscriptionID, "nowhere", "missing")
		_, err = c.CreateFederatedCredential(t.Context(), armid.FederatedCredential(nowhere, "github"), trust("me"))
		if took := time.Since(began); ErrorCode(err) != "ResourceGroupNotFound" || took > time.Second {
			t.Errorf("after %s: %v", took, err)
		}
	})
}

func TestTheCredentialIsInTheSubscriptionOfItsIdentity(t *testing.T) {
	t.Parallel()
	const elsewhere = "99999999-9999-4999-8999-999999999999"
	server, cfg := newMock(t, func(s *mockarm.Seed) {
		s.Subscriptions = append(s.Subscriptions, mockarm.SeedSubscription{ID: elsewhere})
		s.ResourceGroups = []mockarm.SeedResourceGroup{{Subscription: elsewhere, Name: "identities", Location: "westus"}}
		s.VirtualMachines = nil
		s.Identities = []mockarm.SeedIdentity{{Subscription: elsewhere, ResourceGroup: "identities", Name: "id-reader"}}
		s.RoleAssignments[0].Scope = "/subscriptions/" + elsewhere
	})
	c := newClient(t, cfg)
	id := armid.FederatedCredential(armid.UserAssignedIdentity(elsewhere, "identities", "id-reader"), "github")
	if _, err := c.CreateFederatedCredential(t.Context(), id, trust("me")); err != nil || len(credentialsOf(server)) != 1 {
		t.Errorf("%v; Azure has %+v", err, credentialsOf(server))
	}
}
