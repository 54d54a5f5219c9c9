// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"strings"
	"testing"
)

func TestProvisioningStateDecidesWhatCanBeWritten(t *testing.T) {
	t.Parallel()
	for state, c := range map[string]struct {
		status   int
		code     string
		deletion int
	}{
		"succeeded": {http.StatusOK, "", http.StatusAccepted},
		"Failed":    {http.StatusOK, "", http.StatusAccepted},
		"Canceled":  {http.StatusOK, "", http.StatusAccepted},
		"Updating":  {http.StatusConflict, "ConflictingConcurrentWriteNotAllowed", http.StatusConflict},
		"Creating":  {http.StatusConflict, "ConflictingConcurrentWriteNotAllowed", http.StatusConflict},
		"deleting":  {http.StatusConflict, "OperationNotAllowed", http.StatusAccepted},
	} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			a := newAzure(t)
			s := a.operator(t)
			s.makeScaleSet("Manual")
			for _, id := range []string{DefaultMachineID, testScaleSet} {
				if err := a.world.SetProvisioningState(strings.ToUpper(id), state); err != nil {
					t.Fatal(err)
				}
				if got := s.must(http.StatusOK, http.MethodGet, id, "").value("properties", "provisioningState"); !strings.EqualFold(got, state) {
					t.Errorf("%s is %s", id, got)
				}
				written := s.must(c.status, http.MethodPatch, id, `{"tags":{"a":"b"}}`)
				if written.code() != c.code {
					t.Errorf("PATCH of %s: %s", id, written.text)
				}
				a.finish()
				got := s.must(http.StatusOK, http.MethodGet, id, "")
				if recovered := got.value("properties", "provisioningState") == "Succeeded"; recovered != (c.code == "") || (got.value("tags", "a") == "b") != recovered {
					t.Errorf("after the PATCH: %s", got.text)
				}
				s.must(c.deletion, http.MethodDelete, id, "")
			}
		})
	}
}

func TestProvisioningStateIsCheckedBeforeItIsSet(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	refused := func(id, state, want string) {
		t.Helper()
		if err := a.world.SetProvisioningState(id, state); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("setting %s of %s: %v, want %s", state, id, err, want)
		}
	}
	refused(DefaultMachineID+"2", "Failed", "there is no virtual machine")
	refused(DefaultMachineID, "Broken", `"Broken" is none of`)
	s.patchIdentity(`{"type":"SystemAssigned"}`)
	refused(DefaultMachineID, "Failed", "an operation is in progress")
	a.finish()
	if err := a.world.SetProvisioningState(DefaultMachineID, "Failed"); err != nil {
		t.Error(err)
	}
}

func TestMachineOnItsWayOutTakesOnlyItsDeletion(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	first := s.must(http.StatusAccepted, http.MethodDelete, DefaultMachineID, "")
	refused := s.refused(http.StatusConflict, "OperationNotAllowed", http.MethodPatch, DefaultMachineID, `{"identity":{"type":"SystemAssigned"}}`)
	want := "Operation 'Update VM' is not allowed on VM 'vm-linux' since the VM is marked for deletion. You can only retry the Delete operation (or wait for an ongoing one to complete)."
	if refused.value("error", "message") != want {
		t.Errorf("message %q", refused.value("error", "message"))
	}
	again := s.must(http.StatusAccepted, http.MethodDelete, DefaultMachineID, "")
	if first.header.Get("Location") != again.header.Get("Location") {
		t.Errorf("a second deletion at %s, the first at %s", again.header.Get("Location"), first.header.Get("Location"))
	}
	for _, principal := range a.world.State().Principals {
		if principal.ResourceID != "" {
			t.Errorf("the refused write has left %+v", principal)
		}
	}
	a.finish()
	s.must(http.StatusNotFound, http.MethodGet, DefaultMachineID, "")
}

func TestSeedTellsProvisioningStates(t *testing.T) {
	t.Parallel()
	seed := DefaultSeed()
	seed.VirtualMachines[0].ProvisioningState = "failed"
	seed.VirtualMachineScaleSets = []SeedScaleSet{{ResourceGroup: "DevTest", Name: "web", ProvisioningState: "Deleting", UpgradeMode: "rolling", Capacity: 1}}
	w, err := NewWorld(seed, &Clock{})
	if err != nil {
		t.Fatal(err)
	}
	state := w.State()
	if state.VirtualMachines[0].ProvisioningState != "Failed" {
		t.Errorf("the machine is %+v", state.VirtualMachines[0])
	}
	if set := state.VirtualMachineScaleSets[0]; set.ProvisioningState != "Deleting" || set.UpgradeMode != "Rolling" || len(set.Instances) != 1 || !set.Instances[0].LatestModelApplied {
		t.Errorf("the scale set is %+v", set)
	}
	for mistake, spoil := range map[string]func(*Seed){
		`virtualMachines[0].provisioningState: "Odd"`:          func(s *Seed) { s.VirtualMachines[0].ProvisioningState = "Odd" },
		`virtualMachineScaleSets[0].orchestrationMode: "Odd"`:  func(s *Seed) { s.VirtualMachineScaleSets[0].OrchestrationMode = "Odd" },
		`virtualMachineScaleSets[0].upgradeMode: "Odd"`:        func(s *Seed) { s.VirtualMachineScaleSets[0].UpgradeMode = "Odd" },
		`virtualMachineScaleSets[0].capacity`:                  func(s *Seed) { s.VirtualMachineScaleSets[0].Capacity = -1 },
		`virtualMachineScaleSets[0].resourceGroup`:             func(s *Seed) { s.VirtualMachineScaleSets[0].ResourceGroup = "Odd" },
		`virtualMachineScaleSets[0].userAssignedIdentities[0]`: func(s *Seed) { s.VirtualMachineScaleSets[0].UserAssignedIdentities = []string{"/x"} },
		`virtualMachines[0].properties.virtualMachineScaleSet.id`: func(s *Seed) {
			s.VirtualMachines[0].Properties = map[string]any{"virtualMachineScaleSet": map[string]any{"id": testScaleSet}} // A Uniform one.
		},
	} {
		seed := DefaultSeed()
		seed.VirtualMachineScaleSets = []SeedScaleSet{{ResourceGroup: "DevTest", Name: "web"}}
		spoil(&seed)
		if _, err := NewWorld(seed, &Clock{}); err == nil || !strings.Contains(err.Error(), mistake) {
			t.Errorf("got %v, want %s", err, mistake)
		}
	}
}
