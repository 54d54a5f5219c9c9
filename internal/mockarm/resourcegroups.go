// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// deleting is the provisioning state of what is on its way out.
const deleting = "Deleting"

// A resourceGroupBody is a resource group on the wire.
type resourceGroupBody struct {
	ID         string                  `json:"id,omitempty"`
	Name       string                  `json:"name,omitempty"`
	Type       string                  `json:"type,omitempty"`
	Location   string                  `json:"location,omitempty"`
	ManagedBy  string                  `json:"managedBy,omitempty"`
	Tags       map[string]string       `json:"tags,omitzero"`
	Properties resourceGroupProperties `json:"properties"`
}

type resourceGroupProperties struct {
	ProvisioningState string `json:"provisioningState,omitempty"`
}

// groupTypeVersion is the API version from which on a resource group tells its type (Azure REST API specifications,
// Microsoft.Resources/stable/2018-05-01/resources.json, where 2018-02-01 has none).
const groupTypeVersion = "2018-05-01"

// body shows a group to a caller of an API version.
func (g *ResourceGroup) body(apiVersion string) resourceGroupBody {
	body := resourceGroupBody{
		ID:         g.ID,
		Name:       g.Name,
		Type:       "Microsoft.Resources/resourceGroups",
		Location:   g.Location,
		ManagedBy:  g.ManagedBy,
		Tags:       maps.Clone(g.Tags),
		Properties: resourceGroupProperties{ProvisioningState: g.ProvisioningState},
	}
	if apiVersion < groupTypeVersion {
		body.Type = ""
	}
	return body
}

// resourceGroupOf is the resource group that a request names or lies in.
func (w *World) resourceGroupOf(t target) *ResourceGroup {
	return w.resourceGroups[key("/subscriptions/"+t.subscription+"/resourceGroups/"+t.resourceGroup)]
}

// decode reads the body of a request.
func decode(req *request, into any) *response {
	if err := json.Unmarshal(req.body, into); err != nil {
		return invalidRequestContent(err.Error())
	}
	return nil
}

// listResourceGroups lists the groups that the caller may read: a role on one group is enough to find it here.
func listResourceGroups(w *World, req *request) *response {
	matches, refusal := tagFilter(queryValue(req, "$filter"))
	if refusal != nil {
		return refusal
	}
	groups := []resourceGroupBody{}
	for _, id := range slices.Sorted(maps.Keys(w.resourceGroups)) {
		group := w.resourceGroups[id]
		if strings.EqualFold(group.SubscriptionID, req.target.subscription) && matches(group.Tags) &&
			w.allowed(req.caller, "Microsoft.Resources/subscriptions/resourceGroups/read", group.ID) {
			groups = append(groups, group.body(req.apiVersion))
		}
	}
	if top := queryValue(req, "$top"); top != "" {
		count, err := strconv.ParseUint(top, 10, 31)
		if err != nil || count == 0 {
			return invalidTop(top)
		}
		groups = groups[:min(int(count), len(groups))]
	}
	return page(w, req, groups)
}

// tagFilter reads the one filter that resource groups have: tagName eq 'a', with or without and tagValue eq 'b'.
func tagFilter(text string) (matches func(map[string]string) bool, refusal *response) {
	terms, err := parseFilter(text)
	if err != nil {
		return nil, invalidFilter(text)
	}
	wanted := map[string]string{}
	for _, term := range terms {
		if term.call || !slices.Contains([]string{"tagname", "tagvalue"}, term.name) {
			return nil, invalidFilter(text)
		}
		wanted[term.name] = term.value
	}
	name, byName := wanted["tagname"]
	value, byValue := wanted["tagvalue"]
	return func(tags map[string]string) bool {
		if !byName {
			return !byValue
		}
		return hasTag(tags, name, value, byValue)
	}, nil
}

// invalidFilter refuses a $filter that a list of Azure Resource Manager's own does not have.
func invalidFilter(text string) *response {
	return gateway(fail(http.StatusBadRequest, "InvalidFilterInQueryString", fmt.Sprintf("Invalid $filter '%s' specified in the query string.", text)))
}

// headResourceGroup answers whether a group exists, without a body either way.
func headResourceGroup(w *World, req *request) *response {
	if w.resourceGroupOf(req.target) == nil {
		return &response{status: http.StatusNotFound}
	}
	return noContent()
}

func getResourceGroup(w *World, req *request) *response {
	group := w.resourceGroupOf(req.target)
	if group == nil {
		return resourceGroupNotFound(req.target.resourceGroup)
	}
	return ok(group.body(req.apiVersion))
}

// resourceGroupName is the pattern of Microsoft Learn: resource-name-rules.
var resourceGroupName = regexp.MustCompile(`^[-\p{L}\p{N}_.()]{0,89}[-\p{L}\p{N}_()]$`)

func putResourceGroup(w *World, req *request) *response {
	var body resourceGroupBody
	if refusal := decode(req, &body); refusal != nil {
		return refusal
	}
	if !resourceGroupName.MatchString(req.target.resourceGroup) {
		return gateway(fail(http.StatusBadRequest, "InvalidResourceGroup", fmt.Sprintf("The provided resource group name '%s' has invalid characters or length. "+
			"The name can only be a letter, digit, '-', '.', '(', ')' or '_', must not end with a period, and must be at most 90 characters.", req.target.resourceGroup)))
	}
	if body.Location == "" {
		return locationRequired()
	}
	if group := w.resourceGroupOf(req.target); group != nil {
		if group.ProvisioningState == deleting {
			return resourceGroupBeingDeleted(group.Name)
		}
		if normalLocation(body.Location) != group.Location {
			return gateway(fail(http.StatusConflict, "InvalidResourceGroupLocation", fmt.Sprintf(
				"Invalid resource group location '%s'. The Resource group already exists in location '%s'.", body.Location, group.Location)))
		}
		group.Tags, group.ManagedBy = maps.Clone(body.Tags), body.ManagedBy
		return ok(group.body(req.apiVersion))
	}
	if !knownLocation(body.Location) {
		return gateway(fail(http.StatusBadRequest, "LocationNotAvailableForResourceGroup", fmt.Sprintf(
			"The provided location '%s' is not available for resource group. List of available regions is '%s'.", body.Location, strings.Join(locationNames(), ","))))
	}
	subscription := w.subscriptions[key(req.target.subscription)]
	if subscription == nil {
		return subscriptionNotFound(req.target.subscription)
	}
	group := &ResourceGroup{
		ID:                "/subscriptions/" + subscription.ID + "/resourceGroups/" + req.target.resourceGroup,
		Name:              req.target.resourceGroup,
		SubscriptionID:    subscription.ID,
		Location:          normalLocation(body.Location),
		Tags:              maps.Clone(body.Tags),
		ManagedBy:         body.ManagedBy,
		ProvisioningState: succeeded,
	}
	w.resourceGroups[key(group.ID)] = group
	return created(group.body(req.apiVersion))
}

// patchResourceGroup changes tags and managedBy. The tags that are sent replace those that were there.
func patchResourceGroup(w *World, req *request) *response {
	var body struct {
		Tags      *map[string]string `json:"tags"`
		ManagedBy *string            `json:"managedBy"`
	}
	if refusal := decode(req, &body); refusal != nil {
		return refusal
	}
	group := w.resourceGroupOf(req.target)
	if group == nil {
		return resourceGroupNotFound(req.target.resourceGroup)
	}
	if group.ProvisioningState == deleting {
		return resourceGroupBeingDeleted(group.Name)
	}
	if body.Tags != nil {
		group.Tags = maps.Clone(*body.Tags)
	}
	if body.ManagedBy != nil {
		group.ManagedBy = *body.ManagedBy
	}
	return ok(group.body(req.apiVersion))
}

// deleteResourceGroup starts a deletion, or tells of the one that is under way already.
func deleteResourceGroup(w *World, req *request) *response {
	group := w.resourceGroupOf(req.target)
	if group == nil {
		return resourceGroupNotFound(req.target.resourceGroup)
	}
	var deletion *Operation
	for _, running := range w.operations {
		if running.Status == inProgress && key(running.TargetID) == key(group.ID) {
			deletion = running
		}
	}
	if deletion == nil {
		group.ProvisioningState = deleting
		deletion = w.begin(req, group.ID, DeleteGroup)
	}
	answer := &response{status: http.StatusAccepted}
	return pollLater(w, answer.with("Location", fmt.Sprintf("%s/subscriptions/%s/operationresults/%s?api-version=%s&%s",
		req.baseURL, req.target.subscription, deletion.ID, req.apiVersion, deletion.seal())))
}

// endGroupDeletion takes a group away, unless the operation has come to nothing.
func (w *World) endGroupDeletion(ended *Operation) {
	group := w.resourceGroups[key(ended.TargetID)]
	switch {
	case group == nil:
	case ended.inForce():
		w.removeResourceGroup(group)
	default:
		group.ProvisioningState = ended.provisioningState()
	}
}

// removeResourceGroup takes a group away with all that is in it.
func (w *World) removeResourceGroup(group *ResourceGroup) {
	for _, machine := range w.machines {
		if encloses(group.ID, machine.ID) {
			w.removeMachine(machine)
		}
	}
	for _, set := range w.scaleSets {
		if encloses(group.ID, set.ID) {
			w.removeScaleSet(set)
		}
	}
	for _, identity := range w.identities {
		if encloses(group.ID, identity.ID) {
			w.removeIdentity(identity)
		}
	}
	delete(w.resourceGroups, key(group.ID))
	w.removeAssignmentsIn(group.ID)
}

// removeAssignmentsIn takes away the role assignments on a scope that is gone, and on everything below. Those that were
// granted elsewhere to a principal that is gone stay behind (Microsoft Learn: role-based-access-control/troubleshooting,
// "Role assignments with identity not found").
func (w *World) removeAssignmentsIn(scope string) {
	for _, assignment := range slices.Collect(w.roleAssignments.under(below(scope))) {
		w.removeAssignment(assignment)
	}
}

func locationRequired() *response {
	return gateway(fail(http.StatusBadRequest, "LocationRequired", "The location property is required for this definition."))
}

// relocation checks the location in a write of a tracked resource: one that exists stays where it is, and a new one goes
// where its type is offered.
func relocation(req *request, existing, wanted string) *response {
	wanted = normalLocation(wanted)
	switch {
	case existing != "" && existing != wanted:
		return gateway(fail(http.StatusConflict, "InvalidResourceLocation", fmt.Sprintf(
			"The resource '%s' already exists in location '%s' in resource group '%s'. A resource with the same name cannot be created in location '%s'. Please select a new resource name.",
			req.target.name(), existing, req.target.resourceGroup, wanted)))
	case existing == "" && !knownLocation(wanted):
		return gateway(fail(http.StatusBadRequest, "LocationNotAvailableForResourceType", fmt.Sprintf(
			"The provided location '%s' is not available for resource type '%s/%s'. List of available regions for the resource type is '%s'.",
			wanted, req.target.namespace, strings.Join(req.target.types, "/"), strings.Join(locationNames(), ","))))
	}
	return nil
}
