// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	"github.com/google/uuid"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
)

// CreateRoleAssignment assigns a role, and returns the ID of the assignment. It looks first, in a list that all creations at
// a scope share, and then sends one PUT.
//
// An assignment under the very name that is wanted, of the same role to the same principal and with the same description
// and condition, is taken for the work of an earlier creation whose answer was lost. Any other assignment of the role to
// the principal at that scope is an [AlreadyExistsError] with its ID, unless existing ones are adopted: then its
// description and condition become what is wanted, and it keeps its name.
//
// A principal type is always sent, that of a managed identity if p names none: ARM then does not look for the principal in
// the directory, where a new one is not found for a while (Microsoft Learn: troubleshooting Azure RBAC).
func (c *Client) CreateRoleAssignment(ctx context.Context, id armid.ID, p armauthorization.RoleAssignmentProperties) (armid.ID, armauthorization.RoleAssignment, error) {
	return c.createRoleAssignment(ctx, id, p, func(armid.ID) bool { return c.config.AdoptExisting })
}

// CreateRoleAssignmentNamed is [Client.CreateRoleAssignment] where the name must be the given one: nothing of another name is
// adopted.
func (c *Client) CreateRoleAssignmentNamed(ctx context.Context, id armid.ID, p armauthorization.RoleAssignmentProperties) (armid.ID, armauthorization.RoleAssignment, error) {
	return c.createRoleAssignment(ctx, id, p, func(existing armid.ID) bool { return c.config.AdoptExisting && existing.Equal(id) })
}

func (c *Client) createRoleAssignment(ctx context.Context, id armid.ID, p armauthorization.RoleAssignmentProperties, adopts func(armid.ID) bool) (armid.ID, armauthorization.RoleAssignment, error) {
	ctx = withCorrelationID(ctx)
	if p.PrincipalType == nil {
		p.PrincipalType = new(armauthorization.PrincipalTypeServicePrincipal)
	}
	existing, err := c.lookForAssignment(ctx, id, p)
	switch {
	case err != nil:
		return armid.ID{}, armauthorization.RoleAssignment{}, err
	case existing.IsZero():
		var created armauthorization.RoleAssignment
		if created, err = c.putPatiently(ctx, id, p); ErrorCode(err) != "RoleAssignmentExists" {
			return id, created, err
		}
		var lookupErr error
		if existing, lookupErr = c.existingAssignment(ctx, id, p, err); lookupErr != nil {
			return armid.ID{}, armauthorization.RoleAssignment{}, errors.Join(err, lookupErr)
		}
		if existing.Equal(id) { // our own request, which was sent twice
			return c.adoptAssignment(ctx, id, p)
		}
	}
	if adopts(existing) {
		return c.adoptAssignment(ctx, existing, p)
	}
	return armid.ID{}, armauthorization.RoleAssignment{}, &AlreadyExistsError{ID: existing}
}

func (c *Client) adoptAssignment(ctx context.Context, id armid.ID, p armauthorization.RoleAssignmentProperties) (armid.ID, armauthorization.RoleAssignment, error) {
	adopted, err := c.UpdateRoleAssignment(ctx, id, p)
	return id, adopted, err
}

// lookForAssignment returns the ID of the assignment that stands in the way of a creation, zero if there is none. One that
// is just what is to be created does not. What only a list knows of is asked for once more: it may have been deleted since.
func (c *Client) lookForAssignment(ctx context.Context, id armid.ID, p armauthorization.RoleAssignmentProperties) (armid.ID, error) {
	inTheWay := func(a armauthorization.RoleAssignment) bool {
		same := sameAssignment(a.Properties, &p)
		if !same && !strings.EqualFold(value(a.Name), id.Name()) { // nearly all of a list, which need not be parsed
			return false
		}
		found, err := armid.Parse(value(a.ID))
		return err == nil && (found.Equal(id) || same && found.Scope().Equal(id.Scope()))
	}
	candidate := id
	switch known, found, listed := c.roleAssignmentReads.Find(ctx, memberOf(id), inTheWay); {
	case found:
		var err error
		if candidate, err = armid.Parse(value(known.ID)); err != nil {
			return armid.ID{}, fmt.Errorf("reading the ID of an existing role assignment: %w", err)
		}
	case listed:
		return armid.ID{}, nil
	}
	existing, err := c.readRoleAssignment(ctx, candidate, "")
	switch {
	case IsNotFound(err):
		return armid.ID{}, nil
	case err != nil:
		return armid.ID{}, err
	case !sameAssignment(existing.Properties, &p):
		return armid.ID{}, &nameTakenError{id: id, role: value(existing.Properties.RoleDefinitionID), principal: value(existing.Properties.PrincipalID)}
	case candidate.Equal(id) && sameTerms(existing.Properties, &p):
		return armid.ID{}, nil
	}
	return candidate, nil
}

// nameTakenError says that another assignment has the name that one is to be created under.
type nameTakenError struct {
	id              armid.ID
	role, principal string
}

// Error implements error.
func (e *nameTakenError) Error() string {
	return fmt.Sprintf("The name %s is taken at %s by another role assignment: that of the role %s to the principal %s. Choose another name, or none.",
		e.id.Name(), e.id.Scope(), e.role, e.principal)
}

func (*nameTakenError) explained() {}

// putPatiently creates a role assignment, again and again while the directory does not know the principal yet, or ARM has
// not forgotten an assignment that was deleted. The wait is short beside the caller's own: a principal that does not exist
// looks like one that is new.
func (c *Client) putPatiently(ctx context.Context, id armid.ID, p armauthorization.RoleAssignmentProperties) (armauthorization.RoleAssignment, error) {
	began := time.Now()
	for delay := time.Second; ; delay = min(2*delay, 10*time.Second) {
		created, err := c.putRoleAssignment(ctx, id, p)
		if err == nil {
			return created, nil
		}
		err = fmt.Errorf("creating the role assignment %s: %w", id, err)
		if !passes(err, p) || time.Since(began)+delay > c.config.PrincipalNotFoundTimeout {
			return armauthorization.RoleAssignment{}, err
		}
		if sleep(ctx, delay) != nil {
			return armauthorization.RoleAssignment{}, err
		}
	}
}

// passes reports whether the refusal of a role assignment is one of those that time heals.
func passes(err error, p armauthorization.RoleAssignmentProperties) bool {
	switch ErrorCode(err) {
	case "PrincipalNotFound", "RoleAssignmentUpdateNotPermitted", "HashConflictOnDifferentRoleAssignmentIds":
		return true
	case "LinkedAuthorizationFailed": // a new identity of another tenant is not known in this one at once
		return p.DelegatedManagedIdentityResourceID != nil
	}
	respErr, ok := asResponseError(err)
	return ok && strings.Contains(strings.ToLower(errorMessage(respErr)), "hash conflict")
}

// existingName is the name of the assignment that is in the way, as newer services put it into their message: a GUID
// without dashes.
var existingName = regexp.MustCompile(`\b[0-9a-fA-F]{32}\b`)

// existingAssignment finds the assignment that RoleAssignmentExists is about. It is at the same scope, since scope,
// principal and role are what must be unique together.
func (c *Client) existingAssignment(ctx context.Context, id armid.ID, p armauthorization.RoleAssignmentProperties, conflict error) (armid.ID, error) {
	if respErr, ok := asResponseError(conflict); ok {
		if name, err := uuid.Parse(existingName.FindString(errorMessage(respErr))); err == nil {
			return armid.RoleAssignment(id.Scope(), name.String()), nil
		}
	}
	found, err := c.RoleAssignments(ctx, RoleAssignmentQuery{
		Scope: id.Scope(), PrincipalID: value(p.PrincipalID), RoleGUID: lastSegment(value(p.RoleDefinitionID)),
	})
	if err != nil {
		return armid.ID{}, fmt.Errorf("looking for the role assignment that exists: %w", err)
	}
	for text := range found {
		return armid.Parse(text)
	}
	return armid.ID{}, fmt.Errorf("the role assignment that exists at %s is not in the list of those that can be read there", id.Scope())
}
