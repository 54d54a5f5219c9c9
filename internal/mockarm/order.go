// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"iter"
	"maps"
	"slices"
	"strings"
)

// An order is that of the keys of some objects. Lists have it, and it is kept until the world changes: putting ten thousand IDs
// in order takes longer than showing a page of them.
type order struct {
	version int64 // of the world
	keys    []string
}

// within are the objects at and below a scope, in the order of their IDs.
func within[T any](w *World, o *order, objects map[string]*T, scope string) iter.Seq[*T] {
	if o.keys == nil || o.version != w.version {
		o.version, o.keys = w.version, slices.Sorted(maps.Keys(objects))
	}
	return func(yield func(*T) bool) {
		prefix := below(scope)
		from, _ := slices.BinarySearch(o.keys, prefix)
		for _, id := range o.keys[from:] {
			if !strings.HasPrefix(id, prefix) || !yield(objects[id]) {
				return
			}
		}
	}
}
