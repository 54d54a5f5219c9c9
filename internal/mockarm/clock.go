// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"sync"
	"time"
)

// Clock is the time of a mock Azure: that of the machine, moved on by what a test has added. The zero value is ready for
// use. It stands on [time.Now], so that inside a testing/synctest bubble it follows the bubble's time.
type Clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

// Now tells the time, in UTC as everything in Azure does.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead).UTC().Round(0) // Without a monotonic part, which no file could keep.
}

// Advance moves the clock on: tokens expire, and operations come to their end, without anybody waiting.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}
