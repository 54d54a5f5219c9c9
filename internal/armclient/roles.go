// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	"github.com/google/uuid"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/coalesce"
)

// Role is a role definition.
type Role struct {
	ID               armid.ID // as seen from the scope it was looked up for
	GUID             string
	Name             string
	Description      string
	Type             string // "BuiltInRole" or "CustomRole"
	AssignableScopes []string
	Permissions      []*armauthorization.Permission
}

// UnknownRoleError says that no role has a name.
type UnknownRoleError struct {
	Name    string
	Nearest []string // names that look like it
}

// Error implements error.
func (e *UnknownRoleError) Error() string {
	text := fmt.Sprintf("There is no role called %q that can be assigned at this scope.", e.Name)
	if uuid.Validate(e.Name) == nil {
		text = fmt.Sprintf("There is no role with the GUID %s that can be assigned at this scope.", e.Name)
	}
	if len(e.Nearest) > 0 {
		quoted := make([]string, len(e.Nearest))
		for i, name := range e.Nearest {
			quoted[i] = fmt.Sprintf("%q", name)
		}
		text += " Did you mean " + enumerate(quoted, "or") + "?"
	}
	return text
}

func (*UnknownRoleError) explained() {}

// AmbiguousRoleError says that several roles have one name, as custom roles can.
type AmbiguousRoleError struct {
	Name  string
	GUIDs []string
}

// Error implements error.
func (e *AmbiguousRoleError) Error() string {
	return fmt.Sprintf("Several roles are called %q. Choose one by its ID: %s.", e.Name, enumerate(e.GUIDs, "or"))
}

func (*AmbiguousRoleError) explained() {}

// RoleByName looks up a role that can be assigned at a scope, by its name in any casing.
func (c *Client) RoleByName(ctx context.Context, scope armid.ID, name string) (Role, error) {
	roles, err := c.roles.find(ctx, scope, func(r Role) bool { return strings.EqualFold(r.Name, name) })
	if err != nil {
		return Role{}, err
	}
	var found []Role
	names := make([]string, 0, len(roles))
	for _, r := range roles {
		names = append(names, r.Name)
		if strings.EqualFold(r.Name, name) {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 0:
		return Role{}, &UnknownRoleError{Name: name, Nearest: nearest(name, names)}
	case 1:
		return found[0], nil
	}
	guids := make([]string, len(found))
	for i, r := range found {
		guids[i] = r.GUID
	}
	slices.Sort(guids)
	return Role{}, &AmbiguousRoleError{Name: name, GUIDs: guids}
}

// RoleByGUID looks up a role that can be assigned at a scope, by its GUID.
func (c *Client) RoleByGUID(ctx context.Context, scope armid.ID, guid string) (Role, error) {
	is := func(r Role) bool { return strings.EqualFold(r.GUID, guid) }
	roles, err := c.roles.find(ctx, scope, is)
	if err != nil {
		return Role{}, err
	}
	if i := slices.IndexFunc(roles, is); i >= 0 {
		return roles[i], nil
	}
	return Role{}, &UnknownRoleError{Name: guid}
}

// roleCatalogue keeps the role definitions of each subscription. There are some hundreds, in one or two pages, and they
// hardly change: one list does for every role assignment of a process.
type roleCatalogue struct {
	client  *Client
	mu      sync.Mutex
	lists   map[string]roleList // by key of the scope they were listed at
	flights coalesce.Flights[[]Role]
}

// A roleList is the outcome of one listing; generation counts those of its scope.
type roleList struct {
	roles      []Role
	generation int
}

// find returns the roles that can be assigned at a scope. If none of those at hand is the wanted one, they are listed
// anew, since a custom role may have been made meanwhile.
func (c *roleCatalogue) find(ctx context.Context, scope armid.ID, wanted func(Role) bool) ([]Role, error) {
	at := listingScope(scope)
	held := c.held(at)
	if slices.ContainsFunc(held.roles, wanted) {
		return held.roles, nil
	}
	return c.flights.Do(ctx, at.Key(), func(ctx context.Context) ([]Role, error) {
		if newer := c.held(at); newer.generation > held.generation {
			return newer.roles, nil
		}
		roles, err := c.client.listRoles(ctx, at)
		if err != nil {
			return nil, err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.lists == nil {
			c.lists = map[string]roleList{}
		}
		c.lists[at.Key()] = roleList{roles, held.generation + 1}
		return roles, nil
	})
}

func (c *roleCatalogue) held(at armid.ID) roleList {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lists[at.Key()]
}

// listingScope is where all roles that can be assigned at a scope are listed: a role's assignable scopes are management
// groups, subscriptions and resource groups, and a list holds those inherited from above.
func listingScope(scope armid.ID) armid.ID {
	if subscription := scope.SubscriptionID(); subscription != "" {
		return armid.Subscription(subscription)
	}
	if scope.Type() == armid.TypeManagementGroup {
		return scope
	}
	return armid.Tenant
}

func (c *Client) listRoles(ctx context.Context, scope armid.ID) ([]Role, error) {
	client, err := armauthorization.NewRoleDefinitionsClient(c.credential, c.armOptions())
	if err != nil {
		return nil, fmt.Errorf("preparing to list the roles at %s: %w", scope, err)
	}
	var options armauthorization.RoleDefinitionsClientListOptions
	if scope.Type() == armid.TypeSubscription {
		// Custom roles that can be assigned only in some resource groups are below the subscription.
		options.Filter = new("atScopeAndBelow()")
	}
	var roles []Role
	pager := client.NewListPager(pathOf(scope), &options)
	next := func(p armauthorization.RoleDefinitionsClientListResponse) *string { return p.NextLink }
	for page, err := range pages(withCorrelationID(ctx), pager, next) {
		if err != nil {
			return nil, fmt.Errorf("listing the roles at %s: %w", scope, err)
		}
		for _, d := range page.Value {
			if d == nil || d.Properties == nil {
				continue
			}
			guid := strings.ToLower(value(d.Name))
			role := Role{
				ID: armid.RoleDefinition(scope.SubscriptionID(), guid), GUID: guid, Name: value(d.Properties.RoleName),
				Description: value(d.Properties.Description), Type: value(d.Properties.RoleType), Permissions: d.Properties.Permissions,
			}
			for _, assignable := range d.Properties.AssignableScopes {
				role.AssignableScopes = append(role.AssignableScopes, value(assignable))
			}
			roles = append(roles, role)
		}
	}
	return roles, nil
}
