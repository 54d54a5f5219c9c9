// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package coalesce

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var (
	errGone    = errors.New("gone")
	errRefused = errors.New("refused")
)

// A library has books on shelves in halls, "hall/shelf/book". Lists of it take a second, reads a tenth of one.
type library struct {
	mu      sync.Mutex
	books   map[string]int // editions
	refused map[string]bool
	log     []string
}

func (l *library) ask(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.log = append(l.log, what)
}

func (l *library) list(ctx context.Context, group string) (map[string]int, error) {
	l.ask("list " + group)
	l.mu.Lock()
	found := maps.Clone(l.books)
	refused := l.refused[group]
	l.mu.Unlock()
	maps.DeleteFunc(found, func(key string, _ int) bool { return !strings.HasPrefix(key, group+"/") })
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if refused {
		return nil, errRefused
	}
	return found, nil
}

func (l *library) get(key string) func(context.Context) (int, error) {
	return func(context.Context) (int, error) {
		l.ask("get " + key)
		l.mu.Lock()
		edition, ok := l.books[key]
		l.mu.Unlock()
		time.Sleep(100 * time.Millisecond)
		if !ok {
			return 0, errGone
		}
		return edition, nil
	}
}

// book is a member by its key.
func book(key string) Member {
	parts := strings.Split(key, "/")
	return Member{Key: key, Groups: []string{parts[0] + "/" + parts[1], parts[0]}}
}

// read reads books one after the other, and demands what the library has.
func (l *library) read(t *testing.T, lists *Lists[int], keys ...string) {
	t.Helper()
	for _, key := range keys {
		edition, err := lists.Get(t.Context(), book(key), l.get(key))
		if want, ok := l.books[key]; edition != want || ok != (err == nil) {
			t.Errorf("%s is in edition %d, want %d: %v", key, edition, want, err)
		}
	}
}

func (l *library) asked(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(l.log, want) {
		t.Errorf("asked for %q, want %q", l.log, want)
	}
}

func newLibrary() (*library, *Lists[int]) {
	l := &library{books: map[string]int{"a/1/x": 1, "a/1/y": 2, "a/1/z": 3, "a/2/x": 4, "a/3/x": 5, "b/1/x": 6}, refused: map[string]bool{}}
	return l, &Lists[int]{List: l.list}
}

func TestTheFirstReadsArePlainAndTheRestIsListedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, lists := newLibrary()
		l.read(t, lists, "a/1/x", "a/1/y", "a/1/z", "a/1/x")
		l.asked(t, "get a/1/x", "get a/1/y", "list a/1")
	})
}

func TestTheWiderGroupIsListedWhenManyOfItsGroupsAreAsked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, lists := newLibrary()
		l.read(t, lists, "a/1/x", "a/2/x", "a/1/y", "a/3/x", "a/2/x", "b/1/x")
		l.asked(t, "get a/1/x", "get a/2/x", "list a/1", "list a", "list b/1")
	})
}

func TestManyReadersShareOneList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, lists := newLibrary()
		l.read(t, lists, "b/1/x", "b/1/x")
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if edition, err := lists.Get(t.Context(), book("a/1/z"), l.get("a/1/z")); edition != 3 || err != nil {
					t.Error(edition, err)
				}
			})
		}
		wg.Wait()
		l.asked(t, "get b/1/x", "get b/1/x", "list a/1")
	})
}

func TestWhatAListLacksIsReadByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, lists := newLibrary()
		l.read(t, lists, "a/1/x", "a/1/x", "a/1/x")
		l.books["a/1/new"] = 9
		l.read(t, lists, "a/1/new", "a/1/none")
		l.asked(t, "get a/1/x", "get a/1/x", "list a/1", "get a/1/new", "get a/1/none")
	})
}

func TestWhoMayNotListReadsOneByOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, lists := newLibrary()
		l.refused["a"], l.refused["a/1"] = true, true
		l.read(t, lists, "a/1/x", "a/2/x", "a/3/x", "a/1/y", "a/1/z", "a/3/x")
		l.asked(t, "get a/1/x", "get a/2/x", "list a", "list a/3", "list a/1", "get a/1/y", "get a/1/z")
	})
}

func TestAReaderThatLeavesDoesNotMakeAGroupUnlistable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, lists := newLibrary()
		l.read(t, lists, "a/1/x", "a/1/x")
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := lists.Get(ctx, book("a/1/x"), func(ctx context.Context) (int, error) { return 0, context.Cause(ctx) }); err == nil {
			t.Error("it was read after all")
		}
		l.read(t, lists, "a/1/y")
		l.asked(t, "get a/1/x", "get a/1/x", "list a/1", "list a/1")
	})
}

func TestNothingOlderThanAnOwnWriteIsServedFromALaggingList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, lists := newLibrary()
		l.read(t, lists, "b/1/x", "b/1/x")
		lists.Keep("a/1/x", 100) // and no list knows of it
		if edition, err := lists.Get(t.Context(), book("a/1/x"), l.get("a/1/x")); edition != 100 || err != nil {
			t.Error(edition, err)
		}
		lists.Forget("a/1/y") // deleted, but still listed
		delete(l.books, "a/1/y")
		if _, err := lists.Get(t.Context(), book("a/1/y"), l.get("a/1/y")); !errors.Is(err, errGone) {
			t.Error(err)
		}
		if _, found, listed := lists.Find(t.Context(), book("a/1/y"), func(edition int) bool { return edition == 2 || edition == 1 }); found || !listed {
			t.Error("what was overwritten or deleted is found in the list")
		}
		if edition, found, _ := lists.Find(t.Context(), book("a/1/q"), func(edition int) bool { return edition == 100 }); !found || edition != 100 {
			t.Error("what was written is not found")
		}
	})
}

// A read that is under way while the object is written may bring what was there before.
func TestAReadThatAWriteOvertakesIsRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, lists := newLibrary()
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := lists.Get(t.Context(), book("a/1/x"), l.get("a/1/x")); !errors.Is(err, errGone) {
				t.Errorf("the read brought what was deleted meanwhile: %v", err)
			}
		})
		time.Sleep(50 * time.Millisecond)
		lists.Forget("a/1/x")
		l.mu.Lock()
		delete(l.books, "a/1/x")
		l.mu.Unlock()
		wg.Wait()
		l.asked(t, "get a/1/x", "get a/1/x")
	})
}

func TestAnEmptyListIsAList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, lists := newLibrary()
		l.read(t, lists, "b/1/x", "b/1/x")
		for range 2 {
			if _, found, listed := lists.Find(t.Context(), book("c/1/x"), func(int) bool { return true }); found || !listed {
				t.Error(found, listed)
			}
		}
		l.asked(t, "get b/1/x", "get b/1/x", "list c/1")
	})
}
