// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package coalesce_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azuremi/terraform-provider-azuremi/internal/coalesce"
)

var (
	errGone   = errors.New("gone")
	errDenied = errors.New("denied")
)

// forever is the end of what has not ended.
const forever = math.MaxInt

// A version is what an object was for a while. Its times are ticks: everything that happens has one of its own.
type version struct {
	serial      int // unlike that of all others; 0 where the object was not there
	from, until int
}

// A shelf holds objects that many write, and remembers all that has ever been.
type shelf struct {
	mu      sync.Mutex
	random  *rand.Rand
	ticks   int
	history map[string][]version
	stale   int             // by how many ticks lists are behind at most
	partial float64         // the share of objects that a list leaves out
	denied  map[string]bool // groups that cannot be listed
	lists   map[string]int  // how often each group was listed, by who had the patience
}

// tick tells the time and lets some go by.
func (s *shelf) tick() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ticks++
	return s.ticks
}

// pause gives others a chance to do something in between.
func (s *shelf) pause() {
	s.mu.Lock()
	d := time.Duration(s.random.IntN(50)) * time.Millisecond
	s.mu.Unlock()
	time.Sleep(d)
}

func (s *shelf) chance(p float64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.random.Float64() < p
}

func (s *shelf) pick(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.random.IntN(n)
}

// at is the version of an object at a time. The caller holds the lock.
func (s *shelf) at(key string, tick int) version {
	for _, v := range s.history[key] {
		if v.from <= tick && tick < v.until {
			return v
		}
	}
	return version{}
}

// write makes a new version of an object, or takes it away.
func (s *shelf) write(key string, there bool) version {
	s.pause()
	s.mu.Lock()
	s.ticks++
	v := version{from: s.ticks, until: forever}
	if there {
		v.serial = s.ticks
	}
	versions := s.history[key]
	versions[len(versions)-1].until = s.ticks
	s.history[key] = append(versions, v)
	s.mu.Unlock()
	s.pause()
	return v
}

// get reads one object as it is.
func (s *shelf) get(key string) (int, error) {
	s.pause()
	s.mu.Lock()
	v := s.at(key, s.ticks)
	s.mu.Unlock()
	s.pause()
	if v.serial == 0 {
		return 0, errGone
	}
	return v.serial, nil
}

// list reads a group as it was some time ago, without some of its objects.
func (s *shelf) list(ctx context.Context, group string) (map[string]int, error) {
	s.pause()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	if s.denied[group] {
		s.lists[group]++
		s.mu.Unlock()
		return nil, errDenied
	}
	when, found := s.ticks-s.random.IntN(s.stale+1), map[string]int{}
	for key := range s.history {
		if group != everything && groupOf(key) != group || s.random.Float64() < s.partial {
			continue
		}
		if v := s.at(key, when); v.serial != 0 {
			found[key] = v.serial
		}
	}
	s.mu.Unlock()
	s.pause()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lists[group]++
	return found, nil
}

const (
	everything = "everything"
	groups     = 4
	members    = 6 // of a group
)

func keyOf(group, member int) string { return fmt.Sprintf("group-%d/%d", group, member) }

func groupOf(key string) string { return key[:len("group-0")] }

func memberOf(key string) coalesce.Member {
	return coalesce.Member{Key: key, Groups: []string{groupOf(key), everything}}
}

// A process reads and writes the shelf through lists, by workers each of which has objects of its own.
type process struct {
	t     *testing.T
	shelf *shelf
	lists *coalesce.Lists[int]

	mu   sync.Mutex
	done map[string][]ownWrite // by key, in their order
}

// An ownWrite is a write of ours that is over.
type ownWrite struct {
	tick int // when it took effect
	over time.Time
}

// written is the tick of our last write of an object that was over before now, and not in this very moment.
func (p *process) written(key string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range slices.Backward(p.done[key]) {
		if w.over.Before(time.Now()) {
			return w.tick
		}
	}
	return 0
}

// write changes an object, and now and then does not learn whether it has.
func (p *process) write(key string, there bool) {
	p.lists.Forget(key)
	v := p.shelf.write(key, there)
	if there && p.shelf.chance(0.8) {
		p.lists.Keep(key, v.serial)
	} else {
		p.lists.Forget(key)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done[key] = append(p.done[key], ownWrite{v.from, time.Now()})
}

// read reads an object, at times without patience, and judges what it gets.
func (p *process) read(ctx context.Context, key string) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if p.shelf.chance(0.1) {
		time.AfterFunc(time.Duration(p.shelf.pick(60))*time.Millisecond, cancel)
	}
	began := p.shelf.tick()
	serial, err := p.lists.Get(ctx, memberOf(key), func(context.Context) (int, error) { return p.shelf.get(key) })
	ended := p.shelf.tick()
	switch {
	case err == nil:
		p.judge("read", key, serial, ended)
	case errors.Is(err, errGone):
		p.judgeAbsence(key, began, ended)
	case ctx.Err() == nil:
		p.t.Errorf("reading %s: %v", key, err)
	}
}

// find looks for an object as a creation does that wants to know whether there is one already.
func (p *process) find(ctx context.Context, key string) {
	p.shelf.mu.Lock()
	versions := slices.Clone(p.shelf.history[key])
	p.shelf.mu.Unlock()
	serial, found, _ := p.lists.Find(ctx, memberOf(key), func(serial int) bool {
		return slices.ContainsFunc(versions, func(v version) bool { return v.serial == serial })
	})
	if found {
		p.judge("found", key, serial, p.shelf.tick())
	}
}

// judge checks that a version was there at some time, and not only before our last write.
func (p *process) judge(how, key string, serial, ended int) {
	own := p.written(key)
	p.shelf.mu.Lock()
	defer p.shelf.mu.Unlock()
	for _, v := range p.shelf.history[key] {
		if v.serial != serial || serial == 0 || v.from > ended {
			continue
		}
		if v.until <= own {
			p.t.Errorf("%s was %s in version %d, of ticks %d to %d; our own write of tick %d was over by then", key, how, serial, v.from, v.until, own)
		}
		return
	}
	p.t.Errorf("%s was %s in version %d, which never was", key, how, serial)
}

// judgeAbsence checks that an object that is said to be gone was not there at some time while it was read.
func (p *process) judgeAbsence(key string, began, ended int) {
	p.shelf.mu.Lock()
	defer p.shelf.mu.Unlock()
	for _, v := range p.shelf.history[key] {
		if v.serial == 0 && v.from <= ended && v.until > began {
			return
		}
	}
	p.t.Errorf("%s is said to be gone, but was there all the time", key)
}

// TestListsNeverLoseOrInvent has ten workers of a process read, look for and write objects in random order while others
// write and delete them, with lists that are stale, partial and denied. What is served must once have been there, and be no
// older than our own last write; what is said to be gone must be gone.
func TestListsNeverLoseOrInvent(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { interleave(t, seed) })
		})
	}
}

func interleave(t *testing.T, seed uint64) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, seed))
	s := &shelf{random: random, history: map[string][]version{}, denied: map[string]bool{}, lists: map[string]int{}}
	s.stale, s.partial = random.IntN(60), random.Float64()/2
	for group := range groups {
		for member := range members {
			s.history[keyOf(group, member)] = []version{{serial: -random.IntN(2) * (members*group + member + 1), until: forever}}
		}
		s.denied[fmt.Sprintf("group-%d", group)] = random.IntN(5) == 0
	}
	s.denied[everything] = random.IntN(3) == 0
	p := &process{t: t, shelf: s, lists: &coalesce.Lists[int]{List: s.list}, done: map[string][]ownWrite{}}
	var all sync.WaitGroup
	for member := range members {
		all.Go(func() { // a worker of ours, which alone of ours writes the objects with its number
			for range 40 {
				key, own := keyOf(s.pick(groups), s.pick(members)), keyOf(s.pick(groups), member)
				switch s.pick(6) {
				case 0:
					p.write(own, true)
				case 1:
					p.write(own, false)
				case 2:
					p.find(t.Context(), key)
				default:
					p.read(t.Context(), key)
				}
			}
		})
	}
	for range 2 {
		all.Go(func() { // somebody else
			for range 40 {
				s.write(keyOf(s.pick(groups), s.pick(members)), s.chance(0.6))
			}
		})
	}
	all.Wait()
	for group, n := range s.lists {
		if n > 1 {
			t.Errorf("%s was listed %d times", group, n)
		}
	}
}
