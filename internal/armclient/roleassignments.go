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

// roleAssignmentNamespace is the namespace of the names that [RoleAssignmentName] makes. It must never change: names would
// change with it.
var roleAssignmentNamespace = uuid.MustParse("6f2a8c5e-3f0b-5d0e-9f7c-0b6d5a1e4c92")

// RoleAssignmentName returns the name under which a role is assigned to a principal at a scope: the version 5 UUID
// (RFC 9562) of the tenant's GUID, the scope, the principal's object ID and the role definition's GUID, in lower case and
// joined by "|", in the namespace 6f2a8c5e-3f0b-5d0e-9f7c-0b6d5a1e4c92.
//
// With a name that follows from what is assigned, a creation that is sent again after its answer was lost finds the
// assignment that it made. All four parts are in the name because ARM lets none of them change under one name
// (RoleAssignmentUpdateNotPermitted), and because names are unique in the whole tenant.
func RoleAssignmentName(tenantID string, scope armid.ID, principalID, roleGUID string) string {
	parts := strings.ToLower(strings.Join([]string{tenantID, scope.Key(), principalID, roleGUID}, "|"))
	return uuid.NewSHA1(roleAssignmentNamespace, []byte(parts)).String()
}

// RoleAssignment reads a role assignment.
func (c *Client) RoleAssignment(ctx context.Context, id armid.ID) (armauthorization.RoleAssignment, error) {
	client, err := c.roleAssignments(id)
	if err != nil {
		return armauthorization.RoleAssignment{}, err
	}
	resp, err := client.GetByID(withCorrelationID(ctx), pathOf(id), nil)
	if err != nil {
		return armauthorization.RoleAssignment{}, fmt.Errorf("reading the role assignment %s: %w", id, err)
	}
	return resp.RoleAssignment, nil
}

// CreateRoleAssignment assigns a role. The error is an [AlreadyExistsError] with the ID of the assignment that is there,
// if the principal has the role at that very scope, under this name or another.
//
// A principal type is always sent, that of a managed identity if p names none: ARM then does not look for the principal in
// the directory, where a new one is not found for a while (Microsoft Learn: troubleshooting Azure RBAC).
func (c *Client) CreateRoleAssignment(ctx context.Context, id armid.ID, p armauthorization.RoleAssignmentProperties) (armauthorization.RoleAssignment, error) {
	ctx = withCorrelationID(ctx)
	if p.PrincipalType == nil {
		p.PrincipalType = new(armauthorization.PrincipalTypeServicePrincipal)
	}
	switch existing, err := c.RoleAssignment(ctx, id); {
	case err == nil && sameAssignment(existing.Properties, &p):
		return armauthorization.RoleAssignment{}, &AlreadyExistsError{ID: id}
	case err == nil:
		return armauthorization.RoleAssignment{}, fmt.Errorf("the name of the role assignment %s is taken by another one, of the role %s to the principal %s", id,
			value(existing.Properties.RoleDefinitionID), value(existing.Properties.PrincipalID))
	case !IsNotFound(err):
		return armauthorization.RoleAssignment{}, err
	}
	created, err := c.putPatiently(ctx, id, p)
	if ErrorCode(err) != "RoleAssignmentExists" {
		return created, err
	}
	existing, lookupErr := c.existingAssignment(ctx, id, p, err)
	switch {
	case lookupErr != nil:
		return armauthorization.RoleAssignment{}, errors.Join(err, lookupErr)
	case existing.Equal(id):
		return c.RoleAssignment(ctx, id) // our own request, which was sent twice
	}
	return armauthorization.RoleAssignment{}, &AlreadyExistsError{ID: existing}
}

// UpdateRoleAssignment changes the description and the condition of a role assignment; nothing else of it can change.
func (c *Client) UpdateRoleAssignment(ctx context.Context, id armid.ID, p armauthorization.RoleAssignmentProperties) (armauthorization.RoleAssignment, error) {
	if p.PrincipalType == nil {
		p.PrincipalType = new(armauthorization.PrincipalTypeServicePrincipal)
	}
	updated, err := c.putRoleAssignment(withCorrelationID(ctx), id, p)
	if err != nil {
		return armauthorization.RoleAssignment{}, fmt.Errorf("updating the role assignment %s: %w", id, err)
	}
	return updated, nil
}

// DeleteRoleAssignment removes a role assignment. One that is gone is no error.
func (c *Client) DeleteRoleAssignment(ctx context.Context, id armid.ID) error {
	client, err := c.roleAssignments(id)
	if err != nil {
		return err
	}
	if _, err := client.DeleteByID(withCorrelationID(ctx), pathOf(id), nil); err != nil && !IsNotFound(err) {
		return fmt.Errorf("deleting the role assignment %s: %w", id, err)
	}
	return nil
}

func (c *Client) putRoleAssignment(ctx context.Context, id armid.ID, p armauthorization.RoleAssignmentProperties) (armauthorization.RoleAssignment, error) {
	client, err := c.roleAssignments(id)
	if err != nil {
		return armauthorization.RoleAssignment{}, err
	}
	resp, err := client.CreateByID(ctx, pathOf(id), armauthorization.RoleAssignmentCreateParameters{Properties: &p}, nil)
	return resp.RoleAssignment, err
}

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
		if !passes(err) || time.Since(began)+delay > c.config.PrincipalNotFoundTimeout {
			return armauthorization.RoleAssignment{}, err
		}
		if sleep(ctx, delay) != nil {
			return armauthorization.RoleAssignment{}, err
		}
	}
}

// passes reports whether the refusal of a role assignment is one of those that time heals.
func passes(err error) bool {
	switch ErrorCode(err) {
	case "PrincipalNotFound", "RoleAssignmentUpdateNotPermitted", "HashConflictOnDifferentRoleAssignmentIds":
		return true
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
	client, err := c.roleAssignments(id)
	if err != nil {
		return armid.ID{}, err
	}
	// This client, alone of all, does not encode its filters: a space must be given as %20.
	filter := "principalId%20eq%20'" + value(p.PrincipalID) + "'"
	pager := client.NewListForScopePager(pathOf(id.Scope()), &armauthorization.RoleAssignmentsClientListForScopeOptions{Filter: &filter})
	next := func(p armauthorization.RoleAssignmentsClientListForScopeResponse) *string { return p.NextLink }
	for page, err := range pages(ctx, pager, next) {
		if err != nil {
			return armid.ID{}, fmt.Errorf("looking for the role assignment that exists at %s: %w", id.Scope(), err)
		}
		for _, a := range page.Value {
			// The filter gives what the principal has above and below the scope, too.
			if found, err := armid.Parse(value(a.ID)); err == nil && found.Scope().Equal(id.Scope()) && sameAssignment(a.Properties, &p) {
				return found, nil
			}
		}
	}
	return armid.ID{}, fmt.Errorf("the role assignment that exists at %s is not in the list of those that can be read there", id.Scope())
}

// sameAssignment reports whether two assignments at one scope are of one role to one principal.
func sameAssignment(a, b *armauthorization.RoleAssignmentProperties) bool {
	return a != nil && b != nil && strings.EqualFold(value(a.PrincipalID), value(b.PrincipalID)) &&
		strings.EqualFold(lastSegment(value(a.RoleDefinitionID)), lastSegment(value(b.RoleDefinitionID)))
}

// lastSegment of a role definition's ID is its GUID, whether the ID is the tenant's or a subscription's form.
func lastSegment(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

func (c *Client) roleAssignments(id armid.ID) (*armauthorization.RoleAssignmentsClient, error) {
	client, err := armauthorization.NewRoleAssignmentsClient(id.SubscriptionID(), c.credential, c.armOptions())
	if err != nil {
		return nil, fmt.Errorf("preparing to ask for the role assignment %s: %w", id, err)
	}
	return client, nil
}
