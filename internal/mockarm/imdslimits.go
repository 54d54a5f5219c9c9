// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"sync"
)

// imdsConcurrency is how many requests to the identity endpoints, and how many others, a machine may have under way at a time
// (Microsoft Learn: instance-metadata-service, "Rate limiting").
const imdsConcurrency = 5

// limitOf is how often a machine may ask: 20 times a second for tokens, 5 times for anything else (as above).
func limitOf(r *http.Request, machineID string) limit {
	if isIdentityPath(imdsPath(r)) {
		return limit{name: "imds-identity", holder: machineID, size: 20, perSecond: 20}
	}
	return limit{name: "imds", holder: machineID, size: 5, perSecond: 5}
}

// throttled turns a request away that exceeds its limit, if limits are enforced; else it returns nil. underWay is how many
// requests of its kind the machine has under way with it. The wording is not documented, nor is a Retry-After.
func (i imds) throttled(of limit, underWay int) any {
	w := i.server.world
	w.mu.Lock()
	enforced := w.settings.Throttle
	w.mu.Unlock()
	_, exceeded, _ := i.server.allowances.take(w.clock.Now(), enforced, []limit{of})
	if exceeded == nil && (!enforced || underWay <= imdsConcurrency) {
		return nil
	}
	return imdsError("too_many_requests", http.StatusText(http.StatusTooManyRequests))
}

// A crowd counts the requests that are under way.
type crowd struct {
	mu sync.Mutex
	of map[string]int
}

// enter counts a request in, tells how many there are with it, and returns what counts it out.
func (c *crowd) enter(of string) (int, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil {
		c.of = map[string]int{}
	}
	c.of[of]++
	return c.of[of], func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.of[of]--
	}
}
