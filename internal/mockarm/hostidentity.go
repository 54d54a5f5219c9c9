// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A machineIdentity is all that a host is or will be able to act as.
type machineIdentity struct {
	system *MachineIdentity
	user   map[string]*Attachment
}

// setSince notes when what is new against an earlier identity has come into force.
func (i *machineIdentity) setSince(earlier machineIdentity, when time.Time) {
	if i.system != nil && i.system != earlier.system {
		i.system.Since = when
	}
	for id, attachment := range i.user {
		if earlier.user[id] != attachment {
			attachment.Since = when
		}
	}
}

// identityLimit is how many identities one request may name. Microsoft.Compute documents no number; clients keep to this.
const identityLimit = 150

// An identityChange is the identity property of a write: which kinds there are to be, and the user-assigned identities
// that it names. In a PATCH a name with an object attaches and a name with null detaches; in a PUT the names are all.
type identityChange struct {
	system, user bool
	named        map[string]bool // whether to attach or to detach, by the ID as sent
}

// attached are the IDs that a change attaches or keeps, in order.
func (c *identityChange) attached() []string {
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(c.named)) {
		if c.named[id] {
			ids = append(ids, id)
		}
	}
	return ids
}

// readIdentityChange reads the identity property of a request; nil where there is none.
func readIdentityChange(raw json.RawMessage) (*identityChange, *response) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	var body struct {
		Type                   *string                    `json:"type"`
		UserAssignedIdentities map[string]json.RawMessage `json:"userAssignedIdentities"`
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		return nil, invalidRequestContent(err.Error())
	}
	if body.Type == nil {
		return nil, invalidRequestContent("Required property 'type' not found in JSON. Path 'identity'.")
	}
	change := &identityChange{named: map[string]bool{}}
	switch normalLocation(*body.Type) { // Blanks and case do not matter here, either.
	case "none":
	case "systemassigned":
		change.system = true
	case "userassigned":
		change.user = true
	case "systemassigned,userassigned":
		change.system, change.user = true, true
	default:
		return nil, invalidRequestContent(fmt.Sprintf("Error converting value \"%s\" to type 'ResourceIdentityType'. Path 'identity.type'.", *body.Type))
	}
	if len(body.UserAssignedIdentities) > identityLimit {
		return nil, fail(http.StatusBadRequest, "InvalidParameter", fmt.Sprintf(
			"The request names %d user-assigned identities. At most %d are allowed.", len(body.UserAssignedIdentities), identityLimit))
	}
	for id, value := range body.UserAssignedIdentities {
		attach := string(value) != "null"
		if attach && !strings.HasPrefix(string(value), "{") {
			return nil, invalidRequestContent(fmt.Sprintf("Error converting value to type 'UserAssignedIdentity'. Path 'identity.userAssignedIdentities['%s']'.", id))
		}
		change.named[id] = attach
	}
	return change, nil
}

// linkedAccess asks for the right to assign the identities that a write names. ARM checks it before the resource provider
// sees the request (Microsoft Learn: role-based-access-control/troubleshooting, "LinkedAuthorizationFailed").
func (w *World) linkedAccess(req *request, change *identityChange, hostAction string) *response {
	if change == nil {
		return nil
	}
	const action = userAssignedIdentities + "/assign/action"
	var refused []string
	for _, id := range change.attached() {
		if !isResourceID(id) {
			return gateway(fail(http.StatusBadRequest, "LinkedInvalidPropertyId", fmt.Sprintf("Property id '%s' at path 'identity.userAssignedIdentities' is invalid. "+
				"Expect fully qualified resource Id that start with '/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'.", id)))
		}
		c, known := w.callerIn(req, id)
		if !known {
			return foreignSubscription(req, action, id)
		}
		if !w.allowed(c, action, id) {
			refused = append(refused, id)
		}
	}
	if len(refused) == 0 {
		return nil
	}
	return gateway(fail(http.StatusForbidden, "LinkedAuthorizationFailed", fmt.Sprintf(
		"The client '%s' with object id '%s' has permission to perform action '%s' on scope '%s'; however, it does not have permission to perform action '%s' "+
			"on the linked scope(s) '%s' or the linked scope(s) are invalid.",
		req.caller.appID, req.caller.objectID, hostAction, req.target.path, action, strings.Join(refused, ","))))
}

// isResourceID tells whether a text has the form of the ID of a resource in a resource group.
func isResourceID(id string) bool {
	segments := strings.Split(id, "/")
	return len(segments) >= 9 && len(segments)%2 == 1 && segments[0] == "" && !slices.Contains(segments[1:], "") &&
		strings.EqualFold(segments[1], "subscriptions") && strings.EqualFold(segments[3], "resourceGroups") && strings.EqualFold(segments[5], "providers")
}

// changeIdentity works out what a host will be after a write. Nothing is changed yet but that a new system-assigned
// identity has its principal in the directory; the rest happens when the operation completes.
func (w *World) changeIdentity(h *Host, change *identityChange, replace bool) (*machineIdentity, *response) {
	current := h.identity()
	attached := change.attached()
	if !change.user && len(attached) > 0 {
		return nil, failDetail(http.StatusBadRequest, errorDetail{
			Code: "InvalidParameter", Target: "resourceIdentity.identityIds",
			Message: fmt.Sprintf("ResourceIdentity identityIds should not be provided if the type is \"%s\".", change.typeName()),
		})
	}
	next := &machineIdentity{user: map[string]*Attachment{}}
	if change.user && !replace {
		maps.Copy(next.user, current.user)
		for id, attach := range change.named {
			if !attach {
				delete(next.user, key(id)) // One that is not attached is not missed.
			}
		}
	}
	for _, id := range attached {
		attachment, refusal := w.attach(h, id)
		if refusal != nil {
			return nil, refusal
		}
		// An attachment that is there stays as it is, in its first writer's casing; even a dead one.
		if existing := current.user[key(id)]; existing != nil {
			attachment = existing
		}
		next.user[key(id)] = attachment
	}
	if change.user && len(next.user) == 0 {
		return nil, failDetail(http.StatusBadRequest, errorDetail{
			Code: "InvalidParameter", Target: "resourceIdentity.identityIds",
			Message: fmt.Sprintf("ResourceIdentity identityIds should be provided if the type is \"%s\".", change.typeName()),
		})
	}
	if change.system {
		next.system = current.system
		if next.system == nil {
			principal := w.newManagedPrincipal(w.subscriptions[key(h.SubscriptionID)].TenantID, h.Name, h.ID)
			next.system = &MachineIdentity{PrincipalID: principal.ObjectID, ClientID: principal.AppID, TenantID: principal.TenantID}
		}
	}
	return next, nil
}

func (c *identityChange) typeName() string { return identityTypeName(c.system, c.user) }

// identityTypeName is the type of an identity in the spelling of the answers, with a blank.
func identityTypeName(system, user bool) string {
	switch {
	case system && user:
		return "SystemAssigned, UserAssigned"
	case system:
		return "SystemAssigned"
	case user:
		return "UserAssigned"
	default:
		return "None"
	}
}

// attach checks whether an identity can be attached to a host.
func (w *World) attach(h *Host, id string) (*Attachment, *response) {
	identity := w.identities[key(id)]
	switch {
	case identity == nil:
		return nil, failedIdentityOperation(h, fmt.Sprintf("Resource '%s' was not found.", id))
	case identity.IsolationScope == regionalIsolation && identity.Location != h.Location:
		return nil, failedIdentityOperation(h, fmt.Sprintf("Resource '%s' has isolation scope 'Regional' and can only be assigned to resources in location '%s'.", id, identity.Location))
	case !identity.assignableTo(h.Type):
		return nil, failedIdentityOperation(h, fmt.Sprintf("Resource '%s' cannot be assigned to resources of type '%s' because of its assignment restrictions.", id, h.Type))
	}
	return &Attachment{ID: id, PrincipalID: identity.PrincipalID, ClientID: identity.ClientID}, nil
}

// assignableTo tells whether the restrictions of an identity leave room for a type of resources. They name providers, or
// single types of them.
func (i *UserAssignedIdentity) assignableTo(kind string) bool {
	return len(i.AssignmentProviders) == 0 || slices.ContainsFunc(i.AssignmentProviders, func(allowed string) bool {
		return strings.EqualFold(allowed, kind) || strings.HasPrefix(strings.ToLower(kind), strings.ToLower(allowed)+"/")
	})
}

// failedIdentityOperation is how Compute passes on a refusal by Microsoft.ManagedIdentity.
func failedIdentityOperation(h *Host, reason string) *response {
	return fail(http.StatusBadRequest, "FailedIdentityOperation", fmt.Sprintf("Identity operation for resource '%s' failed with error 'Failed to perform resource identity operation. "+
		"Status: 'BadRequest'. Response: '{\"error\":{\"code\":\"BadRequest\",\"message\":\"%s\"}}'.'.", h.ID, reason))
}

// A hostIdentityBody is the identity of a host on the wire.
type hostIdentityBody struct {
	Type                   string                     `json:"type"`
	PrincipalID            string                     `json:"principalId,omitempty"`
	TenantID               string                     `json:"tenantId,omitempty"`
	UserAssignedIdentities map[string]*attachmentBody `json:"userAssignedIdentities,omitempty"`
}

type attachmentBody struct {
	PrincipalID string `json:"principalId,omitempty"`
	ClientID    string `json:"clientId,omitempty"`
}

// identityBody shows an identity; one without anything is not shown at all. The GUIDs of a user-assigned identity are
// there once it is attached, and gone when it has died.
func (w *World) identityBody(shown machineIdentity, settled map[string]*Attachment) *hostIdentityBody {
	if shown.system == nil && len(shown.user) == 0 {
		return nil
	}
	body := &hostIdentityBody{Type: identityTypeName(shown.system != nil, len(shown.user) > 0)}
	if shown.system != nil {
		body.PrincipalID, body.TenantID = shown.system.PrincipalID, shown.system.TenantID
	}
	for id, attachment := range shown.user {
		if body.UserAssignedIdentities == nil {
			body.UserAssignedIdentities = map[string]*attachmentBody{}
		}
		value := &attachmentBody{}
		if identity := w.identities[id]; settled[id] != nil && identity != nil && identity.PrincipalID == attachment.PrincipalID {
			value.PrincipalID, value.ClientID = attachment.PrincipalID, attachment.ClientID
		}
		body.UserAssignedIdentities[attachment.ID] = value
	}
	return body
}
