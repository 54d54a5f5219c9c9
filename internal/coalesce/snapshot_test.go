// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package coalesce

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// clockwork reads the time, which takes a second, and counts how often.
type clockwork struct{ reads atomic.Int32 }

func (c *clockwork) read(ctx context.Context) (time.Time, error) {
	c.reads.Add(1)
	now := time.Now()
	select {
	case <-time.After(time.Second):
		return now, nil
	case <-ctx.Done():
		return time.Time{}, context.Cause(ctx)
	}
}

func TestManyReadersCostOneRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s Snapshot[time.Time]
		var c clockwork
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 200 * time.Millisecond) // some join, some come later
				if _, err := s.Get(t.Context(), "vm", c.read); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := c.reads.Load(); n != 1 {
			t.Errorf("%d reads", n)
		}
		if _, err := s.Get(t.Context(), "other", c.read); err != nil || c.reads.Load() != 2 {
			t.Errorf("another object was read %d times: %v", c.reads.Load()-1, err)
		}
	})
}

func TestNothingOlderThanAWriteIsServed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s Snapshot[time.Time]
		var c clockwork
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = s.Get(t.Context(), "vm", c.read) }) // under way when the write comes
		time.Sleep(500 * time.Millisecond)
		written := time.Now()
		s.Forget("vm")
		for range 2 {
			wg.Go(func() {
				if got, err := s.Get(t.Context(), "vm", c.read); err != nil || got.Before(written) {
					t.Errorf("read %v before the write: %v", written.Sub(got), err)
				}
			})
		}
		wg.Wait()
		if got, err := s.Get(t.Context(), "vm", c.read); err != nil || got.Before(written) || c.reads.Load() != 2 {
			t.Errorf("%v after %d reads: %v", got, c.reads.Load(), err)
		}
	})
}

func TestAnErrorIsNotKept(t *testing.T) {
	t.Parallel()
	var s Snapshot[int]
	broken := errors.New("broken")
	if _, err := s.Get(t.Context(), "vm", func(context.Context) (int, error) { return 0, broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
	if got, err := s.Get(t.Context(), "vm", func(context.Context) (int, error) { return 7, nil }); got != 7 || err != nil {
		t.Error(got, err)
	}
}

func TestAReaderThatLeavesDoesNotSpoilItForTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s Snapshot[time.Time]
		var c clockwork
		var wg sync.WaitGroup
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			if _, err := s.Get(ctx, "vm", c.read); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		})
		wg.Go(func() {
			time.Sleep(100 * time.Millisecond)
			if _, err := s.Get(t.Context(), "vm", c.read); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
	})
}
