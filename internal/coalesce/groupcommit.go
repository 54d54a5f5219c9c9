// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package coalesce

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// ErrInFlight says that a caller has given up while its operation was being written, so that nobody told it what became of
// it. The cause of its context is wrapped beside.
var ErrInFlight = errors.New("given up while it was being written")

// Outcome is what became of one member of a batch.
type Outcome[R any] struct {
	Result R
	Err    error
}

// GroupCommit writes to objects in batches, one batch at a time for each object.
//
// Set Commit before the first call of Do and change nothing after it. The zero Linger and Max mean no wait and no limit.
type GroupCommit[K comparable, Op, R any] struct {
	// Commit writes a batch to one object and returns one outcome for each operation, in their order. It is never called
	// twice at a time for one key. Its context ends when no member waits for the outcome any more.
	Commit func(ctx context.Context, key K, ops []Op) []Outcome[R]
	// Linger is how long nobody may have joined a batch before it is written. While others keep joining it waits on, up to
	// ten times as long.
	Linger time.Duration
	// Max is the most operations that one batch may hold.
	Max int

	mu     sync.Mutex
	queues map[K]*queue[Op, R] // of the objects that have work
}

// A queue holds the work of one object. Its existence says that a goroutine is at work on it.
type queue[Op, R any] struct {
	waiting []*member[Op, R]
	joined  int // how many have ever joined
}

// A member is one call of Do.
type member[Op, R any] struct {
	op      Op
	batch   *batch[Op, R] // nil while it waits in the queue
	outcome Outcome[R]
	done    chan struct{} // closed when the outcome is known
}

// A batch is what is written at once.
type batch[Op, R any] struct {
	members []*member[Op, R]
	present int // how many of the members still wait for their outcome
	ctx     context.Context
	cancel  context.CancelCauseFunc
}

// Do has op written to the object key, together with what others ask for, and returns its outcome.
//
// When ctx ends before op is part of a batch, op is never written and the error is the cause of ctx. When it ends later,
// op cannot be taken out of its batch: if others wait for the batch too, Do returns [ErrInFlight] at once and op may or may
// not be written; if nobody does, the batch is cancelled and Do returns what became of it.
func (g *GroupCommit[K, Op, R]) Do(ctx context.Context, key K, op Op) (R, error) {
	var none R
	if ctx.Err() != nil {
		return none, context.Cause(ctx)
	}
	m := &member[Op, R]{op: op, done: make(chan struct{})}
	g.enter(ctx, key, m)
	select {
	case <-m.done:
		return m.outcome.Result, m.outcome.Err
	case <-ctx.Done():
	}
	switch g.leave(key, m, context.Cause(ctx)) {
	case fromQueue:
		return none, context.Cause(ctx)
	case asLast:
		<-m.done
		return m.outcome.Result, m.outcome.Err
	default:
		return none, fmt.Errorf("%w: %w", ErrInFlight, context.Cause(ctx))
	}
}

// enter queues m and starts work on the object if none is under way.
func (g *GroupCommit[K, Op, R]) enter(ctx context.Context, key K, m *member[Op, R]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	q, busy := g.queues[key]
	if !busy {
		if g.queues == nil {
			g.queues = map[K]*queue[Op, R]{}
		}
		q = &queue[Op, R]{}
		g.queues[key] = q
		// The batches outlive the caller that happens to come first; its values (for logs) are as good as any.
		go g.work(context.WithoutCancel(ctx), key, q)
	}
	q.waiting = append(q.waiting, m)
	q.joined++
}

// departure tells where a member was when it gave up.
type departure int

const (
	fromQueue departure = iota // and is not written
	asLast                     // of its batch, which is cancelled
	fromBatch                  // for which others wait
)

// leave takes out a member that no longer waits.
func (g *GroupCommit[K, Op, R]) leave(key K, m *member[Op, R], cause error) departure {
	g.mu.Lock()
	defer g.mu.Unlock()
	if m.batch == nil {
		q := g.queues[key]
		q.waiting = slices.DeleteFunc(q.waiting, func(other *member[Op, R]) bool { return other == m })
		return fromQueue
	}
	m.batch.present--
	if m.batch.present > 0 {
		return fromBatch
	}
	m.batch.cancel(cause)
	return asLast
}

// work writes batch after batch until the object's queue is empty.
func (g *GroupCommit[K, Op, R]) work(ctx context.Context, key K, q *queue[Op, R]) {
	for g.more(key, q) {
		g.linger(q)
		if b := g.take(ctx, q); b != nil {
			g.commit(key, b)
		}
	}
}

// maxLingers bounds the wait for others to join a batch, as a multiple of Linger.
const maxLingers = 10

// linger waits until nobody has joined for a while.
func (g *GroupCommit[K, Op, R]) linger(q *queue[Op, R]) {
	joined := func() int {
		g.mu.Lock()
		defer g.mu.Unlock()
		return q.joined
	}
	for range maxLingers {
		before := joined()
		time.Sleep(g.Linger)
		if joined() == before {
			return
		}
	}
}

// more reports whether anything waits in the queue, and gives up the queue if nothing does.
func (g *GroupCommit[K, Op, R]) more(key K, q *queue[Op, R]) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(q.waiting) == 0 {
		delete(g.queues, key)
		return false
	}
	return true
}

// take moves the next batch out of the queue, nil if all who waited have left.
func (g *GroupCommit[K, Op, R]) take(ctx context.Context, q *queue[Op, R]) *batch[Op, R] {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := len(q.waiting)
	if n == 0 {
		return nil
	}
	if g.Max > 0 {
		n = min(n, g.Max)
	}
	b := &batch[Op, R]{members: slices.Clone(q.waiting[:n]), present: n}
	b.ctx, b.cancel = context.WithCancelCause(ctx)
	for _, m := range b.members {
		m.batch = b
	}
	q.waiting = slices.Delete(q.waiting, 0, n)
	return b
}

// commit writes one batch and tells each member its outcome.
func (g *GroupCommit[K, Op, R]) commit(key K, b *batch[Op, R]) {
	defer b.cancel(nil)
	ops := make([]Op, len(b.members))
	for i, m := range b.members {
		ops[i] = m.op
	}
	outcomes := g.Commit(b.ctx, key, ops)
	for i, m := range b.members {
		if i < len(outcomes) {
			m.outcome = outcomes[i]
		} else {
			m.outcome.Err = fmt.Errorf("coalesce: Commit returned %d outcomes for %d operations", len(outcomes), len(ops))
		}
		close(m.done)
	}
}
