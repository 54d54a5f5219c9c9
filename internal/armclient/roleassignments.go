// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"fmt"
	"strings"

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

// DeleteRoleAssignment removes a role assignment. One that is gone is no error. A tenant ID is as in [Client.RoleAssignment].
func (c *Client) DeleteRoleAssignment(ctx context.Context, id armid.ID, tenantID string) error {
	ctx = withCorrelationID(ctx)
	client, err := c.roleAssignments(id)
	if err != nil {
		return err
	}
	c.roleAssignmentReads.Forget(id.Key())
	defer c.roleAssignmentReads.Forget(id.Key())
	_, err = client.DeleteByID(ctx, pathOf(id), &armauthorization.RoleAssignmentsClientDeleteByIDOptions{TenantID: optional(tenantID)})
	switch {
	case err == nil || IsNotFound(err):
		return nil
	case ErrorCode(err) == "ScopeLocked":
		err = c.lockedError(ctx, id.Scope(), err)
	}
	return fmt.Errorf("deleting the role assignment %s: %w", id, err)
}

// putRoleAssignment writes a role assignment, and through to what is kept of reads.
func (c *Client) putRoleAssignment(ctx context.Context, id armid.ID, p armauthorization.RoleAssignmentProperties) (armauthorization.RoleAssignment, error) {
	client, err := c.roleAssignments(id)
	if err != nil {
		return armauthorization.RoleAssignment{}, err
	}
	c.roleAssignmentReads.Forget(id.Key())
	resp, err := client.CreateByID(ctx, pathOf(id), armauthorization.RoleAssignmentCreateParameters{Properties: &p}, nil)
	if err == nil && resp.Properties != nil {
		c.roleAssignmentReads.Keep(id.Key(), resp.RoleAssignment)
	}
	return resp.RoleAssignment, err
}

// sameAssignment reports whether two assignments at one scope are of one role to one principal.
func sameAssignment(a, b *armauthorization.RoleAssignmentProperties) bool {
	return a != nil && b != nil && strings.EqualFold(value(a.PrincipalID), value(b.PrincipalID)) &&
		strings.EqualFold(lastSegment(value(a.RoleDefinitionID)), lastSegment(value(b.RoleDefinitionID)))
}

// sameTerms reports whether two assignments have what may change of one in common.
func sameTerms(a, b *armauthorization.RoleAssignmentProperties) bool {
	return value(a.Description) == value(b.Description) && value(a.Condition) == value(b.Condition) &&
		(value(a.Condition) == "" || value(a.ConditionVersion) == value(b.ConditionVersion))
}

// lastSegment of a role definition's ID is its GUID, whether the ID is the tenant's or a subscription's form.
func lastSegment(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

func (c *Client) roleAssignments(id armid.ID) (*armauthorization.RoleAssignmentsClient, error) {
	client, err := armauthorization.NewRoleAssignmentsClient(id.SubscriptionID(), c.credential, c.armOptions())
	if err != nil {
		return nil, fmt.Errorf("preparing to ask for role assignments at %s: %w", id, err)
	}
	return client, nil
}
