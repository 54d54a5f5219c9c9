// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm/operator"
)

const machinePath = "/subscriptions/*/resourceGroups/*/providers/Microsoft.Compute/virtualMachines/*"

var theMachine = func() armid.ID {
	id, err := armid.Parse(mockarm.DefaultMachineID)
	if err != nil {
		panic(err)
	}
	return id
}()

// identityNamed is the ID of an identity in the default world's group.
func identityNamed(name string) armid.ID {
	return armid.UserAssignedIdentity(mockarm.DefaultSubscriptionID, "DevTest", name)
}

// withIdentities has identities exist, and be on the machine already if marked with "on:".
func withIdentities(names ...string) func(*mockarm.Seed) {
	return func(s *mockarm.Seed) {
		for _, name := range names {
			name, on := strings.CutPrefix(name, "on:")
			s.Identities = append(s.Identities, mockarm.SeedIdentity{ResourceGroup: "DevTest", Name: name})
			if on {
				s.VirtualMachines[0].UserAssignedIdentities = append(s.VirtualMachines[0].UserAssignedIdentities, identityNamed(name).String())
			}
		}
	}
}

// foreign changes the machine's identities as somebody else does, and waits until it is done.
func foreign(t *testing.T, server *mockarm.Server, method, path, body string) {
	t.Helper()
	o, err := operator.New(server)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Do(t.Context(), method, path, body); err != nil {
		t.Fatal(err)
	}
}

// onMachine are the names of the user-assigned identities on the machine, those marked "dead:" that nobody can use; and
// "system" for its own.
func onMachine(server *mockarm.Server) []string {
	vm := server.World().State().VirtualMachines[0]
	var names []string
	for _, a := range vm.UserAssigned {
		name := a.ID[strings.LastIndexByte(a.ID, '/')+1:]
		if a.Dead {
			name = "dead:" + name
		}
		names = append(names, name)
	}
	if vm.SystemAssigned != nil {
		names = append(names, "system")
	}
	slices.Sort(names)
	return names
}

func carries(t *testing.T, server *mockarm.Server, want ...string) {
	t.Helper()
	if got := onMachine(server); !slices.Equal(got, want) {
		t.Errorf("the machine carries %v, want %v", got, want)
	}
}

// patches counts the writes to the machine that were asked for.
func patches(server *mockarm.Server) int {
	n := 0
	for _, r := range server.Requests() {
		if r.Method == http.MethodPatch {
			n++
		}
	}
	return n
}

func TestAStaleEntryIsRenewed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, cfg := newMock(t, withIdentities("on:id-a", "on:id-foreign"))
		c := newClient(t, cfg)
		id := identityNamed("id-a")
		foreign(t, server, http.MethodDelete, id.String(), "")
		foreign(t, server, http.MethodPut, id.String(), `{"location":"westus"}`)
		carries(t, server, "dead:id-a", "id-foreign")
		if a, err := c.Assignment(t.Context(), theMachine, id); err != nil || a.Status != Stale {
			t.Errorf("read %+v, %v", a, err)
		}
		// To assign it is no conflict with what is there, since that is of no use.
		a, err := c.AssignIdentity(t.Context(), theMachine, id)
		if err != nil || a.Status != Assigned || a.PrincipalID == "" {
			t.Errorf("assigned %+v, %v", a, err)
		}
		carries(t, server, "id-a", "id-foreign")
		if n := patches(server); n != 2 {
			t.Errorf("the machine was written %d times, not off and on", n)
		}
	})
}

// Who may not read the identity has the machine's word: a dead entry tells no principal.
func TestADeadEntryIsStaleForWhoMayNotReadTheIdentity(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, cfg := newMock(t, withIdentities("on:id-a", "on:id-b"))
		foreign(t, server, http.MethodDelete, identityNamed("id-a").String(), "")
		tap(&cfg, func(r *http.Request) (*http.Response, error) {
			if strings.Contains(r.URL.Path, "/userAssignedIdentities/") {
				return answer(r, http.StatusForbidden, nil, armError("AuthorizationFailed", "No.")), nil
			}
			return nil, nil
		})
		c := newClient(t, cfg)
		for name, want := range map[string]AssignmentStatus{"id-a": Stale, "id-b": Assigned} {
			if a, err := c.Assignment(t.Context(), theMachine, identityNamed(name)); err != nil || a.Status != want {
				t.Errorf("%s: read %+v, %v", name, a, err)
			}
		}
	})
}

// A service that goes on telling the old principal of an identity that was made again is found out, too, by who may read the
// identity.
func TestAnEntryOlderThanItsIdentityIsStale(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, cfg := newMock(t, withIdentities("on:id-a"))
		machineThen := answerOf(t, server, cfg, mockarm.DefaultMachineID)
		foreign(t, server, http.MethodDelete, identityNamed("id-a").String(), "")
		foreign(t, server, http.MethodPut, identityNamed("id-a").String(), `{"location":"westus"}`)
		tap(&cfg, func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/virtualMachines/vm-linux") {
				return answer(r, http.StatusOK, nil, machineThen), nil
			}
			return nil, nil
		})
		if a, err := newClient(t, cfg).Assignment(t.Context(), theMachine, identityNamed("id-a")); err != nil || a.Status != Stale {
			t.Errorf("read %+v, %v", a, err)
		}
	})
}

// answerOf is the body of Azure's answer to a read of a machine.
func answerOf(t *testing.T, server *mockarm.Server, cfg Config, path string) string {
	t.Helper()
	var body string
	tap(&cfg, func(r *http.Request) (*http.Response, error) {
		resp, err := server.Transport().RoundTrip(r)
		if err == nil && strings.HasSuffix(path, r.URL.Path[strings.LastIndexByte(r.URL.Path, '/'):]) {
			content := make([]byte, resp.ContentLength)
			_, _ = resp.Body.Read(content)
			body = string(content)
			return answer(r, resp.StatusCode, nil, body), nil
		}
		return resp, err
	})
	if _, err := newClient(t, cfg).readMachine(t.Context(), theMachine); err != nil {
		t.Fatal(err)
	}
	return body
}

func TestAForeignDeadEntryIsLeftAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, cfg := newMock(t, withIdentities("id-a", "on:id-foreign"))
		foreign(t, server, http.MethodDelete, identityNamed("id-foreign").String(), "")
		w := tap(&cfg, nil)
		c := newClient(t, cfg)
		if _, err := c.AssignIdentity(t.Context(), theMachine, identityNamed("id-a")); err != nil {
			t.Fatal(err)
		}
		if err := c.UnassignIdentity(t.Context(), theMachine, identityNamed("id-a")); err != nil {
			t.Fatal(err)
		}
		carries(t, server, "dead:id-foreign")
		for i, body := range w.bodies {
			if strings.Contains(string(body), "id-foreign") {
				t.Errorf("%s named it: %s", w.requests[i].Method, body)
			}
		}
	})
}

func TestARefusedBatchIsTakenApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, cfg := newMock(t, withIdentities("id-a", "id-b", "id-c", "on:id-d"))
		c := newClient(t, cfg)
		failed := map[string]error{}
		var mu sync.Mutex
		var group sync.WaitGroup
		for _, name := range []string{"id-a", "id-gone", "id-b", "id-lost", "id-c"} {
			group.Go(func() {
				if _, err := c.AssignIdentity(t.Context(), theMachine, identityNamed(name)); err != nil {
					mu.Lock()
					defer mu.Unlock()
					failed[name] = err
				}
			})
		}
		group.Go(func() {
			if err := c.UnassignIdentity(t.Context(), theMachine, identityNamed("id-d")); err != nil {
				t.Error(err)
			}
		})
		group.Wait()
		carries(t, server, "id-a", "id-b", "id-c")
		if len(failed) != 2 || ErrorCode(failed["id-gone"]) != "FailedIdentityOperation" || ErrorCode(failed["id-lost"]) != "FailedIdentityOperation" {
			t.Errorf("these failed: %v", failed)
		}
		if n := patches(server); n > 5 {
			t.Errorf("it took %d writes", n)
		}
	})
}

func TestNoWriteNamesMoreIdentitiesThanComputeTakes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var names []string
		for n := range 160 {
			names = append(names, fmt.Sprintf("id-%03d", n))
		}
		server, cfg := newMock(t, withIdentities(names...))
		c := newClient(t, cfg)
		var group sync.WaitGroup
		for _, name := range names {
			group.Go(func() {
				if _, err := c.AssignIdentity(t.Context(), theMachine, identityNamed(name)); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		carries(t, server, names...)
		if n := patches(server); n != 2 {
			t.Errorf("it took %d writes", n)
		}
	})
}

func TestOffAndOnAgainInOneBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, cfg := newMock(t, withIdentities("on:id-a"))
		c := newClient(t, cfg)
		var group sync.WaitGroup
		group.Go(func() {
			if err := c.UnassignIdentity(t.Context(), theMachine, identityNamed("id-a")); err != nil {
				t.Error(err)
			}
		})
		group.Go(func() {
			<-time.After(time.Millisecond)
			if _, err := c.AssignIdentity(t.Context(), theMachine, identityNamed("id-a")); err != nil {
				t.Error(err)
			}
		})
		group.Wait()
		carries(t, server, "id-a")
	})
}

func TestExistingOnesAreAdoptedOnDemand(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, cfg := newMock(t, withIdentities("on:id-a"))
		if _, err := newClient(t, cfg).AssignIdentity(t.Context(), theMachine, identityNamed("id-a")); !is[*AlreadyExistsError](err) {
			t.Errorf("without adoption: %v", err)
		}
		cfg.AdoptExisting = true
		if a, err := newClient(t, cfg).AssignIdentity(t.Context(), theMachine, identityNamed("id-a")); err != nil || a.PrincipalID == "" {
			t.Errorf("with adoption: %+v, %v", a, err)
		}
		if n := patches(server); n != 0 {
			t.Errorf("the machine was written %d times", n)
		}
	})
}

func TestTheAssignmentsOfAMachineShareOneRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		names := []string{"on:id-a", "on:id-b", "on:id-c"}
		server, cfg := newMock(t, withIdentities(names...))
		c := newClient(t, cfg)
		read := func() {
			var group sync.WaitGroup
			for _, name := range names {
				group.Go(func() {
					if _, err := c.Assignment(t.Context(), theMachine, identityNamed(strings.TrimPrefix(name, "on:"))); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
		}
		read()
		read()
		if n := reads(server); n != 1 {
			t.Errorf("the machine was read %d times", n)
		}
		// What we write ourselves we see.
		if err := c.UnassignIdentity(t.Context(), theMachine, identityNamed("id-a")); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Assignment(t.Context(), theMachine, identityNamed("id-a")); !is[*NotAssignedError](err) {
			t.Errorf("read after it was taken off: %v", err)
		}
	})
}

func reads(server *mockarm.Server) int {
	return len(slices.DeleteFunc(server.Requests(), func(r mockarm.RequestRecord) bool {
		return r.Method != http.MethodGet || !strings.HasSuffix(r.Path, "/virtualMachines/vm-linux")
	}))
}
