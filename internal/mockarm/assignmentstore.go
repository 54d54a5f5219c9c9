// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"iter"
	"slices"
	"strings"
)

// An assignmentStore holds the role assignments of a world. Every request asks what its caller may do, and a tenant has
// assignments by the hundred thousand, so that none of its questions goes through all of them.
type assignmentStore struct {
	byID map[string]*RoleAssignment // by [key] of the ID
	// byName, byPrincipal and byGrant find the same assignments by their name, by whom they are for, and by all that must not
	// be granted twice.
	byName, byPrincipal, byGrant assignmentSets

	// sorted are the assignments in the order of their IDs, but for the newest, which are in fresh and in no order. An ID
	// begins with its scope, so that what is at or below a scope stands together.
	sorted, fresh []placedAssignment
}

// A placedAssignment is an assignment with the [key] of its ID, which is its place in the order.
type placedAssignment struct {
	key string
	*RoleAssignment
}

func (p placedAssignment) compare(other placedAssignment) int {
	return strings.Compare(p.key, other.key)
}

// assignmentSets are sets of assignments, in each by [key] of the ID, by what those of a set have in common.
type assignmentSets map[string]map[string]*RoleAssignment

func (s assignmentSets) add(common string, a *RoleAssignment) {
	if s[common] == nil {
		s[common] = map[string]*RoleAssignment{}
	}
	s[common][key(a.ID)] = a
}

func (s assignmentSets) remove(common string, a *RoleAssignment) {
	delete(s[common], key(a.ID))
	if len(s[common]) == 0 {
		delete(s, common)
	}
}

func newAssignmentStore() *assignmentStore {
	return &assignmentStore{
		byID: map[string]*RoleAssignment{}, byName: assignmentSets{}, byPrincipal: assignmentSets{}, byGrant: assignmentSets{},
	}
}

// grant is what an assignment has to itself: one role for one principal on one scope.
func (a *RoleAssignment) grant() string {
	return key(a.Scope) + "|" + key(a.RoleGUID) + "|" + key(a.PrincipalID)
}

// get finds an assignment by its ID, nil if there is none.
func (s *assignmentStore) get(id string) *RoleAssignment { return s.byID[key(id)] }

// add stores an assignment under an ID that is free.
func (s *assignmentStore) add(a *RoleAssignment) {
	s.byID[key(a.ID)] = a
	s.fresh = append(s.fresh, placedAssignment{key(a.ID), a})
	s.byName.add(key(a.Name), a)
	s.byPrincipal.add(key(a.PrincipalID), a)
	s.byGrant.add(a.grant(), a)
}

// remove takes an assignment out that is in the store.
func (s *assignmentStore) remove(a *RoleAssignment) {
	delete(s.byID, key(a.ID))
	s.byName.remove(key(a.Name), a)
	s.byPrincipal.remove(key(a.PrincipalID), a)
	s.byGrant.remove(a.grant(), a)
	if at, found := slices.BinarySearchFunc(s.ordered(), placedAssignment{key(a.ID), a}, placedAssignment.compare); found {
		s.sorted = slices.Delete(s.sorted, at, at+1)
	}
}

// ordered are all assignments in order.
func (s *assignmentStore) ordered() []placedAssignment {
	if len(s.fresh) == 0 {
		return s.sorted
	}
	slices.SortFunc(s.fresh, placedAssignment.compare)
	merged := make([]placedAssignment, 0, len(s.sorted)+len(s.fresh))
	old, fresh := s.sorted, s.fresh
	for len(old) > 0 && len(fresh) > 0 {
		if old[0].key < fresh[0].key {
			merged, old = append(merged, old[0]), old[1:]
		} else {
			merged, fresh = append(merged, fresh[0]), fresh[1:]
		}
	}
	s.sorted, s.fresh = append(append(merged, old...), fresh...), nil
	return s.sorted
}

// under are the assignments whose IDs begin with one of several texts, in the order of their IDs.
func (s *assignmentStore) under(prefixes ...string) iter.Seq[*RoleAssignment] {
	slices.Sort(prefixes)
	return func(yield func(*RoleAssignment) bool) {
		last := ""
		for i, prefix := range prefixes {
			if i > 0 && strings.HasPrefix(prefix, last) {
				continue // What it would find has been found.
			}
			last = prefix
			from, to := s.span(prefix)
			for _, placed := range s.sorted[from:to] {
				if !yield(placed.RoleAssignment) {
					return
				}
			}
		}
	}
}

// span is where the IDs that begin with a text stand among the ordered ones.
func (s *assignmentStore) span(prefix string) (from, to int) {
	all := s.ordered()
	from, _ = slices.BinarySearchFunc(all, placedAssignment{key: prefix}, placedAssignment.compare)
	to, _ = slices.BinarySearchFunc(all[from:], prefix, func(placed placedAssignment, prefix string) int {
		if strings.HasPrefix(placed.key, prefix) {
			return -1
		}
		return 1
	})
	return from, from + to
}

// countIn counts the assignments at a scope and below it.
func (s *assignmentStore) countIn(scope string) int {
	from, to := s.span(below(scope))
	return to - from
}

// below and at are what the IDs of assignments begin with: those at a scope or anywhere below it, and those at the very
// scope.
func below(scope string) string { return key(scope) + "/" }

func at(scope string) string { return key(scope) + "/providers/" + key(roleAssignments) + "/" }

// scopesAbove are a scope and all paths that stand above it, the root included. Not each of them is a scope of its own.
func scopesAbove(scope string) []string {
	scope = key(scope)
	scopes := []string{""}
	for i, c := range scope {
		if c == '/' && i > 0 {
			scopes = append(scopes, scope[:i])
		}
	}
	return append(scopes, scope)
}
