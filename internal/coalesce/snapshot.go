// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package coalesce

import (
	"context"
	"strconv"
	"sync"
)

// Snapshot keeps what was read of objects, so that many readers of one object cost one read of it. Nothing that is older
// than the last [Snapshot.Forget] is served. The zero value is ready for use.
type Snapshot[V any] struct {
	flights Flights[V]

	mu      sync.Mutex
	entries map[string]*entry[V]
}

type entry[V any] struct {
	generation int // counts the calls of Forget
	read       bool
	value      V
}

// Get returns what is known of the object key, or reads it. Callers that ask at the same time share one read. An error is
// not kept.
func (s *Snapshot[V]) Get(ctx context.Context, key string, read func(context.Context) (V, error)) (V, error) {
	generation, value, ok := s.look(key)
	if ok {
		return value, nil
	}
	// A read that began before the last Forget may have missed what was written; later callers do not join it.
	return s.flights.Do(ctx, key+"#"+strconv.Itoa(generation), func(ctx context.Context) (V, error) {
		value, err := read(ctx)
		if err == nil {
			s.keep(key, generation, value)
		}
		return value, err
	})
}

// Forget has the object read again by the next caller. Whoever writes an object calls it before and after.
func (s *Snapshot[V]) Forget(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entry(key)
	*e = entry[V]{generation: e.generation + 1}
}

func (s *Snapshot[V]) look(key string) (generation int, value V, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entry(key)
	return e.generation, e.value, e.read
}

func (s *Snapshot[V]) keep(key string, generation int, value V) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.entry(key); e.generation == generation {
		e.read, e.value = true, value
	}
}

// entry returns the entry of an object. The caller holds the lock.
func (s *Snapshot[V]) entry(key string) *entry[V] {
	if s.entries == nil {
		s.entries = map[string]*entry[V]{}
	}
	e := s.entries[key]
	if e == nil {
		e = &entry[V]{}
		s.entries[key] = e
	}
	return e
}
