// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestWritersGetThroughAStorm has twenty stubborn clients attach an identity each to one machine, with limits on and
// everything going wrong now and then. They write, and look at what has become of it, until it is there.
func TestWritersGetThroughAStorm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const writers = 20
		a := newAzure(t)
		s := a.operator(t)
		ids := make([]string, writers)
		for i := range ids {
			ids[i] = s.createIdentity(fmt.Sprintf("id-%02d", i)).value("id")
		}
		a.world.Configure(func(settings *Settings) { settings.Throttle, settings.Seed = true, 1 })
		a.inject(t,
			Fault{Path: "**/virtualMachines/*", Probability: 0.05, Status: http.StatusServiceUnavailable, RetryAfter: time.Second},
			Fault{Path: "**/virtualMachines/*", Method: http.MethodPatch, Probability: 0.1, Reset: ResetAfter, Caller: DefaultOperatorID},
			Fault{Path: "**/virtualMachines/*", Method: http.MethodGet, Probability: 0.1, Truncate: true},
			Fault{Path: "**/virtualMachines/*", Method: http.MethodPatch, Probability: 0.1, AnswerDelay: 3 * time.Second},
			Fault{Path: "**/virtualMachines/*", Method: http.MethodPatch, Probability: 0.2, Operation: OperationPreemptedSilently},
			Fault{Path: "**/virtualMachines/*", Every: 7, Operation: OperationFailed, OperationDuration: 20 * time.Second})
		var all sync.WaitGroup
		for i, id := range ids {
			all.Go(func() {
				for try := range 2_000 {
					if s.attachOnce(id) {
						return
					}
					time.Sleep(time.Duration(1+(try*7+i*3)%20) * time.Second) // The bubble's.
				}
				t.Errorf("%s has not got through", id)
			})
		}
		all.Wait()
		if got := len(a.world.State().VirtualMachines[0].UserAssigned); got != writers {
			t.Errorf("%d identities are attached, want %d", got, writers)
		}
		for _, record := range a.Faults() {
			if record.Struck == 0 {
				t.Errorf("it never came to %+v", record)
			}
		}
		throttled := 0
		for _, request := range a.Requests() {
			if request.Status == http.StatusTooManyRequests {
				throttled++
			}
		}
		if throttled == 0 {
			t.Error("nobody was throttled")
		}
	})
}

// attachOnce looks whether an identity is in force on the default machine, and tries to attach it if not.
func (s *session) attachOnce(id string) bool {
	s.t.Helper()
	status, text, err := s.send(s.azure.Transport(), http.MethodGet, DefaultMachineID, "")
	if err != nil || status != http.StatusOK {
		return false
	}
	machine := answer{text: text}
	if err := json.Unmarshal([]byte(text), &machine.body); err != nil {
		s.t.Errorf("an answer that is whole, and no JSON: %v", err)
	}
	if _, attached := machineIdentityOf(machine); attached[id]["clientId"] != nil {
		return true
	}
	body := fmt.Sprintf(`{"identity":{"type":"UserAssigned","userAssignedIdentities":{%s:{}}}}`, strconv.Quote(id))
	_, _, _ = s.send(s.azure.Transport(), http.MethodPatch, DefaultMachineID, body) // What came of it the next look tells.
	return false
}
