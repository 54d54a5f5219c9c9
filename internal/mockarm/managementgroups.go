// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

const managementGroups = "Microsoft.Management/managementGroups"

// managementGroupVersions are the API versions of Microsoft.Management.
var managementGroupVersions = []string{"2018-03-01-preview", "2019-11-01", "2020-02-01", "2020-05-01", "2020-10-01", "2021-04-01", "2023-04-01"}

// ManagementGroup is a Microsoft.Management/managementGroups resource: a scope above subscriptions. Every tenant has one
// that stands above all others, under the tenant's own ID (Microsoft Learn: governance/management-groups/overview).
type ManagementGroup struct {
	ID          string
	Name        string
	DisplayName string
	TenantID    string
	Parent      string // ID of the group above; "" for the tenant's root group
}

func managementGroupID(name string) string { return "/providers/" + managementGroups + "/" + name }

// managementGroupOf is the name of the management group that a scope is or lies in, "" for all other scopes.
func managementGroupOf(scope string) string {
	segments := strings.SplitN(strings.TrimPrefix(scope, "/"), "/", 5)
	if len(segments) < 4 || !strings.EqualFold(strings.Join(segments[:3], "/"), "providers/"+managementGroups) {
		return ""
	}
	return segments[3]
}

// managementService is Microsoft.Management: management groups, which the seed makes.
func managementService() service {
	return service{namespace: "Microsoft.Management", types: []resourceType{{
		name: "managementGroups", apiVersions: managementGroupVersions, locations: []string{},
		operations: []operation{
			{method: http.MethodGet, on: onItem, action: managementGroups + "/read", handle: getManagementGroup},
			{method: http.MethodGet, on: onCollection, handle: listManagementGroups},
		},
	}}}
}

// inherits tells whether what is said of the scope from counts at scope: because they are one, because scope lies below
// from, or because its subscription or management group is in a group that does (Microsoft Learn: scope-overview).
func (w *World) inherits(scope, from string) bool {
	for at := scope; ; {
		if encloses(from, at) {
			return true
		}
		if at = w.above(at); at == "" {
			return false
		}
	}
}

// above is the management group above the subscription or management group that a scope lies in, "" if there is none.
func (w *World) above(scope string) string {
	if group := w.managementGroups[key(managementGroupID(managementGroupOf(scope)))]; group != nil {
		return group.Parent
	}
	if subscription := w.subscriptions[key(strings.TrimPrefix(subscriptionOf(scope), "/subscriptions/"))]; subscription != nil {
		return subscription.ManagementGroup
	}
	return ""
}

// containersIn are the management groups and subscriptions below a management group, by their IDs.
func (w *World) containersIn(scope string) []string {
	var containers []string
	if managementGroupOf(scope) == "" {
		return nil
	}
	for _, group := range w.managementGroups {
		if w.inherits(group.ID, scope) {
			containers = append(containers, group.ID)
		}
	}
	for _, subscription := range w.subscriptions {
		if id := "/subscriptions/" + subscription.ID; w.inherits(id, scope) {
			containers = append(containers, id)
		}
	}
	return containers
}

// checkManagementGroup wants the management group of a path to exist.
func (v *visit) checkManagementGroup() *response {
	name := managementGroupOf(v.request.target.path)
	if name == "" || v.world.managementGroups[key(managementGroupID(name))] != nil {
		return nil
	}
	return fail(http.StatusNotFound, "ManagementGroupNotFound", fmt.Sprintf("The management group '%s' cannot be found.", name))
}

func (g *ManagementGroup) body() map[string]any {
	return map[string]any{
		"id": g.ID, "type": managementGroups, "name": g.Name,
		"properties": map[string]any{"tenantId": g.TenantID, "displayName": g.DisplayName},
	}
}

func getManagementGroup(w *World, req *request) *response {
	group := w.managementGroups[key(req.target.path)] // The front door has seen it.
	body := group.body()
	if parent := w.managementGroups[key(group.Parent)]; parent != nil {
		body["properties"] = map[string]any{
			"tenantId": group.TenantID, "displayName": group.DisplayName,
			"details": map[string]any{"parent": map[string]any{"id": parent.ID, "name": parent.Name, "displayName": parent.DisplayName}},
		}
	}
	return ok(body)
}

// listManagementGroups lists the groups that the caller may read.
func listManagementGroups(w *World, req *request) *response {
	groups := []map[string]any{}
	for _, id := range slices.Sorted(maps.Keys(w.managementGroups)) {
		if w.allowed(req.caller, managementGroups+"/read", id) {
			groups = append(groups, w.managementGroups[id].body())
		}
	}
	return page(w, req, groups)
}
