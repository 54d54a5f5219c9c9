// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/coalesce"
)

const (
	// minConflictDelay and maxConflictDelay bound the wait before a write is tried again that met another one.
	minConflictDelay = 500 * time.Millisecond
	maxConflictDelay = 15 * time.Second
	// maxFailedOperations is how often an operation may fail for reasons of Azure's own before that is the answer.
	maxFailedOperations = 5
)

// commitChanges writes a batch of changes of one machine. Changes of one identity (taken off, then put back on) must not
// share a write, which could only say one of them.
func (c *Client) commitChanges(ctx context.Context, _ string, changes []change) []coalesce.Outcome[Assignment] {
	ctx = withCorrelationID(ctx)
	id := changes[0].machine
	c.machineReads.Forget(id.Key())
	defer c.machineReads.Forget(id.Key())

	outcomes := make([]coalesce.Outcome[Assignment], 0, len(changes))
	for len(changes) > 0 {
		seen := map[string]bool{}
		n := 0
		for n < len(changes) && !seen[changes[n].identity.Key()] {
			seen[changes[n].identity.Key()] = true
			n++
		}
		outcomes = append(outcomes, c.write(ctx, id, changes[:n])...)
		changes = changes[n:]
	}
	return outcomes
}

// write makes changes that name different identities. One that Azure refuses spoils the whole request, so a refused batch is
// taken apart: only the change that is at fault fails.
func (c *Client) write(ctx context.Context, id armid.ID, changes []change) []coalesce.Outcome[Assignment] {
	outcomes := make([]coalesce.Outcome[Assignment], len(changes))
	m, existed, err := c.changeMachine(ctx, id, changes)
	if len(changes) > 1 && isRefusal(err) {
		for _, part := range apart(changes, err) {
			some := make([]change, len(part))
			for i, at := range part {
				some[i] = changes[at]
			}
			for i, outcome := range c.write(ctx, id, some) {
				outcomes[part[i]] = outcome
			}
		}
		return outcomes
	}
	for i, ch := range changes {
		switch {
		case err != nil:
			outcomes[i].Err = err
		case !ch.assign:
		case existed[ch.identity.Key()] && !c.config.AdoptExisting:
			outcomes[i].Err = &AlreadyExistsError{ID: id}
		default:
			outcomes[i].Result, outcomes[i].Err = c.assignment(ctx, m, id, ch.identity)
		}
	}
	return outcomes
}

// apart divides a refused batch, by the places of its changes: each identity that the refusal names is tried alone, and the
// rest together. When it names none, or all, each is tried alone.
func apart(changes []change, refusal error) [][]int {
	message := ""
	if respErr, ok := asResponseError(refusal); ok {
		message = strings.ToLower(errorMessage(respErr))
	}
	var parts [][]int
	var rest []int
	for i, ch := range changes {
		if !ch.identity.IsZero() && strings.Contains(message, ch.identity.Key()) {
			parts = append(parts, []int{i})
		} else {
			rest = append(rest, i)
		}
	}
	if len(parts) == 0 {
		for _, i := range rest {
			parts = append(parts, []int{i})
		}
		return parts
	}
	if len(rest) > 0 {
		parts = append(parts, rest)
	}
	return parts
}

// changeMachine reads the machine, merges the changes into its identity block and writes it, again and again until the
// machine is as wanted, the write is refused, or ctx ends. It returns the machine as it then is, and by key which of the
// identities to assign were there before the first write.
func (c *Client) changeMachine(ctx context.Context, id armid.ID, changes []change) (m machine, existed map[string]bool, err error) {
	renewed := map[string]bool{} // entries that were found dead, and taken off to be put on again
	failures := 0
	for attempt := 0; ; attempt++ {
		if m, err = c.readMachine(ctx, id); err != nil {
			return machine{}, nil, err
		}
		if m.deleting() {
			return machine{}, nil, &MachineDeletingError{Machine: id}
		}
		if attempt == 0 {
			existed = alreadyThere(m, changes)
		}
		// The answer of the last write counts as little as its silence: one that a newer write has pre-empted reports success
		// as well. What the machine says is what holds.
		step := m.renew(changes, renewed)
		delta := m.identity.delta(step)
		if delta == nil && !m.updating() {
			return m, existed, nil
		}
		if delta != nil {
			m, err = c.patchMachine(ctx, id, delta, m.etag)
		}
		switch {
		case delta == nil:
			// A write is under way that leads there: somebody else's, or ours whose answer was lost.
			err = &inProgressError{id}
		case err == nil && m.identity.delta(step) == nil:
			if slices.Equal(step, changes) {
				return m, existed, nil
			}
			continue // the entries that were taken off go back on
		case err == nil:
			err = &overwrittenError{id}
		case ctx.Err() != nil && isUndecided(err):
			return machine{}, nil, &UnfinishedError{Cause: context.Cause(ctx)}
		case isOwnFailure(err) && failures < maxFailedOperations:
			failures++
		case !isWriteConflict(err):
			return machine{}, nil, err
		}
		if waitErr := sleep(ctx, conflictDelay(attempt)); waitErr != nil {
			if _, ok := errors.AsType[*inProgressError](err); ok {
				return machine{}, nil, &UnfinishedError{Cause: waitErr}
			}
			return machine{}, nil, &GaveUpError{Last: err, Tries: attempt + 1, Cause: waitErr}
		}
	}
}

// alreadyThere tells by key which of the identities to assign the machine has.
func alreadyThere(m machine, changes []change) map[string]bool {
	existed := map[string]bool{}
	for _, ch := range changes {
		if ch.assign && m.identity.done(ch) && !m.stale(ch.identity) {
			existed[ch.identity.Key()] = true
		}
	}
	return existed
}

// stale reports whether the machine has a dead entry of an identity.
func (m machine) stale(identity armid.ID) bool {
	on, found := m.identity.userAssigned[identity.Key()]
	return found && on.dead() && !m.updating()
}

// renew returns the changes for the next write: where a dead entry stands in the place of an identity to assign, it is to be
// taken off first. It does so once for each; renewed remembers.
func (m machine) renew(changes []change, renewed map[string]bool) []change {
	step := slices.Clone(changes)
	for i, ch := range step {
		if ch.assign && m.stale(ch.identity) && !renewed[ch.identity.Key()] {
			renewed[ch.identity.Key()] = true
			step[i].assign = false
		}
	}
	return step
}

// MachineDeletingError says that a machine is being deleted and takes no more writes.
type MachineDeletingError struct{ Machine armid.ID }

// Error implements error.
func (e *MachineDeletingError) Error() string {
	return fmt.Sprintf("The %s %s is being deleted.", noun(e.Machine), e.Machine)
}

func (*MachineDeletingError) explained() {}

// GaveUpError says that a write met others, or failed for reasons of Azure's own, until the caller's time was up.
type GaveUpError struct {
	Last  error // what the last try came to
	Tries int
	Cause error // of the context
}

// Error implements error.
func (e *GaveUpError) Error() string {
	return fmt.Sprintf("The machine could not be written in %d tries: %s. The last one ended with: %s", e.Tries, e.Cause, summary(e.Last))
}

// Unwrap returns what the last try came to, and why there was no other.
func (e *GaveUpError) Unwrap() []error { return []error{e.Last, e.Cause} }

func (*GaveUpError) explained() {}

// overwrittenError says that a write was reported to have succeeded, and the machine is not as it was written.
type overwrittenError struct{ machine armid.ID }

func (e *overwrittenError) Error() string {
	return fmt.Sprintf("The %s %s took the change and does not have it: another writer takes it back.", noun(e.machine), e.machine)
}

func (*overwrittenError) explained() {}

// inProgressError says that a machine has what was wanted on its list, and is still being written.
type inProgressError struct{ machine armid.ID }

func (e *inProgressError) Error() string {
	return fmt.Sprintf("The %s %s is still being updated.", noun(e.machine), e.machine)
}

func (*inProgressError) explained() {}

// isUndecided reports whether a write may have been taken without a word of how it ended: the answer to it was lost, or the
// operation was not followed to its end.
func isUndecided(err error) bool {
	if _, begun := errors.AsType[*operationError](err); begun {
		return true
	}
	_, answered := asResponseError(err)
	return !answered
}

// isRefusal reports whether Azure has judged the content of a write and will say the same again.
func isRefusal(err error) bool {
	respErr, ok := asResponseError(err)
	return ok && !isWriteConflict(err) && !isOwnFailure(err) && !IsNotFound(err) && respErr.StatusCode < http.StatusInternalServerError
}

// isWriteConflict reports whether a write met another write of the same machine: its etag was no longer the newest, or
// Compute was still busy with the other.
func isWriteConflict(err error) bool {
	switch ErrorCode(err) {
	case "PreconditionFailed", "ConflictingConcurrentWriteNotAllowed", "Conflict", "OperationNotAllowed", "OperationPreempted":
		return true
	}
	return errors.As(err, new(*overwrittenError))
}

// isOwnFailure reports whether an operation failed for reasons of Azure's own, and not because of what was asked.
func isOwnFailure(err error) bool {
	if _, begun := errors.AsType[*operationError](err); !begun {
		return false
	}
	switch ErrorCode(err) {
	case "", "Canceled", "OperationCanceled", "InternalServerError", "InternalExecutionError", "InternalOperationError", "ServiceUnavailable", "RetryableError":
		return true
	}
	return false
}

// conflictDelay is how long to wait before a write is tried again. It grows, and it is drawn by lot so that two writers
// that met do not meet again.
func conflictDelay(attempt int) time.Duration {
	limit := min(minConflictDelay<<min(attempt, 10), maxConflictDelay)
	return limit/2 + rand.N(limit/2)
}
