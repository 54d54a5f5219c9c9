// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"cmp"
	"slices"
)

// settle ends the operations whose time has come, in the order of their ends. The front door calls it at the start of
// every request, so that time passes for the world without a goroutine that a test would have to wait for.
func (w *World) settle() {
	now := w.clock.Now()
	var due []*Operation
	for _, operation := range w.operations {
		if operation.Status == inProgress && !operation.EndTime.After(now) {
			due = append(due, operation)
		}
	}
	slices.SortFunc(due, func(a, b *Operation) int {
		return cmp.Or(a.EndTime.Compare(b.EndTime), cmp.Compare(a.ID, b.ID))
	})
	for _, operation := range due {
		operation.Status = succeeded // Unless completing it finds out otherwise.
		if operation.complete != nil {
			operation.complete(w)
		}
	}
}
