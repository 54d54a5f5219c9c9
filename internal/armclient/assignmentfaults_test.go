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

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

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
