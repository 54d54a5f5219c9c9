// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"cmp"
	"fmt"
	"strings"
)

// rootManagementGroup puts the group above all others of a tenant into the world.
func (p planter) rootManagementGroup(tenantID string) error {
	return put(p.world.managementGroups, "id", managementGroupID(tenantID), &ManagementGroup{
		ID: managementGroupID(tenantID), Name: tenantID, DisplayName: "Tenant Root Group", TenantID: tenantID,
	})
}

func (p planter) managementGroup(s SeedManagementGroup) error {
	if err := required("name", s.Name); err != nil {
		return err
	}
	tenantID, err := p.tenantID(s.Tenant)
	if err != nil {
		return err
	}
	parent, err := p.managementGroupAbove("parent", cmp.Or(s.Parent, tenantID))
	if err != nil {
		return err
	}
	id := managementGroupID(s.Name)
	return put(p.world.managementGroups, "name", id, &ManagementGroup{
		ID: id, Name: s.Name, DisplayName: cmp.Or(s.DisplayName, s.Name), TenantID: tenantID, Parent: parent,
	})
}

// managementGroupAbove is the ID of a management group that has been planted before.
func (p planter) managementGroupAbove(field, name string) (string, error) {
	if group := p.world.managementGroups[key(managementGroupID(name))]; group != nil {
		return group.ID, nil
	}
	return "", fmt.Errorf("%s: there is no management group %q before it in the seed", field, name)
}

func (p planter) lock(s SeedLock) error {
	if err := required("name", s.Name); err != nil {
		return err
	}
	if _, err := p.scope(s.Scope); err != nil {
		return err
	}
	level, known := lockLevel(string(cmp.Or(s.Level, CanNotDelete)))
	if !known {
		return fmt.Errorf("level: %q is neither %s nor %s", s.Level, CanNotDelete, ReadOnly)
	}
	lock := newLock(s.Scope, s.Name, level, s.Notes)
	return put(p.world.locks, "name", lock.ID, lock)
}

// scope checks a scope of the seed, as far as subscriptions and management groups go.
func (p planter) scope(named string) (string, error) {
	if !strings.HasPrefix(named, "/") {
		return "", fmt.Errorf("scope: %q is neither \"/\" nor an ARM ID", named)
	}
	scope := "/" + strings.Trim(named, "/")
	segments, _ := splitPath(scope)
	var where target
	group := managementGroupOf(scope)
	if !where.withScope(segments) || where.subscription != "" && p.world.subscriptions[key(where.subscription)] == nil ||
		group != "" && p.world.managementGroups[key(managementGroupID(group))] == nil {
		return "", fmt.Errorf("scope: there is no %q", named)
	}
	return scope, nil
}
