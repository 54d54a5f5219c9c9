// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// The values of isolationScope (Microsoft Learn: managed-identities-isolation-scope).
const (
	noIsolation       = "None"
	regionalIsolation = "Regional"
)

// The API versions in which an identity learned something new. Versions sort as text.
const (
	isolationVersion   = "2024-11-30"
	restrictionVersion = "2026-05-31"
)

// managedIdentityVersions are the API versions of Microsoft.ManagedIdentity.
var managedIdentityVersions = []string{
	"2015-08-31-preview", "2018-11-30", "2021-09-30-preview", "2022-01-31-preview", "2023-01-31", "2023-07-31-preview",
	"2024-11-30", "2025-01-31-preview", "2025-05-31-preview", "2026-04-30", "2026-05-31",
}

const userAssignedIdentities = "Microsoft.ManagedIdentity/userAssignedIdentities"

// managedIdentityService is Microsoft.ManagedIdentity: user-assigned identities with their federated credentials, and the
// view on system-assigned ones from the resource that has one. All of its operations are synchronous.
func managedIdentityService() service {
	return service{namespace: "Microsoft.ManagedIdentity", limits: managedIdentityLimits, types: []resourceType{
		{
			name: "userAssignedIdentities", apiVersions: managedIdentityVersions, locations: locationNames(),
			operations: []operation{
				{method: http.MethodGet, on: onItem, action: userAssignedIdentities + "/read", handle: getIdentity},
				{method: http.MethodGet, on: onCollection, action: userAssignedIdentities + "/read", handle: listIdentities},
				{method: http.MethodPut, on: onItem, action: userAssignedIdentities + "/write", handle: putIdentity},
				{method: http.MethodPatch, on: onItem, action: userAssignedIdentities + "/write", handle: patchIdentity},
				{method: http.MethodDelete, on: onItem, action: userAssignedIdentities + "/delete", handle: deleteIdentity},
				{
					method: http.MethodPost, on: onAction, verb: "listAssociatedResources",
					action: userAssignedIdentities + "/listAssociatedResources/action", handle: listAssociatedResources,
				},
			},
		},
		federatedCredentialType(),
		{
			name: "identities", apiVersions: managedIdentityVersions, locations: locationNames(),
			operations: []operation{
				{method: http.MethodGet, on: onItem, action: "Microsoft.ManagedIdentity/identities/read", handle: getSystemAssigned},
			},
		},
		{
			name: "operations", apiVersions: managedIdentityVersions, locations: locationNames(),
			operations: []operation{{method: http.MethodGet, on: onCollection, handle: listIdentityOperations}},
		},
	}}
}

// An identityBody is a user-assigned identity on the wire.
type identityBody struct {
	ID         string             `json:"id,omitempty"`
	Name       string             `json:"name,omitempty"`
	Type       string             `json:"type,omitempty"`
	Location   string             `json:"location,omitempty"`
	Tags       map[string]string  `json:"tags"`
	Properties identityProperties `json:"properties"`
}

type identityProperties struct {
	TenantID               string                  `json:"tenantId,omitempty"`
	PrincipalID            string                  `json:"principalId,omitempty"`
	ClientID               string                  `json:"clientId,omitempty"`
	IsolationScope         string                  `json:"isolationScope,omitempty"`
	AssignmentRestrictions *assignmentRestrictions `json:"assignmentRestrictions,omitempty"`
}

type assignmentRestrictions struct {
	Providers []string `json:"providers"`
}

// body shows an identity to a caller of an API version: older ones do not know of isolation and restrictions.
func (i *UserAssignedIdentity) body(apiVersion string) identityBody {
	properties := identityProperties{TenantID: i.TenantID, PrincipalID: i.PrincipalID, ClientID: i.ClientID}
	if apiVersion >= isolationVersion {
		properties.IsolationScope = noIsolation
		if i.IsolationScope != "" {
			properties.IsolationScope = i.IsolationScope
		}
	}
	if apiVersion >= restrictionVersion {
		properties.AssignmentRestrictions = &assignmentRestrictions{Providers: append([]string{}, i.AssignmentProviders...)}
	}
	tags := map[string]string{}
	maps.Copy(tags, i.Tags)
	return identityBody{
		ID: i.ID, Name: i.Name, Type: userAssignedIdentities, Location: i.Location, Tags: tags, Properties: properties,
	}
}

func getIdentity(w *World, req *request) *response {
	identity := w.identities[key(req.target.path)]
	if identity == nil || !w.readable(identity) {
		return resourceNotFound(userAssignedIdentities, req.target.name(), req.target.resourceGroup)
	}
	return ok(identity.body(req.apiVersion))
}

func listIdentities(w *World, req *request) *response {
	readable := func(yield func(*UserAssignedIdentity) bool) {
		for identity := range within(w, &w.identityOrder, w.identities, req.target.scope) {
			if w.readable(identity) && !yield(identity) {
				return
			}
		}
	}
	return pageOf(req, readable, w.settings.pageSize(), func(i *UserAssignedIdentity) identityBody { return i.body(req.apiVersion) })
}

// identityName is the pattern of Microsoft Learn: resource-name-rules, "Microsoft.ManagedIdentity".
var identityName = regexp.MustCompile(`^[0-9A-Za-z][-0-9A-Za-z_]{2,127}$`)

// putIdentity creates an identity together with its principal in the directory, or replaces its tags.
func putIdentity(w *World, req *request) *response {
	var body identityBody
	if refusal := decode(req, &body); refusal != nil {
		return refusal
	}
	if !identityName.MatchString(req.target.name()) {
		return fail(http.StatusBadRequest, "InvalidResourceName", fmt.Sprintf("The provided resource name '%s' is invalid. "+
			"It must be between 3 and 128 characters, start with a letter or number, and contain only letters, numbers, '-' and '_'.", req.target.name()))
	}
	if body.Location == "" {
		return locationRequired()
	}
	identity, answer := w.identities[key(req.target.path)], ok
	location := ""
	if identity != nil {
		location = identity.Location
	}
	if refusal := relocation(req, location, body.Location); refusal != nil {
		return refusal
	}
	if refusal := checkIdentityProperties(body.Properties); refusal != nil {
		return refusal
	}
	if identity == nil {
		identity, answer = w.newIdentity(req.target, normalLocation(body.Location)), created
	}
	identity.Tags = maps.Clone(body.Tags)
	identity.setProperties(body.Properties, req.apiVersion)
	response := answer(identity.body(req.apiVersion))
	if response.status == http.StatusCreated {
		// A relative path, as the service sends it: there is nothing to poll.
		return response.with("Location", identity.ID)
	}
	return response
}

// newIdentity adds an identity to a resource group. The service writes "resourcegroups" without the capital in its ID.
func (w *World) newIdentity(t target, location string) *UserAssignedIdentity {
	group, tenantID := w.resourceGroupOf(t), w.subscriptions[key(t.subscription)].TenantID
	id := fmt.Sprintf("/subscriptions/%s/resourcegroups/%s/providers/%s/%s", group.SubscriptionID, group.Name, userAssignedIdentities, t.name())
	principal := w.newManagedPrincipal(tenantID, t.name(), id)
	identity := &UserAssignedIdentity{
		ID: id, Name: t.name(), Location: location,
		TenantID: tenantID, PrincipalID: principal.ObjectID, ClientID: principal.AppID, CreatedAt: w.clock.Now(),
	}
	w.identities[key(id)] = identity
	return identity
}

// newManagedPrincipal adds the service principal of a managed identity to the directory.
func (w *World) newManagedPrincipal(tenantID, name, resourceID string) *Principal {
	principal := &Principal{
		ObjectID: w.freshGUID("principal", resourceID), AppID: w.freshGUID("client", resourceID), TenantID: tenantID, DisplayName: name, Kind: ServicePrincipal,
		ResourceID: resourceID, CreatedAt: w.clock.Now(),
	}
	w.principals[key(principal.ObjectID)] = principal
	return principal
}

// checkIdentityProperties refuses what the service does not know.
func checkIdentityProperties(properties identityProperties) *response {
	if scope := properties.IsolationScope; scope != "" && isolationScope(scope) == "" {
		return fail(http.StatusBadRequest, "InvalidRequestContent", fmt.Sprintf(
			"The value '%s' of the property 'isolationScope' is invalid. It must be 'None' or 'Regional'.", scope))
	}
	return nil
}

// isolationScope is the service's own spelling of an isolation scope, "" if there is no such scope.
func isolationScope(text string) string {
	for _, scope := range []string{noIsolation, regionalIsolation} {
		if strings.EqualFold(scope, text) {
			return scope
		}
	}
	return ""
}

// setProperties takes over what a caller of an API version can set and has set.
func (i *UserAssignedIdentity) setProperties(properties identityProperties, apiVersion string) {
	if scope := isolationScope(properties.IsolationScope); scope != "" && apiVersion >= isolationVersion {
		i.IsolationScope = scope
	}
	if restrictions := properties.AssignmentRestrictions; restrictions != nil && apiVersion >= restrictionVersion {
		i.AssignmentProviders = slices.Clone(restrictions.Providers)
	}
}

// patchIdentity changes tags and isolation scope. The tags that are sent replace those that were there.
func patchIdentity(w *World, req *request) *response {
	var body struct {
		Location   string             `json:"location"`
		Tags       *map[string]string `json:"tags"`
		Properties identityProperties `json:"properties"`
	}
	if refusal := decode(req, &body); refusal != nil {
		return refusal
	}
	identity := w.identities[key(req.target.path)]
	if identity == nil {
		return resourceNotFound(userAssignedIdentities, req.target.name(), req.target.resourceGroup)
	}
	if body.Location != "" {
		if refusal := relocation(req, identity.Location, body.Location); refusal != nil {
			return refusal
		}
	}
	if refusal := checkIdentityProperties(body.Properties); refusal != nil {
		return refusal
	}
	if body.Tags != nil {
		identity.Tags = maps.Clone(*body.Tags)
	}
	identity.setProperties(body.Properties, req.apiVersion)
	return ok(identity.body(req.apiVersion))
}

func deleteIdentity(w *World, req *request) *response {
	identity := w.identities[key(req.target.path)]
	if identity == nil {
		return noContent()
	}
	w.removeIdentity(identity)
	return &response{status: http.StatusOK}
}

// removeIdentity deletes an identity and its principal. Machines keep their attachment to it, and scopes the roles that
// it held: the service cleans up neither (Microsoft Learn: how-manage-user-assigned-managed-identities, "Delete").
func (w *World) removeIdentity(identity *UserAssignedIdentity) {
	delete(w.identities, key(identity.ID))
	delete(w.principals, key(identity.PrincipalID))
	w.removeAssignmentsIn(identity.ID)
}

// getSystemAssigned shows the system-assigned identity of the resource that it is asked of. It is the one way to learn
// its client ID from Azure Resource Manager.
func getSystemAssigned(w *World, req *request) *response {
	h := w.host(req.target.scope)
	if h == nil {
		return parentResourceNotFound(req.target.scope[strings.LastIndexByte(req.target.scope, '/')+1:])
	}
	if !strings.EqualFold(req.target.name(), "default") || h.SystemAssigned == nil {
		return resourceNotFound("Microsoft.ManagedIdentity/identities", req.target.name(), req.target.resourceGroup)
	}
	identity := h.SystemAssigned
	return ok(map[string]any{
		"id":       h.ID + "/providers/Microsoft.ManagedIdentity/identities/default",
		"name":     "default",
		"type":     "Microsoft.ManagedIdentity/identities",
		"location": h.Location,
		"properties": map[string]any{
			"tenantId":    identity.TenantID,
			"principalId": identity.PrincipalID,
			"clientId":    identity.ClientID,
			"clientSecretUrl": fmt.Sprintf("https://control-%s.identity.azure.net%s/credentials?tid=%s&oid=%s&aid=%s",
				h.Location, h.ID, identity.TenantID, identity.PrincipalID, identity.ClientID),
		},
	})
}

// listIdentityOperations lists the RBAC actions of the provider, for all to see.
func listIdentityOperations(w *World, req *request) *response {
	describe := func(name, resource, operation, description string) map[string]any {
		return map[string]any{"name": name, "display": map[string]any{
			"provider": "Microsoft Managed Identity", "resource": resource, "operation": operation, "description": description,
		}}
	}
	const system, user, federated = "Managed Identity", "User Assigned Identity", "Federated Identity Credential"
	return page(w, req, []map[string]any{
		describe("Microsoft.ManagedIdentity/register/action", system, "Register", "Registers the Microsoft Managed Identity resource provider."),
		describe("Microsoft.ManagedIdentity/identities/read", system, "Get Identity", "Gets an existing system assigned identity."),
		describe(userAssignedIdentities+"/read", user, "Get User Assigned Identity", "Gets an existing user assigned identity."),
		describe(userAssignedIdentities+"/write", user, "Create/Update User Assigned Identity", "Creates a new user assigned identity or updates the tags associated with an existing user assigned identity."),
		describe(userAssignedIdentities+"/delete", user, "Delete User Assigned Identity", "Deletes an existing user assigned identity."),
		describe(userAssignedIdentities+"/assign/action", user, "Assign User Assigned Identity", "RBAC action for assigning an existing user assigned identity to a resource."),
		describe(federatedCredentials+"/read", federated, "Get Federated Identity Credential", "Get or list Federated Identity Credentials."),
		describe(federatedCredentials+"/write", federated, "Create/Update Federated Identity Credential", "Add or update a Federated Identity Credential."),
		describe(federatedCredentials+"/delete", federated, "Delete Federated Identity Credential", "Delete a Federated Identity Credential."),
	})
}
