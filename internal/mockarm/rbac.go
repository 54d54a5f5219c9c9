// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"iter"
	"maps"
	"slices"
	"strings"
)

// allowed tells whether the role assignments in the store let the caller perform an action on a scope.
//
// Conditions of assignments are kept and given back but not evaluated: a conditional assignment grants what it would
// grant without its condition.
func (w *World) allowed(c caller, action, scope string) bool {
	for _, role := range w.rolesOf(c, scope) {
		if slices.ContainsFunc(role.Permissions, func(p Permission) bool { return p.allows(action) }) {
			return true
		}
	}
	return false
}

// permissions are the caller's effective permissions on a scope, one entry for every permission of every assigned role.
// They are not merged, because what one role takes back by notActions another may still grant
// (Microsoft Learn: role-based-access-control/role-definitions, "NotActions").
func (w *World) permissions(c caller, scope string) []Permission {
	roles := maps.Collect(w.rolesOf(c, scope))
	permissions := []Permission{}
	for _, id := range slices.Sorted(maps.Keys(roles)) {
		permissions = append(permissions, roles[id].Permissions...)
	}
	return permissions
}

// rolesOf goes through the roles that the caller has on a scope, by the keys of their assignments. An assignment counts at
// its own scope and everywhere below, from management groups down (Microsoft Learn: role-based-access-control/scope-overview).
func (w *World) rolesOf(c caller, scope string) iter.Seq2[string, *RoleDefinition] {
	return func(yield func(string, *RoleDefinition) bool) {
		for id, assignment := range w.roleAssignments.byPrincipal[key(c.objectID)] {
			if !w.inherits(scope, assignment.Scope) || !w.granted(assignment) {
				continue
			}
			if role := w.roleDefinition(assignment.RoleGUID); role != nil && !yield(id, role) {
				return
			}
		}
	}
}

// allows tells whether one permission holds an action: in actions, and not in notActions.
func (p Permission) allows(action string) bool {
	matches := func(pattern string) bool { return matchAction(pattern, action) }
	return slices.ContainsFunc(p.Actions, matches) && !slices.ContainsFunc(p.NotActions, matches)
}

// encloses tells whether the scope outer is inner or stands above it. The root encloses all.
func encloses(outer, inner string) bool {
	outer, inner = key(outer), key(inner)
	return outer == "" || outer == inner || strings.HasPrefix(inner, outer+"/")
}

// matchAction matches an action against an entry of a role. A wildcard stands for any run of characters, slashes
// included: "*/read" matches "Microsoft.Compute/virtualMachines/read". Case does not matter.
//
// A wildcard between two slashes may also stand for no segment at all: Managed Identity Operator has
// "userAssignedIdentities/*/assign/action", and by it the right to "userAssignedIdentities/assign/action" (Microsoft Learn:
// role-based-access-control/built-in-roles).
func matchAction(pattern, action string) bool {
	pattern, action = strings.ToLower(pattern), strings.ToLower(action)
	return matchWildcards(pattern, action) || matchWildcards(strings.ReplaceAll(pattern, "/*/", "/"), action)
}

func matchWildcards(pattern, action string) bool {
	parts := strings.Split(pattern, "*")
	rest, found := strings.CutPrefix(action, parts[0])
	if !found {
		return false
	}
	if len(parts) == 1 {
		return rest == ""
	}
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(rest, part)
		if !found {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}
