// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package identityassignment_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
)

func TestOtherIdentitiesAreNeverTouched(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := start(t, "id-reader", "id-policy")
		p.Behind(http.MethodPatch, machineID, `{"identity":{"type":"SystemAssigned, UserAssigned","userAssignedIdentities":{"`+identities+`id-policy":{}}}}`)
		own := machine(p).SystemAssigned

		r := p.Resource(typeName)
		mustApply(t, r, userAssigned("id-reader"))
		if got := assigned(p); !slices.Equal(got, []string{"id-policy", "id-reader"}) {
			t.Errorf("the machine has %v", got)
		}
		if diags := r.Destroy(); len(diags) > 0 {
			t.Fatal(diags)
		}
		if got := assigned(p); !slices.Equal(got, []string{"id-policy"}) {
			t.Errorf("the machine has %v", got)
		}
		if now := machine(p).SystemAssigned; now == nil || *now != *own {
			t.Errorf("the system-assigned identity was %+v and is %+v", own, now)
		}
	})
}

func TestSystemAssignedLeavesUserAssignedAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := start(t, "id-reader")
		user, system := p.Resource(typeName), p.Resource(typeName)
		mustApply(t, user, userAssigned("id-reader"))
		mustApply(t, system, systemAssigned())
		if got := assigned(p); !slices.Equal(got, []string{"id-reader"}) || machine(p).SystemAssigned == nil {
			t.Errorf("the machine has %+v", machine(p))
		}
		if diags := system.Destroy(); len(diags) > 0 {
			t.Fatal(diags)
		}
		if got := assigned(p); !slices.Equal(got, []string{"id-reader"}) || machine(p).SystemAssigned != nil {
			t.Errorf("the machine has %+v", machine(p))
		}
		// And the other way round.
		mustApply(t, p.Resource(typeName), systemAssigned())
		if diags := user.Destroy(); len(diags) > 0 {
			t.Fatal(diags)
		}
		if got := assigned(p); len(got) != 0 || machine(p).SystemAssigned == nil {
			t.Errorf("the machine has %+v", machine(p))
		}
	})
}

func TestTwentyAssignmentsInOneApplyShareTheirWrites(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var names []string
		for i := range 20 {
			names = append(names, "id-"+string(rune('a'+i)))
		}
		p := start(t, names...)
		resources := make([]*prototest.Resource, len(names))
		each(names, func(i int, name string) {
			resources[i] = p.Resource(typeName)
			if diags := resources[i].Apply(userAssigned(name)); len(diags) > 0 {
				t.Error(diags)
			}
		})
		if got := assigned(p); !slices.Equal(got, names) {
			t.Errorf("the machine has %v", got)
		}
		each(names, func(i int, _ string) {
			if diags := resources[i].Destroy(); len(diags) > 0 {
				t.Error(diags)
			}
		})
		if got := assigned(p); len(got) != 0 {
			t.Errorf("the machine has %v", got)
		}
		if n := len(writes(p)); n > 2 {
			t.Errorf("the machine was written %d times", n)
		}
	})
}

// each runs f for all names at once.
func each(names []string, f func(int, string)) {
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() { f(i, name) })
	}
	wg.Wait()
}

func TestOneBadIdentityFailsOnlyItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := start(t, "id-a", "id-b")
		var mu sync.Mutex
		failed := map[string]prototest.Diagnostics{}
		each([]string{"id-a", "id-missing", "id-b"}, func(_ int, name string) {
			if diags := p.Resource(typeName).Apply(userAssigned(name)); len(diags) > 0 {
				mu.Lock()
				failed[name] = diags
				mu.Unlock()
			}
		})
		if got := assigned(p); !slices.Equal(got, []string{"id-a", "id-b"}) {
			t.Errorf("the machine has %v", got)
		}
		if len(failed) != 1 || !strings.Contains(failed["id-missing"].String(), "FailedIdentityOperation") {
			t.Errorf("these failed: %v", failed)
		}
	})
}

func TestAWriteWaitsForTheOneUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := start(t, "id-reader", "id-policy")
		r := p.Resource(typeName)
		// Somebody else's write is under way when ours comes.
		p.BeginBehind(http.MethodPatch, machineID, `{"identity":{"type":"UserAssigned","userAssignedIdentities":{"`+identities+`id-policy":{}}}}`)
		mustApply(t, r, userAssigned("id-reader"))
		if got := assigned(p); !slices.Equal(got, []string{"id-policy", "id-reader"}) {
			t.Errorf("the machine has %v", got)
		}
		var conflicts int
		for _, w := range writes(p) {
			if w.Status == http.StatusConflict || w.Status == http.StatusPreconditionFailed {
				conflicts++
			}
		}
		if conflicts == 0 {
			t.Error("the two writes did not meet; the test shows nothing")
		}
	})
}

func TestARightThatLacksIsExplained(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := prototest.Start(t, prototest.As("vm-writer", mockarm.SeedRoleAssignment{Role: "Virtual Machine Contributor", Scope: group}))
		p.Behind(http.MethodPut, identities+"id-reader", `{"location":"westus"}`)
		diags := p.Resource(typeName).Apply(userAssigned("id-reader"))
		for _, want := range []string{"LinkedAuthorizationFailed", "Managed Identity Operator"} {
			if !strings.Contains(diags.String(), want) {
				t.Errorf("the error lacks %q:\n%s", want, diags)
			}
		}
	})
}

func TestAnInterruptedCreateConverges(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]mockarm.Fault{
		"the operation ends soon after":      {OperationDuration: 62 * time.Second},
		"the operation goes on":              {OperationDuration: 10 * time.Minute},
		"the answer to the write is lost":    {Method: http.MethodPatch, Count: 1, AnswerDelay: time.Hour},
		"the write never arrives":            {Method: http.MethodPatch, Count: 1, Delay: time.Hour},
		"another one holds the machine":      {Method: http.MethodPatch, Status: http.StatusConflict, Code: "ConflictingConcurrentWriteNotAllowed"},
		"nothing of the machine is readable": {Method: http.MethodGet, Path: "/subscriptions/**/virtualMachines/*", Status: http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := start(t, "id-reader")
				if err := p.Mock.Inject(fault); err != nil {
					t.Fatal(err)
				}
				r := p.Resource(typeName)
				config := userAssigned("id-reader").With(prototest.Object{"timeouts": prototest.Object{"create": "1m"}})
				first := r.Apply(config)
				p.Mock.ClearFaults()
				<-time.After(time.Hour)
				p.NextRun()
				// Terraform replaces what it holds for damaged: what is in state after a create that failed.
				if first.HasError() && r.State() != nil {
					if diags := r.Destroy(); diags.HasError() {
						t.Fatal(diags)
					}
				}
				if diags := r.Apply(config); diags.HasError() {
					t.Fatalf("%s\nthen\n%s", first, diags)
				}
				if got := assigned(p); !slices.Equal(got, []string{"id-reader"}) {
					t.Errorf("the machine has %v", got)
				}
			})
		})
	}
}

// The caller may write the machine, and assign one identity. A tool that writes the machine whole would need the right to
// assign the foreign one, too.
func TestTheLeastPrivilegeIsEnough(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := prototest.Start(t,
			prototest.Seed(func(s *mockarm.Seed) {
				s.Identities = []mockarm.SeedIdentity{{ResourceGroup: "DevTest", Name: "id-reader"}, {ResourceGroup: "DevTest", Name: "id-foreign"}}
				s.VirtualMachines[0].UserAssignedIdentities = []string{identities + "id-foreign"}
			}),
			prototest.As("deployer",
				mockarm.SeedRoleAssignment{Role: "Virtual Machine Contributor", Scope: machineID},
				mockarm.SeedRoleAssignment{Role: "Managed Identity Operator", Scope: identities + "id-reader"}))
		r := p.Resource(typeName)
		mustApply(t, r, userAssigned("id-reader"))
		if got := assigned(p); !slices.Equal(got, []string{"id-foreign", "id-reader"}) {
			t.Errorf("the machine has %v", got)
		}
		if diags := r.Destroy(); len(diags) > 0 {
			t.Fatal(diags)
		}
		if got := assigned(p); !slices.Equal(got, []string{"id-foreign"}) {
			t.Errorf("the machine has %v", got)
		}
		if diags := p.Resource(typeName).Apply(userAssigned("id-foreign").With(prototest.Object{"user_assigned_identity_id": identities + "id-other"})); !diags.HasError() {
			t.Error("the caller could assign another identity; the test shows nothing")
		}
	})
}
