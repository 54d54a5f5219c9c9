// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestIMDSHasItsLimits(t *testing.T) {
	t.Parallel()
	const instance = "/metadata/instance?api-version=2021-02-01"
	for path, perSecond := range map[string]int{imdsTokenPath + testMachineToken: 20, instance: 5} {
		synctest.Test(t, func(t *testing.T) {
			a, s := throttling(t)
			s.attach(s.createIdentity("reader").value("id"))
			for range 2 {
				for i := range perSecond {
					if got := a.ask(t, http.MethodGet, path); got.status != http.StatusOK {
						t.Fatalf("%s, the %dth: %d %s", path, i+1, got.status, got.text)
					}
				}
				if got := a.ask(t, http.MethodGet, path); got.status != http.StatusTooManyRequests || got.value("error") == "" {
					t.Errorf("%s, after %d: %d %s", path, perSecond, got.status, got.text)
				}
				time.Sleep(time.Second) // The bubble's.
			}
			// Each kind of request has a limit of its own.
			if got := a.ask(t, http.MethodGet, "/metadata/versions"); got.status != http.StatusOK {
				t.Errorf("another kind: %d", got.status)
			}
		})
	}
}

func TestIMDSHasFiveRequestsUnderWay(t *testing.T) {
	t.Parallel()
	for throttle, want := range map[bool]int{true: 2, false: 0} {
		synctest.Test(t, func(t *testing.T) {
			a, s := throttling(t)
			s.attach(s.createIdentity("reader").value("id"))
			a.world.Configure(func(settings *Settings) { settings.Throttle = throttle })
			a.inject(t, Fault{Kind: IMDSRequest, Delay: time.Second})
			var group sync.WaitGroup
			var mu sync.Mutex
			refused := 0
			for range imdsConcurrency + 2 {
				group.Go(func() {
					if got := a.ask(t, http.MethodGet, imdsTokenPath+testMachineToken); got.status == http.StatusTooManyRequests {
						mu.Lock()
						defer mu.Unlock()
						refused++
					}
				})
			}
			group.Wait()
			if refused != want {
				t.Errorf("with limits %t, %d were turned away, want %d", throttle, refused, want)
			}
			a.ClearFaults()
			if got := a.ask(t, http.MethodGet, imdsTokenPath+testMachineToken); got.status != http.StatusOK {
				t.Errorf("afterwards: %d %s", got.status, got.text)
			}
		})
	}
}
