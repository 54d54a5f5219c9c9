// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/coalesce"
)

// Assignment is one identity on one machine.
type Assignment struct {
	Machine     armid.ID // a virtual machine or a scale set
	Identity    armid.ID // zero for the machine's system-assigned identity
	PrincipalID string
	ClientID    string // "" for a system-assigned identity whose client ID the caller may not read
	Status      AssignmentStatus
	// NeedsUpgrade tells that the instances of a scale set learn of a change only when they are upgraded.
	NeedsUpgrade bool
}

// AssignmentStatus tells whether code on the machine can use the identity.
type AssignmentStatus int

const (
	// Assigned is the status of an identity that can be used.
	Assigned AssignmentStatus = iota
	// Updating is the status while a write to the machine is under way; what the machine says of the identity is not final.
	Updating
	// Stale is the status of an entry whose identity is gone, or was deleted and made again. Nothing can be done with it but to
	// take it off, and to assign the identity again.
	Stale
)

// NotAssignedError says that a machine does not carry an identity.
type NotAssignedError struct {
	Machine  armid.ID
	Identity armid.ID // zero for the system-assigned identity
}

// Error implements error.
func (e *NotAssignedError) Error() string {
	subject := "the identity " + e.Identity.String()
	if e.Identity.IsZero() {
		subject = "a system-assigned identity"
	}
	return fmt.Sprintf("The %s %s does not have %s.", noun(e.Machine), e.Machine, subject)
}

func (*NotAssignedError) explained() {}

// UnfinishedError says that a write to a machine was begun and nobody saw it end: the caller's time was up. The machine may
// have taken the change, or may yet do so.
type UnfinishedError struct{ Cause error }

// Error implements error.
func (e *UnfinishedError) Error() string {
	return "The change was begun, and its end was not waited for: " + e.Cause.Error() + "."
}

// Unwrap returns the cause of the caller's context.
func (e *UnfinishedError) Unwrap() error { return e.Cause }

func (*UnfinishedError) explained() {}

// Limits of writes to a machine.
const (
	// maxIdentitiesPerRequest is what Compute takes in one request ("Assign exceed limit '150' in one request").
	maxIdentitiesPerRequest = 150
	// assignmentLinger lets the assignments that one apply begins together share a write.
	assignmentLinger = 50 * time.Millisecond
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

// AssignIdentity assigns an identity to a machine, or switches on its system-assigned one for the zero ID, and waits until
// the machine has it. Other identities are left as they are. An entry that is [Stale] is renewed. The error is an
// [AlreadyExistsError] when the machine carried the identity before and existing ones are not adopted, and an
// [UnfinishedError] when ctx ends while the machine is being written.
func (c *Client) AssignIdentity(ctx context.Context, machineID, identity armid.ID) (Assignment, error) {
	return c.change(ctx, change{machine: machineID, identity: identity, assign: true})
}

// UnassignIdentity takes an identity off a machine, or switches off its system-assigned one for the zero ID, and waits
// until the machine is without it. It is no error when the machine, or the identity on it, is gone already.
func (c *Client) UnassignIdentity(ctx context.Context, machineID, identity armid.ID) error {
	_, err := c.change(ctx, change{machine: machineID, identity: identity})
	if IsNotFound(err) {
		return nil
	}
	return err
}

func (c *Client) change(ctx context.Context, ch change) (Assignment, error) {
	a, err := c.assignments.Do(ctx, ch.machine.Key(), ch)
	if errors.Is(err, coalesce.ErrInFlight) {
		err = &UnfinishedError{Cause: context.Cause(ctx)}
	}
	return a, err
}

// Assignment reads the assignment of an identity, or of the system-assigned one for the zero ID. The error is a
// [NotAssignedError] when the machine does not carry it, and fulfils [IsNotFound] when there is no such machine.
//
// The assignments of one machine, and those of one identity, share a read, until the machine or identity is written.
func (c *Client) Assignment(ctx context.Context, machineID, identity armid.ID) (Assignment, error) {
	ctx = withCorrelationID(ctx)
	m, err := c.knownMachine(ctx, machineID)
	if err != nil {
		return Assignment{}, err
	}
	a, err := c.assignment(ctx, m, machineID, identity)
	if err != nil || identity.IsZero() || a.Status != Assigned {
		return a, err
	}
	stale, err := c.outlived(ctx, identity, a.PrincipalID)
	if stale {
		a.Status = Stale
	}
	return a, err
}

// assignment finds an assignment on the machine that carries it.
func (c *Client) assignment(ctx context.Context, m machine, machineID, identity armid.ID) (Assignment, error) {
	a := Assignment{Machine: machineID, Identity: identity, NeedsUpgrade: m.manualUpgrade}
	if m.updating() {
		a.Status = Updating
	}
	if !identity.IsZero() {
		on, found := m.identity.userAssigned[identity.Key()]
		if !found {
			return Assignment{}, &NotAssignedError{Machine: machineID, Identity: identity}
		}
		a.PrincipalID, a.ClientID = on.principalID, on.clientID
		if on.dead() && !m.updating() {
			a.Status = Stale
		}
		return a, nil
	}
	if !m.identity.systemAssigned {
		return Assignment{}, &NotAssignedError{Machine: machineID}
	}
	a.PrincipalID = m.identity.principalID
	var err error
	a.ClientID, err = c.systemAssignedClientID(ctx, machineID)
	return a, err
}

// systemAssignedClientID asks the managed-identity service for what Compute does not tell, "" for those who may not know.
func (c *Client) systemAssignedClientID(ctx context.Context, machineID armid.ID) (string, error) {
	own, err := c.SystemAssignedIdentity(ctx, machineID)
	switch {
	case err == nil && own.Properties != nil:
		return value(own.Properties.ClientID), nil
	case err == nil, ErrorCode(err) == "AuthorizationFailed", IsNotFound(err):
		return "", nil
	default:
		return "", err
	}
}

// outlived reports whether an entry on a machine is older than the identity of that name now is, or the identity is gone.
// Who may not read the identity has the machine's word only.
func (c *Client) outlived(ctx context.Context, identity armid.ID, principalID string) (bool, error) {
	now, err := c.Identity(ctx, identity)
	switch {
	case IsNotFound(err):
		return true, nil
	case ErrorCode(err) == "AuthorizationFailed":
		return false, nil
	case err != nil:
		return false, err
	}
	return now.Properties != nil && value(now.Properties.PrincipalID) != principalID, nil
}
