// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"errors"
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

// What can go wrong with the write of a machine and pass again, by the names that the guide gives them. Each is met when an
// identity is assigned and when it is taken off.
var passingFaults = map[string]mockarm.Fault{
	"the connection breaks before the write":               {Method: http.MethodPatch, Nth: 1, Reset: mockarm.ResetBefore},
	"the connection breaks after the write":                {Method: http.MethodPatch, Nth: 1, Reset: mockarm.ResetAfter},
	"the answer to the write is cut off":                   {Method: http.MethodPatch, Nth: 1, Truncate: true},
	"another write is under way":                           {Method: http.MethodPatch, Count: 3, Status: 409, Code: "ConflictingConcurrentWriteNotAllowed"},
	"another write is under way, as older services say it": {Method: http.MethodPatch, Count: 3, Status: 409, Code: "Conflict"},
	"the machine is busy":                                  {Method: http.MethodPatch, Count: 3, Status: 409, Code: "OperationNotAllowed"},
	"the etag is old":                                      {Method: http.MethodPatch, Count: 3, Status: 412, Code: "PreconditionFailed"},
	"too many requests":                                    {Method: http.MethodPatch, Count: 2, Status: 429, Code: "TooManyRequests", RetryAfter: 90 * time.Second},
	"the service is down":                                  {Method: http.MethodPatch, Count: 3, Status: 503},
	"a poll fails":                                         {Path: "**/operations/*", Count: 3, Status: 500},
	"the connection breaks at a poll":                      {Path: "**/operations/*", Count: 3, Reset: mockarm.ResetBefore},
	"the read of the machine fails":                        {Method: http.MethodGet, Path: machinePath, Count: 2, Status: 502},
	"the operation fails for reasons of Azure's own":       {Count: 2, Operation: mockarm.OperationFailed, Code: "InternalExecutionError"},
	"the operation is canceled":                            {Count: 2, Operation: mockarm.OperationCanceled},
	"the operation is pre-empted, and says so":             {Count: 2, Operation: mockarm.OperationPreempted},
	"the operation is pre-empted, and claims success":      {Count: 2, Operation: mockarm.OperationPreemptedSilently},
	"the operation takes long":                             {OperationDuration: 10 * time.Minute},
}

func TestFaultsThatPass(t *testing.T) {
	t.Parallel()
	for name, fault := range passingFaults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server, cfg := newMock(t, withIdentities("id-a", "on:id-foreign"))
				c := newClient(t, cfg)
				if err := server.Inject(fault); err != nil {
					t.Fatal(err)
				}
				ctx := within(t, 30*time.Minute)
				a, err := c.AssignIdentity(ctx, theMachine, identityNamed("id-a"))
				if err != nil || a.PrincipalID == "" || a.ClientID == "" || a.Status != Assigned {
					t.Fatalf("assigned %+v, %v", a, err)
				}
				carries(t, server, "id-a", "id-foreign")
				server.ClearFaults()
				if err := server.Inject(fault); err != nil {
					t.Fatal(err)
				}
				if err := c.UnassignIdentity(ctx, theMachine, identityNamed("id-a")); err != nil {
					t.Fatal(err)
				}
				carries(t, server, "id-foreign")
				if struck := server.Faults()[0].Struck; struck == 0 {
					t.Error("the fault has not struck; the test shows nothing")
				}
			})
		})
	}
}

// Between our read of the machine and our write, somebody switches on its own identity. Our write says what the type is to
// be, and would switch it off again if it were taken.
func TestAWriteBetweenOurReadAndWriteIsNotLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, cfg := newMock(t, withIdentities("id-a"))
		var between sync.Once
		tap(&cfg, func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPatch {
				between.Do(func() {
					foreign(t, server, http.MethodPatch, mockarm.DefaultMachineID, `{"identity":{"type":"SystemAssigned"}}`)
				})
			}
			return nil, nil
		})
		if _, err := newClient(t, cfg).AssignIdentity(t.Context(), theMachine, identityNamed("id-a")); err != nil {
			t.Fatal(err)
		}
		carries(t, server, "id-a", "system")
		if refused := statuses(server, http.StatusPreconditionFailed); refused != 1 {
			t.Errorf("%d writes were refused for their etag", refused)
		}
	})
}

// statuses counts the answers of a status.
func statuses(server *mockarm.Server, status int) int {
	return len(slices.DeleteFunc(server.Requests(), func(r mockarm.RequestRecord) bool { return r.Status != status }))
}

func TestAMachineThatIsDeletedMeanwhileIsNotMadeAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, assign := range []bool{true, false} {
			server, cfg := newMock(t, withIdentities("id-a", "on:id-b"))
			var between sync.Once
			tap(&cfg, func(r *http.Request) (*http.Response, error) {
				if r.Method == http.MethodPatch {
					between.Do(func() { foreign(t, server, http.MethodDelete, mockarm.DefaultMachineID, "") })
				}
				return nil, nil
			})
			c := newClient(t, cfg)
			if assign {
				if _, err := c.AssignIdentity(t.Context(), theMachine, identityNamed("id-a")); !IsNotFound(err) {
					t.Errorf("assigning to it: %v", err)
				}
			} else if err := c.UnassignIdentity(t.Context(), theMachine, identityNamed("id-b")); err != nil {
				t.Errorf("taking off it: %v", err)
			}
			if n := len(server.World().State().VirtualMachines); n != 0 {
				t.Errorf("there are %d machines", n)
			}
		}
	})
}

func TestAMachineInAnyState(t *testing.T) {
	t.Parallel()
	for state, wanted := range map[string]string{"Failed": "", "Deleting": "being deleted"} {
		synctest.Test(t, func(t *testing.T) {
			server, cfg := newMock(t, withIdentities("id-a"))
			if err := server.World().SetProvisioningState(mockarm.DefaultMachineID, state); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			_, err := newClient(t, cfg).AssignIdentity(within(t, time.Hour), theMachine, identityNamed("id-a"))
			if (wanted == "") != (err == nil) || !strings.Contains(Describe(err), wanted) || time.Since(began) > time.Minute {
				t.Errorf("%s: %v after %v", state, err, time.Since(began))
			}
		})
	}
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

func TestWhoLeavesDuringTheWriteKnowsThatItWasBegun(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]mockarm.Fault{
		"during the operation":                 {OperationDuration: time.Hour},
		"before the answer to the write is in": {Method: http.MethodPatch, AnswerDelay: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server, cfg := newMock(t, withIdentities("id-a", "id-b"))
				if err := server.Inject(fault); err != nil {
					t.Fatal(err)
				}
				c := newClient(t, cfg)
				tired := errors.New("tired")
				var group sync.WaitGroup
				for _, name := range []string{"id-a", "id-b"} {
					ctx, cancel := context.WithTimeoutCause(t.Context(), time.Duration(len(name))*10*time.Second, tired)
					defer cancel()
					group.Go(func() {
						_, err := c.AssignIdentity(ctx, theMachine, identityNamed(name))
						if !is[*UnfinishedError](err) || !errors.Is(err, tired) {
							t.Errorf("%s: %v", name, err)
						}
					})
				}
				group.Wait()
			})
		})
	}
}

func TestWhoLeavesBeforeTheWriteHasChangedNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, cfg := newMock(t, withIdentities("id-a"))
		if err := server.Inject(mockarm.Fault{Method: http.MethodPatch, Status: 409, Code: "ConflictingConcurrentWriteNotAllowed"}); err != nil {
			t.Fatal(err)
		}
		_, err := newClient(t, cfg).AssignIdentity(within(t, 5*time.Minute), theMachine, identityNamed("id-a"))
		if is[*UnfinishedError](err) || !is[*GaveUpError](err) || ErrorCode(err) != "ConflictingConcurrentWriteNotAllowed" {
			t.Errorf("%v", err)
		}
		carries(t, server)
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
