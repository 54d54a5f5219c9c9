// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"fmt"
	"net/http"
)

// authorizationVersions are the API versions of Microsoft.Authorization's role-based access control.
var authorizationVersions = []string{
	"2015-07-01", "2018-01-01-preview", "2018-07-01", "2018-07-01-preview", "2018-09-01-preview", "2020-03-01-preview",
	"2020-04-01-preview", "2020-08-01-preview", "2020-10-01", "2020-10-01-preview", "2022-04-01", "2022-05-01-preview",
}

// authorizationService is Microsoft.Authorization: role definitions and assignments, locks, effective permissions, and deny
// assignments. Its resources are extensions of any scope.
func authorizationService() service {
	kind := func(name string, operations ...operation) resourceType {
		return resourceType{name: name, apiVersions: authorizationVersions, locations: locationNames(), operations: operations}
	}
	const denyAssignments = "Microsoft.Authorization/denyAssignments"
	return service{namespace: "Microsoft.Authorization", limits: authorizationLimits, types: []resourceType{
		kind("roleAssignments",
			operation{method: http.MethodGet, on: onItem, action: roleAssignments + "/read", handle: getRoleAssignment},
			operation{method: http.MethodGet, on: onCollection, action: roleAssignments + "/read", handle: listRoleAssignments},
			operation{method: http.MethodPut, on: onItem, action: roleAssignments + "/write", handle: putRoleAssignment},
			operation{method: http.MethodDelete, on: onItem, action: roleAssignments + "/delete", handle: deleteRoleAssignment}),
		kind("roleDefinitions",
			operation{method: http.MethodGet, on: onItem, handle: getRoleDefinition},
			operation{method: http.MethodGet, on: onCollection, handle: listRoleDefinitions},
			operation{method: http.MethodPut, on: onItem, action: roleDefinitions + "/write", handle: putRoleDefinition},
			operation{method: http.MethodDelete, on: onItem, action: roleDefinitions + "/delete", handle: deleteRoleDefinition}),
		{
			name: "locks", apiVersions: lockVersions, locations: []string{},
			operations: []operation{
				{method: http.MethodGet, on: onItem, action: locks + "/read", handle: getLock},
				{method: http.MethodGet, on: onCollection, action: locks + "/read", handle: listLocks},
				{method: http.MethodPut, on: onItem, action: locks + "/write", handle: putLock},
				{method: http.MethodDelete, on: onItem, action: locks + "/delete", handle: deleteLock},
			},
		},
		kind("permissions",
			operation{method: http.MethodGet, on: onCollection, action: "Microsoft.Authorization/permissions/read", handle: listPermissions}),
		kind("denyAssignments",
			operation{method: http.MethodGet, on: onCollection, action: denyAssignments + "/read", handle: listDenyAssignments},
			operation{method: http.MethodGet, on: onItem, action: denyAssignments + "/read", handle: getDenyAssignment}),
	}}
}

// listPermissions tells what the caller may do on a scope.
func listPermissions(w *World, req *request) *response {
	permissions := []Permission{}
	for _, permission := range w.permissions(req.caller, req.target.scope) {
		permissions = append(permissions, permission.complete())
	}
	return page(w, req, permissions)
}

// listDenyAssignments lists none: only Azure itself makes deny assignments, for deployment stacks and managed
// applications, and there are none of these here (Microsoft Learn: role-based-access-control/deny-assignments).
func listDenyAssignments(w *World, req *request) *response {
	return page(w, req, []map[string]any{})
}

func getDenyAssignment(_ *World, req *request) *response {
	return fail(http.StatusNotFound, "DenyAssignmentNotFound", fmt.Sprintf("The deny assignment '%s' is not found.", req.target.name()))
}

// unsupportedFilter refuses a $filter that a collection of Microsoft.Authorization does not have.
func unsupportedFilter(text string) *response {
	return fail(http.StatusBadRequest, "UnsupportedQuery", fmt.Sprintf("The filter '%s' is not supported. "+
		"Supported filters are either 'atScope()' or 'principalId eq '{value}' or assignedTo('{value}')'.", text))
}
