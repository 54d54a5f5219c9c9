// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// throttle makes all callers wait when ARM says that one has asked too much.
//
// ARM counts the reads, writes and deletes of a principal in a subscription each in a bucket (Microsoft Learn:
// request-limits-and-throttling). When a bucket is empty, every further request on it is refused, so that there is no
// point in sending any before the time that the first refusal names.
type throttle struct {
	mu      sync.Mutex
	refused map[string]refusal // by bucket
}

type refusal struct {
	until time.Time
	err   error // the refusal itself
}

// wait holds an attempt back until the server wants to hear of it. When the caller's time is up before that, it fails at
// once, with the refusal.
func (t *throttle) wait(req *policy.Request, state *call) error {
	ctx := req.Raw().Context()
	for {
		until, refused := state.notBefore, state.last
		t.mu.Lock()
		if r := t.refused[bucket(req.Raw())]; r.until.After(until) {
			until, refused = r.until, r.err
		}
		t.mu.Unlock()
		pause := time.Until(until)
		if pause <= 0 {
			return nil
		}
		if err := tooLong(req.Raw(), pause, refused); err != nil {
			return err
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// note takes down what a refusal says about when to come back.
func (t *throttle) note(req *policy.Request, resp *http.Response, state *call) error {
	pause, told := retryAfter(resp)
	if !told || pause <= 0 {
		return nil
	}
	if err := tooLong(req.Raw(), pause, state.last); err != nil {
		return err
	}
	state.notBefore = time.Now().Add(pause)
	// A resource provider's refusal is about one resource or operation; only ARM's own is about the bucket.
	if resp.StatusCode == http.StatusTooManyRequests && refusedByARM(resp, state.last) {
		t.mu.Lock()
		if t.refused == nil {
			t.refused = map[string]refusal{}
		}
		if key := bucket(req.Raw()); t.refused[key].until.Before(state.notBefore) {
			t.refused[key] = refusal{state.notBefore, state.last}
		}
		t.mu.Unlock()
	}
	if pause > maxBackOff {
		// azcore gives up at once when it reads a pause that is longer than its own longest. It gets none to read; its next
		// attempt waits here.
		for _, name := range []string{"Retry-After-Ms", "X-Ms-Retry-After-Ms", "Retry-After"} {
			resp.Header.Del(name)
		}
	}
	return nil
}

func refusedByARM(resp *http.Response, err error) bool {
	return strings.EqualFold(resp.Header.Get("X-Ms-Failure-Cause"), "gateway") ||
		ErrorCode(err) == "SubscriptionRequestsThrottled" || ErrorCode(err) == "TenantRequestsThrottled"
}

// bucket is what ARM counts a request on.
func bucket(req *http.Request) string {
	class := "writes"
	switch req.Method {
	case http.MethodGet, http.MethodHead:
		class = "reads"
	case http.MethodDelete:
		class = "deletes"
	}
	segments := strings.Split(strings.ToLower(req.URL.Path), "/")
	if len(segments) > 2 && segments[1] == "subscriptions" {
		return segments[2] + "/" + class
	}
	return "tenant/" + class
}

func tooLong(req *http.Request, pause time.Duration, refused error) error {
	deadline, ok := req.Context().Deadline()
	if !ok || !time.Now().Add(pause).After(deadline) {
		return nil
	}
	return &ThrottledError{Wait: pause, Err: refused}
}

// ThrottledError says that Azure wants to be left alone for longer than the caller has time.
type ThrottledError struct {
	Wait time.Duration
	Err  error
}

// Error implements error.
func (e *ThrottledError) Error() string {
	return fmt.Sprintf("Azure asks to wait for %s before the request is sent again, which is longer than the operation's timeout leaves. Its answer was: %s", e.Wait.Round(time.Second), summary(e.Err))
}

// Unwrap returns the refusal.
func (e *ThrottledError) Unwrap() error { return e.Err }

// NonRetriable marks the error for azcore.
func (*ThrottledError) NonRetriable() {}

func (*ThrottledError) explained() {}
