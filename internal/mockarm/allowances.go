// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"strconv"
	"strings"
	"sync"
	"time"
)

// allowances keep count of what Azure still grants: the token buckets of all limits.
type allowances struct {
	mu      sync.Mutex
	buckets map[string]*bucket
}

type bucket struct {
	left float64
	asOf time.Time
}

// almost is how much of a token is as good as one: what flows in is not a round number.
const almost = 1 - 1e-6

// take takes a request from the buckets of all limits; where one of them is empty and the limits are enforced, from none.
// It tells what is left in each, and of the limit that was exceeded, how long it takes until there is a token again.
// Without enforcement an empty bucket stays empty.
func (a *allowances) take(now time.Time, enforced bool, limits []limit) (left []int, exceeded *limit, pause time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.buckets == nil {
		a.buckets = map[string]*bucket{}
	}
	buckets := make([]*bucket, 0, len(limits))
	for i, l := range limits {
		b := a.buckets[l.bucket()]
		if b == nil {
			b = &bucket{left: l.size, asOf: now}
			a.buckets[l.bucket()] = b
		}
		b.left = min(l.size, b.left+l.perSecond*now.Sub(b.asOf).Seconds())
		b.asOf = now
		buckets = append(buckets, b)
		if missing := time.Duration((1 - b.left) / l.perSecond * float64(time.Second)); enforced && b.left < almost && missing > pause {
			exceeded, pause = &limits[i], missing
		}
	}
	for _, b := range buckets {
		if exceeded == nil {
			b.left = max(0, b.left-1)
		}
		left = append(left, int(b.left+1-almost))
	}
	return left, exceeded, pause
}

// forget fills all buckets.
func (a *allowances) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.buckets)
}

// checkAllowance counts a request and says in the headers what is left to the caller.
func (v *visit) checkAllowance() *response {
	limits := frontDoorLimits(v.request)
	left, exceeded, pause := v.server.allowances.take(v.world.clock.Now(), v.world.settings.Throttle, limits)
	for i, l := range limits {
		v.answerHeader.Set("x-ms-ratelimit-remaining-"+l.name, strconv.Itoa(left[i]))
	}
	if exceeded != nil {
		return gateway(throttled(*exceeded, pause))
	}
	return nil
}

// checkServiceAllowance is checkAllowance for the limits of the resource provider itself. Microsoft.Compute is the one that
// tells what is left.
func (v *visit) checkServiceAllowance() *response {
	if v.service.limits == nil {
		return nil
	}
	limits := v.service.limits(v.world, v.request)
	left, exceeded, pause := v.server.allowances.take(v.world.clock.Now(), v.world.settings.Throttle, limits)
	var told []string
	for i, l := range limits {
		if strings.HasSuffix(l.name, "SubscriptionMaximum") || strings.HasSuffix(l.name, "Resource") {
			told = append(told, v.service.namespace+"/"+l.name+";"+strconv.Itoa(left[i]))
		}
	}
	if len(told) > 0 {
		v.answerHeader.Set("x-ms-ratelimit-remaining-resource", strings.Join(told, ","))
	}
	if exceeded != nil {
		return throttled(*exceeded, pause)
	}
	return nil
}
