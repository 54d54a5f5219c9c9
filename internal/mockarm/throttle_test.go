// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// throttling is a default world whose limits are on.
func throttling(t *testing.T) (*azure, *session) {
	t.Helper()
	a := newAzure(t)
	a.world.Configure(func(settings *Settings) { settings.Throttle = true })
	return a, a.operator(t)
}

// spend sends requests that must be answered with a status.
func (s *session) spend(n, status int, method, path, body string) {
	s.t.Helper()
	for range n {
		s.must(status, method, path, body)
	}
}

// wantThrottled sends a request that must be turned away, and returns the pause that the answer asks for.
func (s *session) wantThrottled(code, method, path, body string) time.Duration {
	s.t.Helper()
	refused := s.refused(http.StatusTooManyRequests, code, method, path, body)
	seconds, err := strconv.Atoi(refused.header.Get("Retry-After"))
	if err != nil || seconds < 1 {
		s.t.Fatalf("Retry-After %q", refused.header.Get("Retry-After"))
	}
	return time.Duration(seconds) * time.Second
}

func TestSubscriptionBucketsAreThoseOfAzure(t *testing.T) {
	t.Parallel()
	identity := testIdentities + "nobody"
	for name, c := range map[string]struct {
		method, body, header string
		status, size, rate   int
	}{
		"reads":   {http.MethodGet, "", "x-ms-ratelimit-remaining-subscription-reads", http.StatusNotFound, 250, 25},
		"writes":  {http.MethodPatch, "{}", "x-ms-ratelimit-remaining-subscription-writes", http.StatusNotFound, 200, 10},
		"deletes": {http.MethodDelete, "", "x-ms-ratelimit-remaining-subscription-deletes", http.StatusNoContent, 200, 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a, s := throttling(t)
				for i := range c.size {
					if got, want := s.must(c.status, c.method, identity, c.body).header.Get(c.header), strconv.Itoa(c.size-1-i); got != want {
						t.Fatalf("after %d requests %s of them are left, want %s", i+1, got, want)
					}
				}
				refused := s.refused(http.StatusTooManyRequests, "SubscriptionRequestsThrottled", c.method, identity, c.body)
				want := fmt.Sprintf("Number of '%s' requests for subscription '%s' actor '%s' exceeded. Please try again after '1' seconds after additional tokens are available. "+
					"Refer to https://aka.ms/arm-throttling for additional information.", strings.TrimSuffix(name, "s"), DefaultSubscriptionID, DefaultOperatorID)
				if refused.value("error", "message") != want || refused.header.Get("Retry-After") != "1" || refused.header.Get(c.header) != "0" ||
					refused.header.Get("x-ms-failure-cause") != "gateway" {
					t.Errorf("refused with %s and %v", refused.text, refused.header)
				}
				time.Sleep(time.Second) // The bubble's. What has flowed in is as much as is documented, and no more.
				s.spend(c.rate, c.status, c.method, identity, c.body)
				s.wantThrottled("SubscriptionRequestsThrottled", c.method, identity, c.body)

				// Each principal has buckets of its own, and so has each kind of operation.
				other := a.session(t, a.servicePrincipal(t, "other", "Owner", testGroup).ObjectID)
				other.must(c.status, c.method, identity, c.body)
				if name == "reads" {
					s.must(http.StatusNoContent, http.MethodDelete, identity, "")
				} else {
					s.must(http.StatusNotFound, http.MethodGet, identity, "")
				}
			})
		})
	}
}

func TestTenantRequestsHaveABucketOfTheirOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, s := throttling(t)
		s.spend(250, http.StatusOK, http.MethodGet, "/tenants", "")
		s.wantThrottled("TenantRequestsThrottled", http.MethodGet, "/subscriptions", "")
		s.must(http.StatusOK, http.MethodGet, testGroup, "")
	})
}

func TestMachineHasTightBuckets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, s := throttling(t)
		a.world.Configure(func(settings *Settings) { settings.OperationDuration = time.Nanosecond })
		first := s.must(http.StatusOK, http.MethodPatch, DefaultMachineID, `{}`)
		if got := first.header.Get("x-ms-ratelimit-remaining-resource"); got != "Microsoft.Compute/UpdateVMSubscriptionMaximum;1499,Microsoft.Compute/UpdateVMResource;11" {
			t.Errorf("left are %s", got)
		}
		for range 11 {
			time.Sleep(time.Nanosecond) // The operation is over.
			s.must(http.StatusOK, http.MethodPatch, DefaultMachineID, `{}`)
		}
		time.Sleep(time.Nanosecond)
		refused := s.refused(http.StatusTooManyRequests, "OperationNotAllowed", http.MethodPatch, strings.ToUpper(DefaultMachineID), `{}`)
		if !strings.Contains(refused.text, `"target":"UpdateVMResource"`) || refused.header.Get("Retry-After") != "15" {
			t.Errorf("refused with %s after %s", refused.text, refused.header.Get("Retry-After"))
		}
		if etag := a.world.State().VirtualMachines[0].Etag; etag != 13 {
			t.Errorf("the machine was written %d times, want 12", etag-1)
		}
		time.Sleep(15 * time.Second)
		s.must(http.StatusOK, http.MethodPatch, DefaultMachineID, `{}`)
		time.Sleep(time.Nanosecond)
		s.wantThrottled("OperationNotAllowed", http.MethodPatch, DefaultMachineID, `{}`)

		s.spend(36, http.StatusOK, http.MethodGet, DefaultMachineID, "")
		if pause := s.wantThrottled("OperationNotAllowed", http.MethodGet, DefaultMachineID, ""); pause != 5*time.Second {
			t.Errorf("a GET is to wait %v", pause)
		}
		other := DefaultMachineID + "2"
		s.must(http.StatusCreated, http.MethodPut, other, `{"location":"westus"}`)
		s.must(http.StatusOK, http.MethodGet, other, "")
	})
}

func TestPollsHaveABucketForEachMachine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, s := throttling(t)
		a.world.Configure(func(settings *Settings) { settings.OperationDuration = time.Hour })
		poll := s.must(http.StatusOK, http.MethodPatch, DefaultMachineID, `{}`).header.Get("Azure-AsyncOperation")
		s.spend(45, http.StatusOK, http.MethodGet, poll, "")
		if pause := s.wantThrottled("OperationNotAllowed", http.MethodGet, poll, ""); pause != 4*time.Second {
			t.Errorf("a poll is to wait %v", pause)
		}
		time.Sleep(time.Hour)
		// A naive client that polls every second runs dry; who takes its time does not.
		again := s.must(http.StatusOK, http.MethodPatch, DefaultMachineID, `{}`).header.Get("Azure-AsyncOperation")
		refused := 0
		for range 120 {
			if s.do(http.MethodGet, again, "").status == http.StatusTooManyRequests {
				refused++
			}
			time.Sleep(time.Second)
		}
		if refused < 30 || refused > 60 {
			t.Errorf("of 120 polls in two minutes %d were refused, of which 45 and 2 × 15 may pass", refused)
		}
	})
}

func TestScaleSetHasTightBuckets(t *testing.T) {
	t.Parallel()
	a, s := throttling(t)
	a.world.Configure(func(settings *Settings) { settings.OperationDuration = time.Nanosecond })
	s.makeScaleSet("Manual")
	for range 11 {
		a.clock.Advance(time.Nanosecond)
		s.must(http.StatusOK, http.MethodPatch, testScaleSet, `{}`)
	}
	a.clock.Advance(time.Nanosecond)
	s.wantThrottled("OperationNotAllowed", http.MethodPost, testScaleSet+"/manualupgrade", `{"instanceIds":["*"]}`)
	if got := s.must(http.StatusOK, http.MethodGet, testScaleSet, "").header.Get("x-ms-ratelimit-remaining-resource"); got != "Microsoft.Compute/GetVMScaleSetSubscriptionMaximum;2399,Microsoft.Compute/GetVMScaleSetResource;35" {
		t.Errorf("left are %s", got)
	}
}

func TestIdentitiesAreMadeAtALimitedRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, s := throttling(t)
		for i := range 80 {
			s.createIdentity(fmt.Sprintf("id-%d", i))
		}
		pause := s.wantThrottled("TooManyRequests", http.MethodPut, testIdentities+"one-more", `{"location":"West US"}`)
		s.must(http.StatusCreated, http.MethodPut, testIdentities+"elsewhere", `{"location":"eastus"}`)
		time.Sleep(pause)
		s.createIdentity("one-more")
	})
}

func TestIdentitiesAreAssignedAtALimitedRate(t *testing.T) {
	t.Parallel()
	w := DefaultWorld(&Clock{})
	change := `{"identity":{"type":"UserAssigned","userAssignedIdentities":{%q:%s}}}`
	req := &request{method: http.MethodPatch, target: target{subscription: DefaultSubscriptionID, resourceGroup: "DevTest"}}
	req.body = fmt.Appendf(nil, change, testID("abc"), "{}")
	if got := assignmentLimits(w, req); len(got) != 2 || got[0].size != 300 || got[0].perSecond != 15 || !strings.HasSuffix(got[0].holder, "|westus") {
		t.Errorf("limits %+v", got)
	}
	req.body = fmt.Appendf(nil, change, testID("abc"), "null")
	if got := assignmentLimits(w, req); got != nil {
		t.Errorf("detaching is limited by %+v", got)
	}
}

func TestAuthorizationLimitIsWhatTheSettingsSay(t *testing.T) {
	t.Parallel()
	a, s := throttling(t)
	path := testGroup + "/providers/Microsoft.Authorization/roleAssignments"
	s.spend(130, http.StatusOK, http.MethodGet, path, "")
	a.world.Configure(func(settings *Settings) { settings.AuthorizationPerMinute = 10 })
	s.spend(10, http.StatusOK, http.MethodGet, path, "")
	pause := s.wantThrottled("ResourceRequestsThrottled", http.MethodGet, path, "")
	if pause != 6*time.Second {
		t.Errorf("the pause is %v", pause)
	}
	a.clock.Advance(pause)
	s.must(http.StatusOK, http.MethodGet, path, "")
}

func TestLimitsAreOnlyCountedByDefault(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	s.spend(300, http.StatusOK, http.MethodGet, testGroup, "")
	if got := s.must(http.StatusOK, http.MethodGet, DefaultMachineID, "").header.Get("x-ms-ratelimit-remaining-resource"); got != "Microsoft.Compute/LowCostGetSubscriptionMaximum;23999,Microsoft.Compute/LowCostGetResource;35" {
		t.Errorf("left are %s", got)
	}
	a.Reset()
	if got := s.must(http.StatusOK, http.MethodGet, testGroup, "").header.Get("x-ms-ratelimit-remaining-subscription-reads"); got != "249" {
		t.Errorf("after the reset %s are left", got)
	}
}
