// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import "cmp"

// settle ends the operations whose time has come, in the order of their ends, those included that begin as others end.
// The front door calls it at the start of every request, so that time passes for the world without a goroutine that a test
// would have to wait for.
func (w *World) settle() {
	now := w.clock.Now()
	for {
		var next *Operation
		for _, operation := range w.operations {
			if operation.Status == inProgress && !operation.EndTime.After(now) && (next == nil || operation.endsBefore(next)) {
				next = operation
			}
		}
		if next == nil {
			return
		}
		next.finish(w)
		w.version++
	}
}

func (o *Operation) endsBefore(other *Operation) bool {
	return cmp.Or(o.EndTime.Compare(other.EndTime), cmp.Compare(o.ID, other.ID)) < 0
}
