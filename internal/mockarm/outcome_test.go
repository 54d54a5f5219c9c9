// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

func TestOperationEndsAsTheFaultSays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault                 Fault
		status, code, machine string
		inForce               bool
	}{
		"well":                    {Fault{OperationDuration: 2 * time.Second}, "Succeeded", "", "Succeeded", true},
		"failed":                  {Fault{Operation: OperationFailed}, "Failed", "InternalExecutionError", "Failed", false},
		"failed by another error": {Fault{Operation: OperationFailed, Code: "AllocationFailed", Message: "m"}, "Failed", "AllocationFailed", "Failed", false},
		"canceled":                {Fault{Operation: OperationCanceled}, "Canceled", "OperationCanceled", "Canceled", false},
		"pre-empted":              {Fault{Operation: OperationPreempted}, "Failed", "OperationPreempted", "Succeeded", false},
		"pre-empted silently":     {Fault{Operation: OperationPreemptedSilently}, "Succeeded", "", "Succeeded", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAzure(t)
			s := a.operator(t)
			id := s.createIdentity("abc").value("id")
			c.fault.Path, c.fault.Count = "**/virtualMachines/*", 1
			a.inject(t, c.fault)
			// A write that begins no operation is not what the fault is about.
			s.refused(http.StatusPreconditionFailed, "PreconditionFailed", http.MethodPatch, DefaultMachineID, `{}`, "If-Match", `"77"`)
			const identity = `{"type":"SystemAssigned, UserAssigned","userAssignedIdentities":{%q:{}}}`
			principals := len(a.world.State().Principals)
			accepted := s.patchIdentity(fmt.Sprintf(identity, id))
			if accepted.status != http.StatusOK || accepted.value("properties", "provisioningState") != "Updating" {
				t.Fatalf("accepted with %d %s", accepted.status, accepted.text)
			}
			a.finish()
			poll := s.must(http.StatusOK, http.MethodGet, accepted.header.Get("Azure-AsyncOperation"), "")
			if poll.value("status") != c.status || poll.code() != c.code || poll.value("endTime") == "" {
				t.Errorf("polled %s", poll.text)
			}
			machine := s.must(http.StatusOK, http.MethodGet, DefaultMachineID, "")
			_, attached := machineIdentityOf(machine)
			if machine.value("properties", "provisioningState") != c.machine || (attached[id] != nil) != c.inForce {
				t.Errorf("the machine is %s", machine.text)
			}
			if got := len(a.world.State().Principals) - principals; (got == 1) != c.inForce {
				t.Errorf("%d principals have been left", got)
			}
			if got := a.ask(t, http.MethodGet, imdsTokenPath+testMachineToken); (got.status == http.StatusOK) != c.inForce {
				t.Errorf("IMDS answers %d %s", got.status, got.text)
			}
			// Who looks, and tries again, gets there.
			if again := s.patchIdentity(fmt.Sprintf(identity, id)); again.status != http.StatusOK {
				t.Fatalf("once more: %d %s", again.status, again.text)
			}
			a.finish()
			machine = s.must(http.StatusOK, http.MethodGet, DefaultMachineID, "")
			if _, attached = machineIdentityOf(machine); attached[id] == nil || machine.value("properties", "provisioningState") != "Succeeded" {
				t.Errorf("in the end the machine is %s", machine.text)
			}
		})
	}
}

func TestSilentPreemptionTakesNothingAwayEither(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	s.patchIdentity(`{"type":"SystemAssigned"}`)
	a.finish()
	own := a.world.State().VirtualMachines[0].SystemAssigned
	a.inject(t, Fault{Method: "PATCH", Operation: OperationPreemptedSilently})
	s.patchIdentity(`{"type":"None"}`)
	a.finish()
	if now := a.world.State().VirtualMachines[0].SystemAssigned; now == nil || *now != *own {
		t.Errorf("the machine's own identity is %+v", now)
	}
	if got := a.ask(t, http.MethodGet, imdsTokenPath+testMachineToken); got.status != http.StatusOK {
		t.Errorf("IMDS answers %d %s", got.status, got.text)
	}
}

func TestOperationTakesLonger(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	a.inject(t, Fault{Nth: 2, OperationDuration: 10 * time.Minute})
	s.patchIdentity(`{"type":"SystemAssigned"}`)
	a.finish()
	s.must(http.StatusAccepted, http.MethodDelete, DefaultMachineID, "")
	a.clock.Advance(10*time.Minute - time.Second)
	s.must(http.StatusOK, http.MethodGet, DefaultMachineID, "")
	a.clock.Advance(time.Second)
	s.must(http.StatusNotFound, http.MethodGet, DefaultMachineID, "")
}

func TestDeletionThatFailsLeavesTheResource(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	for _, path := range []string{DefaultMachineID, testGroup} {
		a.inject(t, Fault{Method: "DELETE", Path: path, Count: 1, Operation: OperationFailed})
		deletion := s.must(http.StatusAccepted, http.MethodDelete, path, "")
		a.finish()
		s.refused(http.StatusConflict, "InternalExecutionError", http.MethodGet, deletion.header.Get("Location"), "")
		if got := s.must(http.StatusOK, http.MethodGet, path, "").value("properties", "provisioningState"); got != "Failed" {
			t.Errorf("%s is %s", path, got)
		}
		s.must(http.StatusAccepted, http.MethodDelete, path, "")
	}
	a.finish()
	s.must(http.StatusNotFound, http.MethodGet, testGroup, "")
}

func TestUpgradeThatFailsLeavesTheInstancesBehind(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	s.makeScaleSet("Manual")
	s.attachToSet(s.createIdentity("abc").value("id"))
	a.inject(t, Fault{Path: "**/manualupgrade", Count: 1, Operation: OperationFailed})
	for _, want := range []string{"0:false 1:false", "0:true 1:true"} {
		s.must(http.StatusAccepted, http.MethodPost, testScaleSet+"/manualupgrade", `{"instanceIds":["*"]}`)
		a.finish()
		if got := s.upToDate(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
