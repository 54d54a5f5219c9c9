// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// resourceManagerVersions are the API versions of Azure Resource Manager's own operations.
var resourceManagerVersions = []string{
	"2026-06-01", "2025-04-01", "2025-03-01", "2024-11-01", "2024-07-01", "2024-03-01", "2023-07-01", "2022-12-01",
	"2022-09-01", "2022-06-01", "2022-05-01", "2022-03-01-preview", "2022-01-01", "2021-04-01", "2021-01-01", "2020-10-01",
	"2020-09-01", "2020-08-01", "2020-07-01", "2020-06-01", "2020-05-01", "2020-01-01", "2019-11-01", "2019-10-01",
	"2019-09-01", "2019-08-01", "2019-07-01", "2019-06-01", "2019-05-10", "2019-05-01", "2019-03-01", "2018-11-01",
	"2018-09-01", "2018-08-01", "2018-07-01", "2018-06-01", "2018-05-01", "2018-02-01", "2018-01-01", "2017-08-01",
	"2017-06-01", "2017-05-10", "2017-05-01", "2017-03-01", "2016-09-01", "2016-07-01", "2016-06-01", "2016-02-01",
	"2015-11-01", "2015-01-01",
}

// resourcesService is Microsoft.Resources: tenants, subscriptions and their locations, resource groups, and the
// registration of resource providers.
func resourcesService() service {
	const prefix = "Microsoft.Resources/subscriptions/"
	kind := func(name string, operations ...operation) resourceType {
		return resourceType{name: name, apiVersions: resourceManagerVersions, locations: locationNames(), operations: operations}
	}
	return service{namespace: "Microsoft.Resources", types: []resourceType{
		kind("tenants", operation{method: http.MethodGet, on: onCollection, handle: listTenants}),
		kind("subscriptions",
			operation{method: http.MethodGet, on: onCollection, handle: listSubscriptions},
			operation{method: http.MethodGet, on: onItem, action: prefix + "read", handle: getSubscription}),
		kind("subscriptions/locations",
			operation{method: http.MethodGet, on: onCollection, action: prefix + "locations/read", handle: listLocations}),
		kind("subscriptions/resourceGroups",
			operation{method: http.MethodGet, on: onCollection, handle: listResourceGroups},
			operation{method: http.MethodHead, on: onItem, action: prefix + "resourceGroups/read", handle: headResourceGroup},
			operation{method: http.MethodGet, on: onItem, action: prefix + "resourceGroups/read", handle: getResourceGroup},
			// The service spells this one without the capital.
			operation{method: http.MethodPut, on: onItem, action: prefix + "resourcegroups/write", handle: putResourceGroup},
			operation{method: http.MethodPatch, on: onItem, action: prefix + "resourcegroups/write", handle: patchResourceGroup},
			operation{method: http.MethodDelete, on: onItem, action: prefix + "resourcegroups/delete", handle: deleteResourceGroup}),
		kind("subscriptions/providers",
			operation{method: http.MethodGet, on: onCollection, action: prefix + "providers/read", handle: listProviders},
			operation{method: http.MethodGet, on: onItem, action: prefix + "providers/read", handle: getProvider},
			operation{method: http.MethodPost, on: onAction, verb: "register", handle: registerProvider},
			operation{method: http.MethodPost, on: onAction, verb: "unregister", handle: unregisterProvider}),
		// A polling URL is its own permission: it is signed, and whoever started the operation may not read the subscription.
		kind("subscriptions/operationresults",
			operation{method: http.MethodGet, on: onItem, handle: getOperationResult}),
	}}
}

// listTenants lists the tenants that the caller can sign in to: its own.
func listTenants(w *World, req *request) *response {
	tenants := []map[string]any{}
	if tenant := w.tenants[key(req.caller.tenantID)]; tenant != nil {
		tenants = append(tenants, map[string]any{
			"id":             "/tenants/" + tenant.ID,
			"tenantId":       tenant.ID,
			"countryCode":    "US",
			"displayName":    tenant.DisplayName,
			"domains":        []string{strings.ToLower(strings.ReplaceAll(tenant.DisplayName, " ", "")) + ".onmicrosoft.com"},
			"tenantCategory": "Home",
		})
	}
	return page(w, req, tenants)
}

// listSubscriptions lists the subscriptions in which the caller holds any role, at whatever scope.
func listSubscriptions(w *World, req *request) *response {
	subscriptions := []map[string]any{}
	for _, id := range slices.Sorted(maps.Keys(w.subscriptions)) {
		subscription := w.subscriptions[id]
		if strings.EqualFold(subscription.TenantID, req.caller.tenantID) && w.holdsRoleIn(req.caller, "/subscriptions/"+subscription.ID) {
			subscriptions = append(subscriptions, subscription.body())
		}
	}
	answer := page(w, req, subscriptions)
	if body, isList := answer.body.(listBody); isList {
		body.Count = &listCount{Type: "Total", Value: len(subscriptions)}
		answer.body = body
	}
	return answer
}

func getSubscription(w *World, req *request) *response {
	subscription := w.subscriptions[key(req.target.subscription)]
	if subscription == nil {
		return subscriptionNotFound(req.target.subscription)
	}
	return ok(subscription.body())
}

func (s *Subscription) body() map[string]any {
	return map[string]any{
		"id":                  "/subscriptions/" + s.ID,
		"authorizationSource": "RoleBased",
		"managedByTenants":    []any{},
		"subscriptionId":      s.ID,
		"tenantId":            s.TenantID,
		"displayName":         s.DisplayName,
		"state":               "Enabled",
		"subscriptionPolicies": map[string]any{
			"locationPlacementId": "Public_2014-09-01",
			"quotaId":             "PayAsYouGo_2014-09-01",
			"spendingLimit":       "Off",
		},
	}
}

// holdsRoleIn tells whether the caller has a role assignment at a scope, above it, or below it.
func (w *World) holdsRoleIn(c caller, scope string) bool {
	for _, assignment := range w.roleAssignments.byPrincipal[key(c.objectID)] {
		if w.granted(assignment) && (w.inherits(scope, assignment.Scope) || encloses(scope, assignment.Scope)) {
			return true
		}
	}
	return false
}
