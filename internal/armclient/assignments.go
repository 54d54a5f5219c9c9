// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/coalesce"
)

// Assignment is one identity on one virtual machine.
type Assignment struct {
	Machine     armid.ID
	Identity    armid.ID // zero for the machine's system-assigned identity
	PrincipalID string
	ClientID    string // "" for a system-assigned identity whose client ID the caller may not read
}

// NotAssignedError says that a machine does not carry an identity.
type NotAssignedError struct {
	Machine  armid.ID
	Identity armid.ID // zero for the system-assigned identity
}

// Error implements error.
func (e *NotAssignedError) Error() string {
	return fmt.Sprintf("Virtual machine %s does not have %s.", e.Machine, identityText(e.Identity))
}

func (*NotAssignedError) explained() {}

func identityText(identity armid.ID) string {
	if identity.IsZero() {
		return "a system-assigned identity"
	}
	return "the identity " + identity.String()
}

// Limits of writes to a machine.
const (
	// maxIdentitiesPerRequest is what Compute takes in one request ("Assign exceed limit '150' in one request").
	maxIdentitiesPerRequest = 150
	// assignmentLinger lets the assignments that one apply begins together share a write.
	assignmentLinger = 50 * time.Millisecond
	// minConflictDelay and maxConflictDelay bound the wait before a write is tried again that met another one.
	minConflictDelay = 500 * time.Millisecond
	maxConflictDelay = 15 * time.Second
)

// newAssignmentWriter returns the one writer of identity blocks in this process. Compute takes one write at a time for
// each machine, so what is asked for while one is under way goes into the next.
func newAssignmentWriter(c *Client) *coalesce.GroupCommit[string, change, Assignment] {
	return &coalesce.GroupCommit[string, change, Assignment]{
		Commit: c.commitChanges,
		Linger: assignmentLinger,
		Max:    maxIdentitiesPerRequest,
	}
}

// Assignment reads the assignment of an identity, or of the system-assigned one for the zero ID. The error is a
// [NotAssignedError] when the machine does not carry it, and fulfils [IsNotFound] when there is no such machine.
func (c *Client) Assignment(ctx context.Context, machineID, identity armid.ID) (Assignment, error) {
	m, err := c.machine(ctx, machineID)
	if err != nil {
		return Assignment{}, err
	}
	return c.assignment(ctx, m, change{machine: machineID, identity: identity})
}

// AssignIdentity assigns an identity to a machine, or switches on its system-assigned one for the zero ID, and waits until
// the machine has it. Other identities are left as they are. The error is an [AlreadyExistsError] when the machine carried
// the identity before.
func (c *Client) AssignIdentity(ctx context.Context, machineID, identity armid.ID) (Assignment, error) {
	return c.assignments.Do(ctx, machineID.Key(), change{machine: machineID, identity: identity, assign: true})
}

// UnassignIdentity takes an identity off a machine, or switches off its system-assigned one for the zero ID, and waits
// until the machine is without it. It is no error when the machine, or the identity on it, is gone already.
func (c *Client) UnassignIdentity(ctx context.Context, machineID, identity armid.ID) error {
	_, err := c.assignments.Do(ctx, machineID.Key(), change{machine: machineID, identity: identity})
	if IsNotFound(err) {
		return nil
	}
	return err
}

// commitChanges writes a batch of changes of one machine. Changes of one identity (taken off, then put back on) must not
// share a write, which could only say one of them.
func (c *Client) commitChanges(ctx context.Context, _ string, changes []change) []coalesce.Outcome[Assignment] {
	outcomes := make([]coalesce.Outcome[Assignment], 0, len(changes))
	for len(changes) > 0 {
		seen := map[string]bool{}
		n := 0
		for n < len(changes) && !seen[changes[n].identity.Key()] {
			seen[changes[n].identity.Key()] = true
			n++
		}
		outcomes = append(outcomes, c.write(ctx, changes[:n])...)
		changes = changes[n:]
	}
	return outcomes
}

// write makes changes that name different identities. One that Compute refuses spoils the whole request, so a refused
// batch is taken apart: only the change that is at fault fails.
func (c *Client) write(ctx context.Context, changes []change) []coalesce.Outcome[Assignment] {
	outcomes := make([]coalesce.Outcome[Assignment], len(changes))
	m, existed, err := c.changeMachine(ctx, changes)
	if len(changes) > 1 && isRefusal(err) {
		for i := range changes {
			outcomes[i] = c.write(ctx, changes[i:i+1])[0]
		}
		return outcomes
	}
	for i, ch := range changes {
		switch {
		case err != nil:
			outcomes[i].Err = err
		case !ch.assign:
		case existed[ch.identity.Key()]:
			outcomes[i].Err = &AlreadyExistsError{ID: ch.machine}
		default:
			outcomes[i].Result, outcomes[i].Err = c.assignment(ctx, m, ch)
		}
	}
	return outcomes
}

// changeMachine reads the machine, merges the changes into its identity block and writes it, again and again until the
// machine is as wanted, the write is refused, or ctx ends. It returns the machine as it then is, and by key which of the
// identities to assign were there before the first write.
func (c *Client) changeMachine(ctx context.Context, changes []change) (m machine, existed map[string]bool, err error) {
	id := changes[0].machine
	for attempt := 0; ; attempt++ {
		m, err = c.machine(ctx, id)
		if err != nil {
			return machine{}, nil, err
		}
		if m.deleting {
			return machine{}, nil, fmt.Errorf("virtual machine %s is being deleted", id)
		}
		if attempt == 0 {
			existed = map[string]bool{}
			for _, ch := range changes {
				existed[ch.identity.Key()] = ch.assign && m.identity.done(ch)
			}
		}
		// The answer of the last write counts as little as its silence: a write that a newer one has pre-empted reports
		// success as well. What the machine says is what holds.
		delta := m.identity.delta(changes)
		if delta == nil {
			return m, existed, nil
		}
		m, err = c.patchMachine(ctx, id, delta, m.etag)
		switch {
		case err == nil && m.identity.delta(changes) == nil:
			return m, existed, nil
		case err != nil && !isWriteConflict(err):
			return machine{}, nil, err
		}
		if waitErr := sleep(ctx, conflictDelay(attempt)); waitErr != nil {
			if err == nil {
				err = fmt.Errorf("virtual machine %s does not keep the change of its identities: another writer takes it back", id)
			}
			return machine{}, nil, fmt.Errorf("%w (gave up after %d tries: %w)", err, attempt+1, waitErr)
		}
	}
}

// assignment builds the result of a change from the machine that carries it.
func (c *Client) assignment(ctx context.Context, m machine, ch change) (Assignment, error) {
	a := Assignment{Machine: ch.machine, Identity: ch.identity}
	if !ch.identity.IsZero() {
		on, found := m.identity.userAssigned[ch.identity.Key()]
		if !found {
			return Assignment{}, &NotAssignedError{Machine: ch.machine, Identity: ch.identity}
		}
		a.PrincipalID, a.ClientID = on.principalID, on.clientID
		return a, nil
	}
	if !m.identity.systemAssigned {
		return Assignment{}, &NotAssignedError{Machine: ch.machine}
	}
	a.PrincipalID = m.identity.principalID
	// Compute does not tell the client ID; the managed-identity service does, to those who may read there.
	own, err := c.SystemAssignedIdentity(ctx, ch.machine)
	switch {
	case err == nil && own.Properties != nil:
		a.ClientID = value(own.Properties.ClientID)
	case err != nil && ErrorCode(err) != "AuthorizationFailed" && !IsNotFound(err):
		return Assignment{}, err
	}
	return a, nil
}

// isRefusal reports whether ARM has judged the content of a request and will say the same again.
func isRefusal(err error) bool {
	var respErr *azcore.ResponseError
	return errors.As(err, &respErr) && !isWriteConflict(err) && !IsNotFound(err) && respErr.StatusCode < http.StatusInternalServerError
}

// isWriteConflict reports whether a write met another write of the same machine: its etag was no longer the newest, or
// Compute was still busy with the other.
func isWriteConflict(err error) bool {
	switch ErrorCode(err) {
	case "PreconditionFailed", "ConflictingConcurrentWriteNotAllowed", "Conflict", "OperationNotAllowed", "OperationPreempted":
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
