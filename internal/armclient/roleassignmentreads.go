// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"fmt"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/coalesce"
)

// PrincipalGone is the type that ARM gives to a principal which is not in the directory any more (Microsoft Learn:
// role-based-access-control/troubleshooting, "Role assignments with identity not found").
const PrincipalGone armauthorization.PrincipalType = "Unknown"

// RoleAssignment reads a role assignment, from a list of its resource group's or subscription's assignments when many are
// read. A tenant ID is that of the scope where it is another one than the caller's (Azure Lighthouse), else "".
func (c *Client) RoleAssignment(ctx context.Context, id armid.ID, tenantID string) (armauthorization.RoleAssignment, error) {
	ctx = withCorrelationID(ctx)
	get := func(ctx context.Context) (armauthorization.RoleAssignment, error) {
		return c.readRoleAssignment(ctx, id, tenantID)
	}
	if tenantID != "" { // what another tenant delegates is in no list of this one
		return get(ctx)
	}
	return c.roleAssignmentReads.Get(ctx, memberOf(id), get)
}

func (c *Client) readRoleAssignment(ctx context.Context, id armid.ID, tenantID string) (armauthorization.RoleAssignment, error) {
	client, err := c.roleAssignments(id)
	if err != nil {
		return armauthorization.RoleAssignment{}, err
	}
	resp, err := client.GetByID(ctx, pathOf(id), &armauthorization.RoleAssignmentsClientGetByIDOptions{TenantID: optional(tenantID)})
	if err != nil {
		return armauthorization.RoleAssignment{}, fmt.Errorf("reading the role assignment %s: %w", id, err)
	}
	return resp.RoleAssignment, nil
}

// memberOf tells whose lists hold a role assignment: its resource group's and its subscription's; for one above all
// subscriptions, its own scope's.
func memberOf(id armid.ID) coalesce.Member {
	m := coalesce.Member{Key: id.Key()}
	subscription := id.SubscriptionID()
	if subscription == "" {
		m.Groups = []string{id.Scope().Key()}
		return m
	}
	if group := id.ResourceGroup(); group != "" {
		m.Groups = append(m.Groups, armid.ResourceGroup(subscription, group).Key())
	}
	m.Groups = append(m.Groups, armid.Subscription(subscription).Key())
	return m
}

// listGroup reads all role assignments of a group of [memberOf], by the keys of their IDs.
func (c *Client) listGroup(ctx context.Context, group string) (map[string]armauthorization.RoleAssignment, error) {
	scope, err := armid.Parse(group)
	if err != nil {
		return nil, fmt.Errorf("reading a scope: %w", err)
	}
	filter := ""
	if scope.SubscriptionID() == "" {
		filter = "atScope()" // below a management group may be thousands of subscriptions
	}
	found := map[string]armauthorization.RoleAssignment{}
	err = c.eachRoleAssignment(ctx, scope, filter, func(id armid.ID, a armauthorization.RoleAssignment) { found[id.Key()] = a })
	return found, err
}

// RoleAssignmentQuery says which role assignments to list.
type RoleAssignmentQuery struct {
	Scope       armid.ID
	PrincipalID string // "" for all
	RoleGUID    string // "" for all
	// Below takes in what is assigned below the scope. What is inherited from above never is.
	Below bool
}

// RoleAssignments lists role assignments as ARM knows them now, by their IDs.
func (c *Client) RoleAssignments(ctx context.Context, q RoleAssignmentQuery) (map[string]armauthorization.RoleAssignment, error) {
	filter := ""
	switch {
	case q.PrincipalID != "":
		// This client, alone of all, does not encode its filters: a space must be given as %20.
		filter = "principalId%20eq%20'" + q.PrincipalID + "'"
	case !q.Below:
		filter = "atScope()"
	}
	found := map[string]armauthorization.RoleAssignment{}
	err := c.eachRoleAssignment(withCorrelationID(ctx), q.Scope, filter, func(id armid.ID, a armauthorization.RoleAssignment) {
		if q.matches(id, a) {
			found[id.String()] = a
		}
	})
	return found, err
}

// matches looks at what ARM's filters do not, or not alone: the principal's filter gives what is above the scope, too.
func (q RoleAssignmentQuery) matches(id armid.ID, a armauthorization.RoleAssignment) bool {
	at := id.Scope().Equal(q.Scope)
	below := strings.HasPrefix(id.Scope().Key(), strings.TrimSuffix(q.Scope.Key(), "/")+"/") ||
		// Nothing in a subscription's ID tells which management groups it is in; what is not above must be below.
		q.Scope.Type() == armid.TypeManagementGroup && id.SubscriptionID() != ""
	return (at || q.Below && below) &&
		(q.PrincipalID == "" || strings.EqualFold(value(a.Properties.PrincipalID), q.PrincipalID)) &&
		(q.RoleGUID == "" || strings.EqualFold(lastSegment(value(a.Properties.RoleDefinitionID)), q.RoleGUID))
}

// eachRoleAssignment lists the role assignments that can be seen from a scope.
func (c *Client) eachRoleAssignment(ctx context.Context, scope armid.ID, filter string, use func(armid.ID, armauthorization.RoleAssignment)) error {
	client, err := c.roleAssignments(scope)
	if err != nil {
		return err
	}
	pager := client.NewListForScopePager(pathOf(scope), &armauthorization.RoleAssignmentsClientListForScopeOptions{Filter: optional(filter)})
	next := func(p armauthorization.RoleAssignmentsClientListForScopeResponse) *string { return p.NextLink }
	for page, err := range pages(ctx, pager, next) {
		if err != nil {
			return fmt.Errorf("listing the role assignments at %s: %w", scope, err)
		}
		for _, a := range page.Value {
			if a == nil || a.Properties == nil {
				continue
			}
			if id, err := armid.Parse(value(a.ID)); err == nil && id.Type() == armid.TypeRoleAssignment {
				use(id, *a)
			}
		}
	}
	return nil
}

// optional is a parameter that is left out where it is "".
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
