// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// The types of role definitions.
const (
	builtInRoleType = "BuiltInRole"
	customRoleType  = "CustomRole"
)

const roleDefinitions = "Microsoft.Authorization/roleDefinitions"

// builtInRoleDate stands for the dates of the built-in roles: that on which Azure got the first of them.
var builtInRoleDate = time.Date(2015, time.February, 2, 21, 55, 9, 880642300, time.UTC)

// roleDefinition is the role with a GUID, custom or built in; nil if there is none.
func (w *World) roleDefinition(guid string) *RoleDefinition {
	if custom := w.roleDefinitions[key(guid)]; custom != nil {
		return custom
	}
	return builtInRole(guid)
}

// A roleDefinitionBody is a role definition on the wire.
type roleDefinitionBody struct {
	Properties roleDefinitionProperties `json:"properties"`
	ID         string                   `json:"id"`
	Type       string                   `json:"type"`
	Name       string                   `json:"name"`
}

type roleDefinitionProperties struct {
	RoleName         string       `json:"roleName"`
	Type             string       `json:"type"`
	Description      string       `json:"description"`
	AssignableScopes []string     `json:"assignableScopes"`
	Permissions      []Permission `json:"permissions"`
	CreatedOn        string       `json:"createdOn"`
	UpdatedOn        string       `json:"updatedOn"`
	CreatedBy        *string      `json:"createdBy"`
	UpdatedBy        *string      `json:"updatedBy"`
}

// roleDefinitionID names a role as seen from a scope: within a subscription the service puts the subscription in front.
func roleDefinitionID(scope, guid string) string {
	return subscriptionOf(scope) + "/providers/" + roleDefinitions + "/" + guid
}

// subscriptionOf is the path of the subscription that a scope lies in, "" for a scope above all subscriptions.
func subscriptionOf(scope string) string {
	segments := strings.SplitN(strings.TrimPrefix(scope, "/"), "/", 3)
	if len(segments) < 2 || !strings.EqualFold(segments[0], "subscriptions") {
		return ""
	}
	return "/subscriptions/" + segments[1]
}

func (d *RoleDefinition) body(scope string) roleDefinitionBody {
	permissions := make([]Permission, 0, len(d.Permissions))
	for _, permission := range d.Permissions {
		permissions = append(permissions, permission.complete())
	}
	return roleDefinitionBody{
		Properties: roleDefinitionProperties{
			RoleName: d.RoleName, Type: d.Type, Description: d.Description,
			AssignableScopes: slices.Clone(d.AssignableScopes), Permissions: permissions,
			CreatedOn: authorizationTime(dateOr(d.CreatedOn, builtInRoleDate)),
			UpdatedOn: authorizationTime(dateOr(d.UpdatedOn, builtInRoleDate)),
			CreatedBy: nullable(d.CreatedBy), UpdatedBy: nullable(d.UpdatedBy),
		},
		ID:   roleDefinitionID(scope, d.GUID),
		Type: roleDefinitions,
		Name: d.GUID,
	}
}

// complete is a copy of a permission in which no list is missing: the service answers empty lists.
func (p Permission) complete() Permission {
	list := func(entries []string) []string { return append([]string{}, entries...) }
	return Permission{
		Actions: list(p.Actions), NotActions: list(p.NotActions),
		DataActions: list(p.DataActions), NotDataActions: list(p.NotDataActions),
	}
}

func dateOr(date, fallback time.Time) time.Time {
	if date.IsZero() {
		return fallback
	}
	return date
}

// authorizationTime writes a point in time as Microsoft.Authorization does.
func authorizationTime(t time.Time) string { return t.UTC().Format(timeLayout) + "Z" }

// nullable is a text that Microsoft.Authorization shows as null where there is none.
func nullable(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// assignableAt tells whether a role can be assigned on a scope: within one of its assignable scopes.
func (w *World) assignableAt(d *RoleDefinition, scope string) bool {
	return slices.ContainsFunc(d.AssignableScopes, func(assignable string) bool { return w.inherits(scope, assignable) })
}

// assignableBelow tells whether a role can be assigned somewhere below a scope.
func (w *World) assignableBelow(d *RoleDefinition, scope string) bool {
	return slices.ContainsFunc(d.AssignableScopes, func(assignable string) bool { return w.inherits(assignable, scope) })
}

// mayReadRoles asks for the right to read role definitions. At the root everybody in the tenant has it.
func mayReadRoles(w *World, req *request) *response {
	const action = roleDefinitions + "/read"
	if req.target.scope == "" || w.allowed(req.caller, action, req.target.scope) {
		return nil
	}
	return authorizationFailed(req.caller, action, req.target.scope)
}

func getRoleDefinition(w *World, req *request) *response {
	if refusal := mayReadRoles(w, req); refusal != nil {
		return refusal
	}
	role := w.roleDefinition(req.target.name())
	if role == nil || !w.assignableAt(role, req.target.scope) && !w.assignableBelow(role, req.target.scope) {
		return roleDefinitionDoesNotExist(http.StatusNotFound, req.target.name())
	}
	return ok(role.body(req.target.scope))
}

// listRoleDefinitions lists the roles that can be assigned at a scope, and with atScopeAndBelow() those of scopes below it.
func listRoleDefinitions(w *World, req *request) *response {
	if refusal := mayReadRoles(w, req); refusal != nil {
		return refusal
	}
	text := queryValue(req, "$filter")
	terms, err := parseFilter(text)
	if err != nil {
		return unsupportedFilter(text)
	}
	var roleName, roleType string
	var byName, byType, below bool
	for _, term := range terms {
		switch {
		case term.name == "rolename" && !term.call:
			roleName, byName = term.value, true
		case term.name == "type" && !term.call:
			roleType, byType = term.value, true
		case term.name == "atscopeandbelow" && term.call:
			below = true
		case term.name == "atscope" && term.call:
		default:
			return unsupportedFilter(text)
		}
	}
	bodies := []roleDefinitionBody{}
	for _, role := range w.allRoles() {
		if byName && !strings.EqualFold(role.RoleName, roleName) || byType && !strings.EqualFold(role.Type, roleType) {
			continue
		}
		if w.assignableAt(role, req.target.scope) || below && w.assignableBelow(role, req.target.scope) {
			bodies = append(bodies, role.body(req.target.scope))
		}
	}
	return page(w, req, bodies)
}

// allRoles are all role definitions, the built-in ones first.
func (w *World) allRoles() []*RoleDefinition {
	roles := make([]*RoleDefinition, 0, len(builtInRoles)+len(w.roleDefinitions))
	for i := range builtInRoles {
		roles = append(roles, &builtInRoles[i])
	}
	for _, guid := range slices.Sorted(maps.Keys(w.roleDefinitions)) {
		roles = append(roles, w.roleDefinitions[guid])
	}
	return roles
}

func putRoleDefinition(w *World, req *request) *response {
	var body roleDefinitionBody
	if refusal := decode(req, &body); refusal != nil {
		return refusal
	}
	guid, properties := req.target.name(), body.Properties
	switch {
	case uuid.Validate(guid) != nil:
		return fail(http.StatusBadRequest, "InvalidRoleDefinitionId", fmt.Sprintf("The role definition ID '%s' is not valid. The role definition ID must be a GUID.", guid))
	case builtInRole(guid) != nil:
		return fail(http.StatusBadRequest, "InvalidRoleDefinitionType", "Built-in role definitions cannot be changed.")
	case properties.RoleName == "":
		return fail(http.StatusBadRequest, "MissingRoleName", "The role name is missing.")
	case properties.Type != "" && !strings.EqualFold(properties.Type, customRoleType):
		return fail(http.StatusBadRequest, "InvalidRoleDefinitionType", fmt.Sprintf("The role definition type '%s' is not valid. It must be 'CustomRole'.", properties.Type))
	case len(properties.AssignableScopes) == 0:
		return fail(http.StatusBadRequest, "MissingAssignableScopes", "The role definition must have at least one assignable scope.")
	}
	// The role is written in all of its assignable scopes (Microsoft Learn: role-based-access-control/custom-roles,
	// "Who can create, delete, update, or view a custom role").
	if refusal := mayInAll(w, req, roleDefinitions+"/write", properties.AssignableScopes); refusal != nil {
		return refusal
	}
	for _, other := range w.allRoles() {
		if strings.EqualFold(other.RoleName, properties.RoleName) && !strings.EqualFold(other.GUID, guid) {
			return fail(http.StatusConflict, "RoleDefinitionWithSameNameExists", "A custom role with the same name already exists in this directory. Use a different name.")
		}
	}
	role, now := w.roleDefinitions[key(guid)], w.clock.Now()
	if role == nil {
		role = &RoleDefinition{GUID: key(guid), Type: customRoleType, CreatedOn: now, CreatedBy: req.caller.objectID}
		w.roleDefinitions[key(guid)] = role
	}
	role.RoleName, role.Description = properties.RoleName, properties.Description
	role.AssignableScopes = slices.Clone(properties.AssignableScopes)
	role.Permissions = nil
	for _, permission := range properties.Permissions {
		role.Permissions = append(role.Permissions, permission.complete())
	}
	role.UpdatedOn, role.UpdatedBy = now, req.caller.objectID
	return created(role.body(req.target.scope))
}

func deleteRoleDefinition(w *World, req *request) *response {
	guid := req.target.name()
	if builtInRole(guid) != nil {
		return fail(http.StatusBadRequest, "InvalidRoleDefinitionType", "Built-in role definitions cannot be deleted.")
	}
	role := w.roleDefinitions[key(guid)]
	if role == nil {
		return noContent()
	}
	if refusal := mayInAll(w, req, roleDefinitions+"/delete", role.AssignableScopes); refusal != nil {
		return refusal
	}
	for _, assignment := range w.roleAssignments.byID {
		if strings.EqualFold(assignment.RoleGUID, guid) {
			return fail(http.StatusBadRequest, "RoleDefinitionHasAssignments", "There are existing role assignments referencing role (code: RoleDefinitionHasAssignments).")
		}
	}
	delete(w.roleDefinitions, key(guid))
	return ok(role.body(req.target.scope))
}

// mayInAll asks for an action on every one of several scopes.
func mayInAll(w *World, req *request, action string, scopes []string) *response {
	for _, scope := range scopes {
		if !w.allowed(req.caller, action, scope) {
			return authorizationFailed(req.caller, action, scope)
		}
	}
	return nil
}

func roleDefinitionDoesNotExist(status int, guid string) *response {
	return fail(status, "RoleDefinitionDoesNotExist", fmt.Sprintf("The specified role definition with ID '%s' does not exist.", undashed(guid)))
}

// undashed is how Microsoft.Authorization writes a GUID in its messages.
func undashed(guid string) string { return strings.ReplaceAll(key(guid), "-", "") }
