// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// pollDelay is the wait before the n-th poll, from 0, of an operation where the service names none: 1, 1, 2, 2 and then 4
// seconds. Compute allows 45 polls of a machine's operations in a burst and 15 a minute after that (Microsoft Learn: "Compute
// throttling limits"), which a poll every four seconds never exceeds.
func pollDelay(n int) time.Duration { return time.Second << min(n/2, 2) }

// pollUntilDone waits for a long-running operation to end. An operation on a machine's identities takes two to five seconds;
// azcore's own way is to poll at once and then every thirty. Where the service sends Retry-After, that is the wait (ARM RPC,
// async-api-reference.md). first is the answer that began the operation.
func pollUntilDone[T any](ctx context.Context, poller *runtime.Poller[T], first *http.Response) (T, error) {
	last := first
	for n := 0; !poller.Done(); n++ {
		wait, told := retryAfter(last)
		if !told {
			wait = pollDelay(n)
		}
		if err := sleep(ctx, wait); err != nil {
			var none T
			return none, err
		}
		resp, err := poller.Poll(ctx)
		if err != nil {
			var none T
			return none, err
		}
		last = resp
	}
	return poller.Result(ctx)
}

// retryAfter returns how long the service asks to wait. Azure's services say it in one of three headers.
func retryAfter(resp *http.Response) (time.Duration, bool) {
	if resp == nil {
		return 0, false
	}
	for _, name := range []string{"retry-after-ms", "x-ms-retry-after-ms"} {
		if ms, err := strconv.Atoi(resp.Header.Get(name)); err == nil && ms >= 0 {
			return time.Duration(ms) * time.Millisecond, true
		}
	}
	text := resp.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil && seconds >= 0 {
		return time.Duration(seconds) * time.Second, true
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at)), true
	}
	return 0, false
}

// sleep waits, or returns the cause of ctx when that ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
