// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// allowances keeps count of what ARM still grants each caller: a token bucket for every subscription, service principal
// and kind of operation, and one for all principals of the subscription together that is fifteen times as large
// (Microsoft Learn: request-limits-and-throttling).
type allowances struct {
	mu      sync.Mutex
	buckets map[string]*bucket
}

type bucket struct {
	left float64
	asOf time.Time
}

// count takes a request from its buckets and tells in the headers what is left. An empty bucket stays empty: the caller
// is told so, and not turned away.
func (a *allowances) count(header http.Header, now time.Time, r *request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	kind, size, refill := "writes", 200.0, 10.0
	switch r.method {
	case http.MethodGet, http.MethodHead:
		kind, size, refill = "reads", 250, 25
	case http.MethodDelete:
		kind = "deletes"
	}
	subscription := strings.ToLower(r.target.subscription)
	take := func(header http.Header, name, holder string, size, refill float64) {
		header.Set("x-ms-ratelimit-remaining-"+name+kind, strconv.Itoa(a.take(holder+"|"+kind, now, size, refill)))
	}
	if subscription == "" {
		take(header, "tenant-", strings.ToLower(r.caller.tenantID+"|"+r.caller.objectID), size, refill)
		return
	}
	take(header, "subscription-", subscription+"|"+strings.ToLower(r.caller.objectID), size, refill)
	take(header, "subscription-global-", subscription, 15*size, 15*refill)
}

// take takes one from a bucket, after adding what has flowed in since the last time.
func (a *allowances) take(name string, now time.Time, size, refill float64) int {
	if a.buckets == nil {
		a.buckets = map[string]*bucket{}
	}
	b := a.buckets[name]
	if b == nil {
		b = &bucket{left: size, asOf: now}
		a.buckets[name] = b
	}
	b.left = min(size, b.left+refill*now.Sub(b.asOf).Seconds())
	b.left = max(0, b.left-1)
	b.asOf = now
	return int(b.left)
}
