// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package coalesce

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// ledger is an object store that takes a second for every write and remembers the batches.
type ledger struct {
	mu      sync.Mutex
	batches map[string][][]int
	busy    map[string]bool
	overlap bool
}

func (l *ledger) commit(ctx context.Context, key string, ops []int) []Outcome[int] {
	l.mu.Lock()
	l.overlap = l.overlap || l.busy[key]
	if l.busy == nil {
		l.busy, l.batches = map[string]bool{}, map[string][][]int{}
	}
	l.busy[key] = true
	l.batches[key] = append(l.batches[key], slices.Clone(ops))
	l.mu.Unlock()

	outcomes := make([]Outcome[int], len(ops))
	select {
	case <-time.After(time.Second):
		for i, op := range ops {
			outcomes[i] = Outcome[int]{Result: 10 * op}
			if op < 0 {
				outcomes[i] = Outcome[int]{Err: errNegative}
			}
		}
	case <-ctx.Done():
		for i := range ops {
			outcomes[i] = Outcome[int]{Err: context.Cause(ctx)}
		}
	}
	l.mu.Lock()
	l.busy[key] = false
	l.mu.Unlock()
	return outcomes
}

var (
	errNegative = errors.New("negative")
	errGivenUp  = errors.New("given up")
)

func newGroupCommit(l *ledger) *GroupCommit[string, int, int] {
	return &GroupCommit[string, int, int]{Commit: l.commit, Linger: 50 * time.Millisecond, Max: 150}
}

func TestALoneWriteWaitsOnlyTheLinger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l ledger
		start := time.Now()
		got, err := newGroupCommit(&l).Do(t.Context(), "vm", 4)
		if got != 40 || err != nil {
			t.Errorf("Do = %d, %v", got, err)
		}
		if took := time.Since(start); took != 1050*time.Millisecond {
			t.Errorf("took %v", took)
		}
	})
}

func TestTwentyWritesTakeTwoBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l ledger
		g := newGroupCommit(&l)
		// Terraform's way: ten workers, each taking its next resource when it is done with one.
		var workers sync.WaitGroup
		todo := make(chan int, 20)
		for i := range 20 {
			todo <- i
		}
		close(todo)
		for range 10 {
			workers.Go(func() {
				for op := range todo {
					if got, err := g.Do(t.Context(), "vm", op); got != 10*op || err != nil {
						t.Errorf("Do(%d) = %d, %v", op, got, err)
					}
				}
			})
		}
		workers.Wait()
		if n := len(l.batches["vm"]); n != 2 {
			t.Errorf("%d batches: %v", n, l.batches)
		}
	})
}

func TestWhatArrivesDuringAWriteJoinsTheNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l ledger
		g := newGroupCommit(&l)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 100 * time.Millisecond)
				_, _ = g.Do(t.Context(), "vm", i)
			})
		}
		// Another object is not held up.
		wg.Go(func() {
			start := time.Now()
			_, _ = g.Do(t.Context(), "other", 1)
			if took := time.Since(start); took != 1050*time.Millisecond {
				t.Errorf("the other object took %v", took)
			}
		})
		wg.Wait()
		if got := l.batches["vm"]; len(got) != 2 || len(got[0]) != 1 || len(got[1]) != 7 {
			t.Errorf("batches %v", got)
		}
		if l.overlap {
			t.Error("two writes to one object at a time")
		}
		synctest.Wait()
		if len(g.queues) != 0 {
			t.Errorf("queues left behind: %v", g.queues)
		}
	})
}

func TestABatchWaitsForThoseWhoTrickleIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l ledger
		g := newGroupCommit(&l)
		var wg sync.WaitGroup
		for i := range 30 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 40 * time.Millisecond)
				_, _ = g.Do(t.Context(), "vm", i)
			})
		}
		start := time.Now()
		if _, err := g.Do(t.Context(), "vm", 30); err != nil {
			t.Error(err)
		}
		// But not for ever.
		if took := time.Since(start); took != 1500*time.Millisecond {
			t.Errorf("the first batch took %v", took)
		}
		wg.Wait()
		if n := len(l.batches["vm"]); n != 2 {
			t.Errorf("%d batches: %v", n, l.batches)
		}
	})
}

func TestBatchesKeepToTheLimitAndTheOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l ledger
		g := newGroupCommit(&l)
		g.Max = 3
		var wg sync.WaitGroup
		for i := range 7 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				_, _ = g.Do(t.Context(), "vm", i)
			})
		}
		wg.Wait()
		want := [][]int{{0, 1, 2}, {3, 4, 5}, {6}}
		if !slices.EqualFunc(l.batches["vm"], want, slices.Equal[[]int]) {
			t.Errorf("batches %v, want %v", l.batches["vm"], want)
		}
	})
}

func TestEachMemberHasItsOwnOutcome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l ledger
		g := newGroupCommit(&l)
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := g.Do(t.Context(), "vm", -1); !errors.Is(err, errNegative) {
				t.Errorf("the bad one: %v", err)
			}
		})
		wg.Go(func() {
			if got, err := g.Do(t.Context(), "vm", 1); got != 10 || err != nil {
				t.Errorf("the good one: %d, %v", got, err)
			}
		})
		wg.Wait()
	})
}

func TestWhoGivesUpInTheQueueIsNotWritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l ledger
		g := newGroupCommit(&l)
		ctx, cancel := context.WithCancelCause(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = g.Do(t.Context(), "vm", 1) })
		wg.Go(func() {
			time.Sleep(500 * time.Millisecond)
			if _, err := g.Do(ctx, "vm", 2); !errors.Is(err, errGivenUp) || errors.Is(err, ErrInFlight) {
				t.Errorf("Do: %v", err)
			}
		})
		time.Sleep(600 * time.Millisecond)
		cancel(errGivenUp)
		wg.Wait()
		if got := l.batches["vm"]; len(got) != 1 || !slices.Equal(got[0], []int{1}) {
			t.Errorf("batches %v", got)
		}
		if _, err := g.Do(ctx, "vm", 3); !errors.Is(err, errGivenUp) {
			t.Errorf("Do after the end: %v", err)
		}
	})
}

func TestWhoGivesUpDuringTheWriteDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l ledger
		g := newGroupCommit(&l)
		ctx, cancel := context.WithCancelCause(t.Context())
		start := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := g.Do(ctx, "vm", 1); !errors.Is(err, errGivenUp) || !errors.Is(err, ErrInFlight) || time.Since(start) != 500*time.Millisecond {
				t.Errorf("the one that gave up: %v after %v", err, time.Since(start))
			}
		})
		wg.Go(func() {
			if got, err := g.Do(t.Context(), "vm", 2); got != 20 || err != nil {
				t.Errorf("the one that stayed: %d, %v", got, err)
			}
		})
		time.Sleep(500 * time.Millisecond)
		cancel(errGivenUp)
		wg.Wait()
	})
}

func TestAWriteThatNobodyWaitsForIsCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l ledger
		g := newGroupCommit(&l)
		start := time.Now()
		var wg sync.WaitGroup
		for i := range 3 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeoutCause(t.Context(), 400*time.Millisecond, errGivenUp)
				defer cancel()
				if _, err := g.Do(ctx, "vm", i); !errors.Is(err, errGivenUp) {
					t.Errorf("Do: %v", err)
				}
			})
		}
		wg.Wait()
		if took := time.Since(start); took != 400*time.Millisecond {
			t.Errorf("took %v", took)
		}
		// The object is free for the next.
		if got, err := g.Do(t.Context(), "vm", 7); got != 70 || err != nil {
			t.Errorf("Do = %d, %v", got, err)
		}
	})
}

func TestACommitThatForgetsAMemberIsFound(t *testing.T) {
	t.Parallel()
	g := &GroupCommit[string, int, int]{Commit: func(context.Context, string, []int) []Outcome[int] { return nil }}
	if _, err := g.Do(t.Context(), "vm", 1); err == nil {
		t.Error("no error")
	}
}
