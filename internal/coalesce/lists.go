// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package coalesce

import (
	"context"
	"sync"
)

const (
	// plainReads is how many reads are answered one by one before anything is listed: who reads one or two objects has no
	// use for a list of thousands.
	plainReads = 2
	// narrowGroups is how many groups of one wider group are listed by themselves.
	narrowGroups = 2
)

// Lists serves reads of single objects from lists of the groups that they stand in. Each group is listed once.
//
// A list is never taken for the whole truth. What it lacks is read by itself, since lists lag behind and may leave out
// what a reader may not see. What was written here counts more than any list: a list may be older than the write that it
// was asked for after. A group that cannot be listed is not asked for again; its objects are read one by one.
//
// The zero value with List set is ready for use. List is not changed after the first read.
type Lists[V any] struct {
	// List reads all objects of a group, by their keys.
	List func(ctx context.Context, group string) (map[string]V, error)

	flights Flights[map[string]V]

	mu     sync.Mutex
	reads  int
	asked  map[string]map[string]bool // groups that were asked for, by the widest group that they stand in
	listed map[string]map[string]V    // the lists at hand by group; nil for a group that cannot be listed
	own    map[string]ownWrite[V]     // by key
}

// A Member is an object by its key, and the groups that it stands in, from the narrowest to the widest.
type Member struct {
	Key    string
	Groups []string
}

// An ownWrite is what the last write of an object has left: a value, or nothing that could be relied on.
type ownWrite[V any] struct {
	writes int // how many there were
	value  V
	known  bool
}

// Get returns an object: as it was written here last, else from a list, else by get, which reads this one alone. Only get
// can say that an object is gone.
func (l *Lists[V]) Get(ctx context.Context, m Member, get func(context.Context) (V, error)) (V, error) {
	list, _ := l.list(ctx, m)
	inList, ok := list[m.Key]
	for {
		own := l.written(m.Key)
		switch {
		case own.known:
			return own.value, nil
		case ok && own.writes == 0:
			return inList, nil
		}
		value, err := get(ctx)
		// A write that came in between may be newer than what was read.
		if l.written(m.Key).writes == own.writes {
			return value, err
		}
	}
}

// Find looks for an object in the narrowest list that holds a member's group, and among what was written here. It tells
// whether there was a list to look in; if not, it has found nothing, and that says nothing.
func (l *Lists[V]) Find(ctx context.Context, m Member, match func(V) bool) (value V, found, listed bool) {
	list, listed := l.list(ctx, m)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, own := range l.own {
		if own.known && match(own.value) {
			return own.value, true, listed
		}
	}
	for key, value := range list {
		if l.own[key].writes == 0 && match(value) {
			return value, true, listed
		}
	}
	return value, false, listed
}

// Keep notes what a write has made of an object.
func (l *Lists[V]) Keep(key string, value V) { l.note(key, ownWrite[V]{value: value, known: true}) }

// Forget has an object read by itself from now on. Whoever writes an object calls it before; who deletes it, after that, too.
func (l *Lists[V]) Forget(key string) { l.note(key, ownWrite[V]{}) }

func (l *Lists[V]) note(key string, w ownWrite[V]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.own == nil {
		l.own = map[string]ownWrite[V]{}
	}
	w.writes = l.own[key].writes + 1
	l.own[key] = w
}

func (l *Lists[V]) written(key string) ownWrite[V] {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.own[key]
}

// list returns a list that should hold a member, and fetches it if the time for lists has come.
func (l *Lists[V]) list(ctx context.Context, m Member) (map[string]V, bool) {
	for _, group := range l.choose(m) {
		list, known := l.held(group)
		if !known {
			var err error
			list, err = l.flights.Do(ctx, group, func(ctx context.Context) (map[string]V, error) {
				if list, known := l.held(group); known {
					return list, nil
				}
				list, err := l.List(ctx, group)
				if err == nil || ctx.Err() == nil {
					l.hold(group, list, err)
				}
				return list, err
			})
			if err != nil {
				continue // the next narrower one may be allowed
			}
		}
		if list != nil {
			return list, true
		}
	}
	return nil, false
}

// choose returns the groups of a member to list, in the order to try them in: the widest first once enough of its groups
// were asked for, then the narrowest.
func (l *Lists[V]) choose(m Member) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads++
	if len(m.Groups) == 0 {
		return nil
	}
	narrow, wide := m.Groups[0], m.Groups[len(m.Groups)-1]
	if l.asked == nil {
		l.asked = map[string]map[string]bool{}
	}
	if l.asked[wide] == nil {
		l.asked[wide] = map[string]bool{}
	}
	l.asked[wide][narrow] = true
	switch {
	case l.reads <= plainReads:
		return nil
	case l.listed[wide] != nil || len(l.asked[wide]) > narrowGroups:
		return []string{wide, narrow}
	}
	return []string{narrow}
}

func (l *Lists[V]) held(group string) (list map[string]V, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	list, known = l.listed[group]
	return list, known
}

// hold keeps the outcome of listing a group: an empty list is not nil, as that of a group that cannot be listed is.
func (l *Lists[V]) hold(group string, list map[string]V, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listed == nil {
		l.listed = map[string]map[string]V{}
	}
	switch {
	case err != nil:
		list = nil
	case list == nil:
		list = map[string]V{}
	}
	l.listed[group] = list
}
