// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package identityassignment_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

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

func TestTheInstancesOfAScaleSetMayNeedAnUpgrade(t *testing.T) {
	t.Parallel()
	for mode, warned := range map[string]bool{"Uniform Manual": true, "Uniform Automatic": false, "Flexible Manual": false} {
		synctest.Test(t, func(t *testing.T) {
			p := prototest.Start(t, prototest.Seed(func(s *mockarm.Seed) {
				orchestration, upgrade, _ := strings.Cut(mode, " ")
				s.VirtualMachineScaleSets = []mockarm.SeedScaleSet{{
					ResourceGroup: "DevTest", Name: "vmss-linux", OrchestrationMode: orchestration, UpgradeMode: upgrade,
				}}
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
