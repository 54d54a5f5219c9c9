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

const (
	typeName   = "azuremi_virtual_machine_identity_assignment"
	group      = "/subscriptions/" + mockarm.DefaultSubscriptionID + "/resourceGroups/DevTest"
	machineID  = group + "/providers/Microsoft.Compute/virtualMachines/vm-linux"
	identities = group + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"
)

// start makes identities in a new Azure. Operations there take seconds; tests run in a bubble of virtual time.
func start(t *testing.T, names ...string) *prototest.Provider {
	t.Helper()
	p := prototest.Start(t)
	for _, name := range names {
		p.Behind(http.MethodPut, identities+name, `{"location":"westus"}`)
	}
	return p
}

func userAssigned(name string) prototest.Object {
	return prototest.Object{"virtual_machine_id": machineID, "user_assigned_identity_id": identities + name}
}

func systemAssigned() prototest.Object {
	return prototest.Object{"virtual_machine_id": machineID, "system_assigned": true}
}

func machine(p *prototest.Provider) mockarm.VirtualMachineState {
	return p.Mock.World().State().VirtualMachines[0]
}

// assigned are the names of the user-assigned identities on the machine.
func assigned(p *prototest.Provider) []string {
	var names []string
	for _, a := range machine(p).UserAssigned {
		names = append(names, a.ID[strings.LastIndexByte(a.ID, '/')+1:])
	}
	slices.Sort(names)
	return names
}

func mustApply(t *testing.T, r *prototest.Resource, c prototest.Object) {
	t.Helper()
	if diags := r.Apply(c); len(diags) > 0 {
		t.Fatal(diags)
	}
}

// writes are the requests that changed the machine.
func writes(p *prototest.Provider) []mockarm.RequestRecord {
	return slices.DeleteFunc(p.Mock.Requests(), func(r mockarm.RequestRecord) bool {
		return r.Method == http.MethodGet || !strings.HasSuffix(r.Path, "/virtualMachines/vm-linux")
	})
}

func TestLifeCycleOfAUserAssignedIdentity(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := start(t, "id-reader")
		r := p.Resource(typeName)
		mustApply(t, r, userAssigned("id-reader"))
		on := machine(p)
		if len(on.UserAssigned) != 1 || on.SystemAssigned != nil {
			t.Fatalf("the machine has %+v", on)
		}
		for attribute, want := range map[string]string{
			"id": machineID + "|" + identities + "id-reader", "principal_id": on.UserAssigned[0].PrincipalID, "client_id": on.UserAssigned[0].ClientID,
		} {
			if got := r.Get(attribute); got != want || want == "" {
				t.Errorf("%s is %q, want %q", attribute, got, want)
			}
		}
		if diags := r.Destroy(); len(diags) > 0 {
			t.Fatal(diags)
		}
		if on := machine(p); len(on.UserAssigned) != 0 || on.SystemAssigned != nil {
			t.Errorf("the machine has %+v", on)
		}
	})
}

func TestLifeCycleOfTheSystemAssignedIdentity(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := start(t)
		r := p.Resource(typeName)
		mustApply(t, r, systemAssigned())
		own := machine(p).SystemAssigned
		if own == nil {
			t.Fatal("the machine has no identity of its own")
		}
		for attribute, want := range map[string]string{
			"id": machineID + "|SystemAssigned", "principal_id": own.PrincipalID, "client_id": own.ClientID,
		} {
			if got := r.Get(attribute); got != want || want == "" {
				t.Errorf("%s is %q, want %q", attribute, got, want)
			}
		}
		if diags := r.Destroy(); len(diags) > 0 {
			t.Fatal(diags)
		}
		if own := machine(p).SystemAssigned; own != nil {
			t.Errorf("the machine still has %+v", own)
		}
	})
}

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

func TestTakenOffBehindTerraformsBackComesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := start(t, "id-reader")
		r := p.Resource(typeName)
		mustApply(t, r, userAssigned("id-reader"))
		p.Behind(http.MethodPatch, machineID, `{"identity":{"type":"None"}}`)
		if diags := r.Refresh(); len(diags) > 0 || r.State() != nil {
			t.Fatal(r.State(), diags)
		}
		mustApply(t, r, userAssigned("id-reader"))
		if got := assigned(p); !slices.Equal(got, []string{"id-reader"}) {
			t.Errorf("the machine has %v", got)
		}
	})
}

func TestWithoutItsMachineAnAssignmentIsGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := start(t, "id-reader")
		p.OldTerraform = true
		r, other := p.Resource(typeName), p.Resource(typeName)
		mustApply(t, r, userAssigned("id-reader"))
		mustApply(t, other, systemAssigned())
		p.Behind(http.MethodDelete, machineID, "")
		if diags := r.Refresh(); len(diags) > 0 || r.State() != nil {
			t.Error(r.State(), diags)
		}
		if diags := other.Destroy(); len(diags) > 0 {
			t.Error(diags)
		}
		if diags := r.Apply(userAssigned("id-reader")); !strings.Contains(diags.String(), "ResourceNotFound") {
			t.Errorf("assigning to a machine that is not there: %s", diags)
		}
	})
}

func TestWhatIsAssignedIsNotTakenOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := start(t, "id-reader")
		p.Behind(http.MethodPatch, machineID, `{"identity":{"type":"SystemAssigned, UserAssigned","userAssignedIdentities":{"`+identities+`id-reader":{}}}}`)
		for id, config := range map[string]prototest.Object{
			machineID + "|" + identities + "id-reader": userAssigned("id-reader"),
			machineID + "|SystemAssigned":              systemAssigned(),
		} {
			r := p.Resource(typeName)
			diags := r.Apply(config)
			if !diags.HasError() || r.State() != nil || !strings.Contains(diags.String(), `id = "`+id+`"`) {
				t.Errorf("applied to what is there: %v %s", r.State(), diags)
			}
			// The import block in the error works.
			if diags := r.Import(id); len(diags) > 0 {
				t.Error(diags)
			}
			if plan, diags := r.Plan(config); plan.Action != prototest.NoOp || len(diags) > 0 {
				t.Errorf("the plan after import is to %s %s", plan.Action, diags)
			}
		}
	})
}

func TestImport(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := start(t, "id-reader")
		mustApply(t, p.Resource(typeName), userAssigned("id-reader"))
		mustApply(t, p.Resource(typeName), systemAssigned())
		user, system := userAssigned("id-reader"), systemAssigned()
		for _, c := range []struct {
			name   string
			take   func(*prototest.Resource) prototest.Diagnostics
			config prototest.Object
		}{
			{"by ID", func(r *prototest.Resource) prototest.Diagnostics {
				return r.Import(machineID + "|" + identities + "id-reader")
			}, user},
			{"by ID in small letters", func(r *prototest.Resource) prototest.Diagnostics {
				return r.Import(strings.ToLower(machineID + "|" + identities + "id-reader"))
			}, user},
			{"by identity", func(r *prototest.Resource) prototest.Diagnostics { return r.ImportIdentity(user) }, user},
			{"system-assigned by ID", func(r *prototest.Resource) prototest.Diagnostics { return r.Import(machineID + "|systemassigned") }, system},
			{"system-assigned by identity", func(r *prototest.Resource) prototest.Diagnostics {
				return r.ImportIdentity(prototest.Object{"virtual_machine_id": machineID})
			}, system},
		} {
			r := p.Resource(typeName)
			if diags := c.take(r); len(diags) > 0 {
				t.Errorf("%s: %s", c.name, diags)
				continue
			}
			if plan, diags := r.Plan(c.config); plan.Action != prototest.NoOp || len(diags) > 0 {
				t.Errorf("%s: the plan after import is to %s %s", c.name, plan.Action, diags)
			}
		}
		for id, want := range map[string]string{
			machineID:                     `holds no "|"`,
			machineID + "|":               "neither",
			identities + "x|" + machineID: `before "|"`,
			machineID + "|" + identities + "id-other": "non-existent",
		} {
			if diags := p.Resource(typeName).Import(id); !strings.Contains(diags.String(), want) {
				t.Errorf("importing %q: %s", id, diags)
			}
		}
	})
}

func TestAnotherSpellingIsNoChange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := start(t, "id-reader")
		r := p.Resource(typeName)
		// As the managed-identity service writes its own IDs.
		mustApply(t, r, userAssigned("id-reader").With(prototest.Object{
			"user_assigned_identity_id": strings.Replace(identities, "resourceGroups", "resourcegroups", 1) + "id-reader",
		}))
		plan, diags := r.Plan(prototest.Object{
			"virtual_machine_id": strings.ToUpper(machineID), "user_assigned_identity_id": strings.ToLower(identities + "id-reader"),
		})
		if plan.Action != prototest.NoOp || len(diags) > 0 {
			t.Errorf("the plan is to %s %s", plan.Action, diags)
		}
	})
}

func TestWhatCannotChangeIsReplaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := start(t, "id-reader", "id-other")
		r := p.Resource(typeName)
		mustApply(t, r, userAssigned("id-reader"))
		mustApply(t, r, userAssigned("id-other"))
		if got := assigned(p); !slices.Equal(got, []string{"id-other"}) {
			t.Errorf("the machine has %v", got)
		}
		mustApply(t, r, systemAssigned())
		if got := assigned(p); len(got) != 0 || machine(p).SystemAssigned == nil {
			t.Errorf("the machine has %+v", machine(p))
		}
		// Timeouts are no part of Azure.
		before := len(writes(p))
		mustApply(t, r, systemAssigned().With(prototest.Object{"timeouts": prototest.Object{"create": "7m"}}))
		if len(writes(p)) != before {
			t.Error("a timeout was written to the machine")
		}
	})
}

func TestBadInputFailsThePlan(t *testing.T) {
	t.Parallel()
	r := prototest.Start(t).Resource(typeName)
	for _, c := range []struct {
		config prototest.Object
		want   string
	}{
		{prototest.Object{"virtual_machine_id": machineID}, "user_assigned_identity_id"},
		{userAssigned("x").With(systemAssigned()), "system_assigned"},
		{prototest.Object{"virtual_machine_id": machineID, "system_assigned": false}, "system_assigned"},
		{prototest.Object{"virtual_machine_id": identities + "x", "system_assigned": true}, "virtualMachines/example"},
		{prototest.Object{"virtual_machine_id": machineID, "user_assigned_identity_id": machineID}, "userAssignedIdentities/example"},
		{prototest.Object{"virtual_machine_id": "vm-linux", "system_assigned": true}, `does not start with "/"`},
	} {
		if _, diags := r.Plan(c.config); !diags.HasError() || !strings.Contains(diags.String(), c.want) {
			t.Errorf("with %v: %s", c.config, diags)
		}
	}
	if _, diags := r.Plan(prototest.Object{"virtual_machine_id": machineID, "user_assigned_identity_id": prototest.Unknown}); len(diags) > 0 {
		t.Errorf("with an identity that is not there yet: %s", diags)
	}
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

func TestAStaleAssignmentIsReplaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := start(t, "id-reader")
		r := p.Resource(typeName)
		mustApply(t, r, userAssigned("id-reader"))
		before := r.Get("principal_id")
		p.Behind(http.MethodDelete, identities+"id-reader", "")
		p.Behind(http.MethodPut, identities+"id-reader", `{"location":"westus"}`)
		if diags := r.Refresh(); len(diags) > 0 {
			t.Fatal(diags)
		}
		plan, diags := r.Plan(userAssigned("id-reader"))
		if plan.Action != prototest.Replace || len(diags) != 1 || diags.HasError() || !strings.Contains(diags.String(), "stale") {
			t.Fatalf("the plan is to %s %s", plan.Action, diags)
		}
		if diags := r.Apply(userAssigned("id-reader")); diags.HasError() {
			t.Fatal(diags)
		}
		on := machine(p).UserAssigned
		if len(on) != 1 || on[0].Dead || r.Get("principal_id") != on[0].PrincipalID || r.Get("principal_id") == before {
			t.Errorf("the machine has %+v, the state %v", on, r.State())
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

func TestTheInstancesOfAScaleSetMayNeedAnUpgrade(t *testing.T) {
	t.Parallel()
	for mode, warned := range map[string]bool{"Manual": true, "Automatic": false} {
		synctest.Test(t, func(t *testing.T) {
			p := prototest.Start(t, prototest.Seed(func(s *mockarm.Seed) {
				s.VirtualMachineScaleSets = []mockarm.SeedScaleSet{{ResourceGroup: "DevTest", Name: "vmss-linux", UpgradeMode: mode}}
			}))
			p.Behind(http.MethodPut, identities+"id-reader", `{"location":"westus"}`)
			set := group + "/providers/Microsoft.Compute/virtualMachineScaleSets/vmss-linux"
			r := p.Resource("azuremi_virtual_machine_scale_set_identity_assignment")
			diags := r.Apply(prototest.Object{"virtual_machine_scale_set_id": set, "user_assigned_identity_id": identities + "id-reader"})
			if diags.HasError() || (len(diags) > 0) != warned || r.Get("principal_id") == "" {
				t.Errorf("%s: %s", mode, diags)
			}
			if r.Get("id") != set+"|"+identities+"id-reader" {
				t.Errorf("the ID is %q", r.Get("id"))
			}
			own := p.Resource("azuremi_virtual_machine_scale_set_identity_assignment")
			if diags := own.Apply(prototest.Object{"virtual_machine_scale_set_id": set, "system_assigned": true}); diags.HasError() || own.Get("client_id") == "" {
				t.Errorf("%s: %v %s", mode, own.State(), diags)
			}
			for _, r := range []*prototest.Resource{r, own} {
				again := p.Resource("azuremi_virtual_machine_scale_set_identity_assignment")
				if diags := again.Import(r.Get("id")); diags.HasError() {
					t.Error(diags)
				}
				if diags := r.Destroy(); diags.HasError() {
					t.Error(diags)
				}
			}
			if left := p.Mock.World().State().VirtualMachineScaleSets[0]; len(left.UserAssigned) != 0 || left.SystemAssigned != nil {
				t.Errorf("the scale set has %+v", left)
			}
		})
	}
}

func TestWhatIsAssignedIsAdoptedOnDemand(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := prototest.Start(t, prototest.Configuration(prototest.Object{"adopt_existing": true}))
		p.Behind(http.MethodPut, identities+"id-reader", `{"location":"westus"}`)
		p.Behind(http.MethodPatch, machineID, `{"identity":{"type":"UserAssigned","userAssignedIdentities":{"`+identities+`id-reader":{}}}}`)
		before := len(writes(p))
		mustApply(t, p.Resource(typeName), userAssigned("id-reader"))
		if len(writes(p)) != before {
			t.Error("the machine was written")
		}
	})
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
