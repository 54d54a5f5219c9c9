// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"maps"
	"slices"
)

// associatedVersions are the API versions in which an identity tells what it is assigned to (Azure REST API specifications,
// ManagedIdentity.json). No stable version does.
var associatedVersions = []string{"2021-09-30-preview", "2022-01-31-preview"}

// An associatedResource is a resource that an identity is assigned to.
type associatedResource struct {
	ID                      string `json:"id"`
	Name                    string `json:"name"`
	Type                    string `json:"type"`
	ResourceGroup           string `json:"resourceGroup"`
	SubscriptionID          string `json:"subscriptionId"`
	SubscriptionDisplayName string `json:"subscriptionDisplayName"`
}

// listAssociatedResources tells what an identity is assigned to. It is a POST, though it only reads.
func listAssociatedResources(w *World, req *request) *response {
	identity := w.identities[key(req.target.scope+"/providers/"+userAssignedIdentities+"/"+req.target.name())]
	switch {
	case !slices.Contains(associatedVersions, req.apiVersion):
		return invalidResourceType(req.target.namespace, "userAssignedIdentities/listAssociatedResources", req.apiVersion)
	case identity == nil || !w.readable(identity):
		return resourceNotFound(userAssignedIdentities, req.target.name(), req.target.resourceGroup)
	}
	size, refusal := w.requestedPageSize(req)
	if refusal != nil {
		return refusal
	}
	resources := w.associatedWith(identity)
	answer := pageOf(req, slices.Values(resources), size, asIs)
	if body, isList := answer.body.(listBody); isList {
		total := len(resources)
		body.TotalCount = &total
		answer.body = body
	}
	return answer
}

// associatedWith are the hosts that an identity is assigned to, dead entries left out.
func (w *World) associatedWith(identity *UserAssignedIdentity) []associatedResource {
	resources := []associatedResource{}
	add := func(h *Host) {
		attachment := h.UserAssigned[key(identity.ID)]
		if attachment == nil || attachment.PrincipalID != identity.PrincipalID {
			return
		}
		resources = append(resources, associatedResource{
			ID: h.ID, Name: h.Name, Type: h.Type, ResourceGroup: h.ResourceGroup, SubscriptionID: h.SubscriptionID,
			SubscriptionDisplayName: w.subscriptions[key(h.SubscriptionID)].DisplayName,
		})
	}
	for _, id := range slices.Sorted(maps.Keys(w.scaleSets)) {
		add(&w.scaleSets[id].Host)
	}
	for _, id := range slices.Sorted(maps.Keys(w.machines)) {
		add(&w.machines[id].Host)
	}
	return resources
}
