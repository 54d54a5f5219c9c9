// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"maps"
	"slices"
	"strings"
)

// A genericResource is a resource as the lists of Microsoft.Resources show it: what all types have in common, without the
// properties of its own (Microsoft Learn: rest/api/resources/resources/list).
type genericResource struct {
	ID       string            `json:"id"`
	Name     string            `json:"name"`
	Type     string            `json:"type"`
	Location string            `json:"location"`
	Tags     map[string]string `json:"tags,omitempty"`
	Zones    []string          `json:"zones,omitempty"`
	Plan     map[string]any    `json:"plan,omitempty"`
	SKU      map[string]any    `json:"sku,omitempty"`
	Identity *hostIdentityBody `json:"identity,omitempty"`

	ProvisioningState string `json:"provisioningState,omitempty"` // with $expand

	resourceGroup string
}

// listResources lists the resources of a subscription or a resource group that the caller may read.
func listResources(w *World, req *request) *response {
	matches, refusal := resourceFilter(queryValue(req, "$filter"))
	if refusal != nil {
		return refusal
	}
	expand := strings.ToLower(queryValue(req, "$expand"))
	resources := []genericResource{}
	for _, resource := range w.genericResources(req.target.scope) {
		if !matches(resource) || !w.allowed(req.caller, resource.Type+"/read", resource.ID) {
			continue
		}
		if !strings.Contains(expand, "provisioningstate") {
			resource.ProvisioningState = ""
		}
		resources = append(resources, resource)
	}
	size, refusal := w.requestedPageSize(req)
	if refusal != nil {
		return refusal
	}
	return pageOf(req, slices.Values(resources), size, asIs)
}

// genericResources are all tracked resources in a scope, in the order of their IDs. Azure Resource Manager keeps a list of its
// own, in which resource groups have their capital whatever the resource provider writes.
func (w *World) genericResources(scope string) []genericResource {
	found := map[string]genericResource{}
	for id, identity := range w.identities {
		if encloses(scope, id) {
			resourceID := strings.Replace(identity.ID, "/resourcegroups/", "/resourceGroups/", 1)
			found[id] = genericResource{
				ID: resourceID, Name: identity.Name, Type: userAssignedIdentities, Location: identity.Location, Tags: identity.Tags,
				ProvisioningState: succeeded, resourceGroup: strings.Split(resourceID, "/")[4],
			}
		}
	}
	for id, set := range w.scaleSets {
		if encloses(scope, id) {
			resource := w.genericHost(&set.Host)
			resource.SKU = set.SKU
			found[id] = resource
		}
	}
	for id, machine := range w.machines {
		if encloses(scope, id) {
			found[id] = w.genericHost(&machine.Host)
		}
	}
	resources := make([]genericResource, 0, len(found))
	for _, id := range slices.Sorted(maps.Keys(found)) {
		resources = append(resources, found[id])
	}
	return resources
}

func (w *World) genericHost(h *Host) genericResource {
	return genericResource{
		ID: h.ID, Name: h.Name, Type: h.Type, Location: h.Location, Tags: h.Tags, Zones: h.Zones, Plan: h.Plan,
		Identity: w.identityBody(h.identity(), h.UserAssigned), ProvisioningState: h.ProvisioningState, resourceGroup: h.ResourceGroup,
	}
}

// resourceFilter reads the comparisons that can be made in the filter of a list of resources.
func resourceFilter(text string) (matches func(genericResource) bool, refusal *response) {
	terms, err := parseFilter(text)
	if err != nil {
		return nil, invalidFilter(text)
	}
	wanted := map[string]string{}
	for _, term := range terms {
		if term.call || !slices.Contains([]string{"resourcetype", "name", "location", "resourcegroup", "tagname", "tagvalue"}, term.name) {
			return nil, invalidFilter(text)
		}
		wanted[term.name] = term.value
	}
	// Tags cannot be asked for together with anything else (Microsoft Learn: rest/api/resources/resources/list, "$filter").
	_, byTag := wanted["tagname"]
	_, byValue := wanted["tagvalue"]
	if byValue && !byTag || byTag && (len(wanted) > 2 || len(wanted) == 2 && !byValue) {
		return nil, invalidFilter(text)
	}
	return func(resource genericResource) bool {
		has := map[string]string{
			"resourcetype": resource.Type, "name": resource.Name, "location": resource.Location, "resourcegroup": resource.resourceGroup,
		}
		for name, value := range wanted {
			if held, isProperty := has[name]; isProperty && !strings.EqualFold(held, value) {
				return false
			}
		}
		return !byTag || hasTag(resource.Tags, wanted["tagname"], wanted["tagvalue"], byValue)
	}, nil
}

// hasTag tells whether there is a tag of a name, which is compared without case, and maybe of a value, which is not.
func hasTag(tags map[string]string, name, value string, byValue bool) bool {
	for tag, held := range tags {
		if strings.EqualFold(tag, name) && (!byValue || held == value) {
			return true
		}
	}
	return false
}
