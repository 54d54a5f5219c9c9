// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
)

const roleAssignments = "Microsoft.Authorization/roleAssignments"

// A roleAssignmentBody is a role assignment on the wire.
type roleAssignmentBody struct {
	Properties roleAssignmentProperties `json:"properties"`
	ID         string                   `json:"id"`
	Type       string                   `json:"type"`
	Name       string                   `json:"name"`
}

type roleAssignmentProperties struct {
	RoleDefinitionID                   string  `json:"roleDefinitionId"`
	PrincipalID                        string  `json:"principalId"`
	PrincipalType                      string  `json:"principalType"`
	Scope                              string  `json:"scope"`
	Condition                          *string `json:"condition"`
	ConditionVersion                   *string `json:"conditionVersion"`
	CreatedOn                          string  `json:"createdOn"`
	UpdatedOn                          string  `json:"updatedOn"`
	CreatedBy                          *string `json:"createdBy"`
	UpdatedBy                          *string `json:"updatedBy"`
	DelegatedManagedIdentityResourceID *string `json:"delegatedManagedIdentityResourceId"`
	Description                        *string `json:"description"`
}

func (a *RoleAssignment) body() roleAssignmentBody {
	return roleAssignmentBody{
		Properties: roleAssignmentProperties{
			RoleDefinitionID: roleDefinitionID(a.Scope, a.RoleGUID),
			PrincipalID:      a.PrincipalID,
			PrincipalType:    a.PrincipalType,
			Scope:            a.Scope,
			Condition:        nullable(a.Condition),
			ConditionVersion: nullable(a.ConditionVersion),
			CreatedOn:        authorizationTime(a.CreatedOn),
			UpdatedOn:        authorizationTime(a.UpdatedOn),
			CreatedBy:        nullable(a.CreatedBy),
			UpdatedBy:        nullable(a.UpdatedBy),

			DelegatedManagedIdentityResourceID: nullable(a.DelegatedManagedIdentityResourceID),

			Description: nullable(a.Description),
		},
		ID:   a.ID,
		Type: roleAssignments,
		Name: a.Name,
	}
}

// unknownPrincipal is the principalType of assignments whose principal is gone, where the service tells.
const unknownPrincipal = "Unknown"

// show is an assignment as reads show it.
func (w *World) show(a *RoleAssignment) roleAssignmentBody {
	body := a.body()
	if w.settings.TellOrphans && w.principals[key(a.PrincipalID)] == nil {
		body.Properties.PrincipalType = unknownPrincipal
	}
	return body
}

func getRoleAssignment(w *World, req *request) *response {
	assignment := cmp.Or(w.roleAssignments.get(req.target.path), w.deletedAssignments[key(req.target.path)])
	if assignment == nil || !w.assignmentReadable(assignment) {
		return fail(http.StatusNotFound, "RoleAssignmentNotFound", fmt.Sprintf("The role assignment '%s' is not found.", req.target.name()))
	}
	return ok(w.show(assignment))
}

// listRoleAssignments lists what is assigned at, above and below a scope; atScope() leaves out what is below
// (Microsoft Learn: role-based-access-control/role-assignments-list-rest).
func listRoleAssignments(w *World, req *request) *response {
	text := queryValue(req, "$filter")
	terms, err := parseFilter(text)
	if err != nil {
		return unsupportedFilter(text)
	}
	atScope, principalID, byPrincipal := false, "", false
	for _, term := range terms {
		switch {
		case term.name == "atscope" && term.call && term.value == "":
			atScope = true
		// Nobody is a member of a group here, so that assignedTo() has no more to find than principalId.
		case (term.name == "principalid") != term.call && (term.name == "assignedto") == term.call && !byPrincipal:
			principalID, byPrincipal = term.value, true
		default:
			return unsupportedFilter(text)
		}
	}
	if byPrincipal && uuid.Validate(principalID) != nil {
		return fail(http.StatusBadRequest, "BadRequestFormat", fmt.Sprintf("The principal ID '%s' of the filter is not a GUID.", principalID))
	}
	found := func(yield func(*RoleAssignment) bool) {
		for assignment := range w.assignmentsAround(req.target.scope, atScope) {
			if w.assignmentListed(assignment) && (!byPrincipal || strings.EqualFold(assignment.PrincipalID, principalID)) && !yield(assignment) {
				return
			}
		}
	}
	return pageOf(req, found, w.settings.pageSize(), w.show)
}

// assignmentsAround are the assignments at and above a scope and, unless only these are asked for, those below it, in the
// order of their IDs. Deleted ones that have not been forgotten are among them.
func (w *World) assignmentsAround(scope string, atScope bool) iter.Seq[*RoleAssignment] {
	var prefixes []string
	for from := scope; ; {
		for _, above := range scopesAbove(from) {
			prefixes = append(prefixes, at(above))
		}
		if from = w.above(from); from == "" {
			break
		}
	}
	if !atScope {
		prefixes = append(prefixes, below(scope))
		for _, container := range w.containersIn(scope) {
			prefixes = append(prefixes, below(container))
		}
	}
	var deleted []*RoleAssignment
	for id, assignment := range w.deletedAssignments {
		if w.roleAssignments.get(id) == nil && slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(id, prefix) }) {
			deleted = append(deleted, assignment)
		}
	}
	if len(deleted) == 0 {
		return w.roleAssignments.under(prefixes...)
	}
	found := slices.AppendSeq(deleted, w.roleAssignments.under(prefixes...))
	slices.SortFunc(found, func(a, b *RoleAssignment) int { return strings.Compare(key(a.ID), key(b.ID)) })
	return slices.Values(found)
}

// roleDefinitionPattern is the form of a roleDefinitionId: with or without a scope in front.
var roleDefinitionPattern = regexp.MustCompile(`(?i)^(?:/.+)?/providers/Microsoft\.Authorization/roleDefinitions/([0-9a-f-]{36})$`)

// putRoleAssignment assigns a role, or changes the description and condition of an assignment.
func putRoleAssignment(w *World, req *request) *response {
	var body roleAssignmentBody
	if refusal := decode(req, &body); refusal != nil {
		return refusal
	}
	wanted, refusal := w.readRoleAssignment(req, body.Properties)
	if refusal != nil {
		return refusal
	}
	existing, refusal := w.matchRoleAssignment(wanted)
	if refusal != nil {
		return refusal
	}
	now := w.clock.Now()
	answer := ok
	if existing == nil {
		if refusal := w.admitRoleAssignment(req, wanted); refusal != nil {
			return refusal
		}
		existing, answer = wanted, created
		existing.CreatedOn, existing.GrantedAt, existing.CreatedBy = now, now, req.caller.objectID
		w.roleAssignments.add(existing)
		delete(w.deletedAssignments, key(existing.ID))
	} else {
		existing.Description, existing.Condition, existing.ConditionVersion = wanted.Description, wanted.Condition, wanted.ConditionVersion
	}
	existing.UpdatedOn, existing.UpdatedBy = now, req.caller.objectID
	shown := existing.body()
	shown.Properties.CreatedBy = nil // The answer to a PUT does not tell; a GET does.
	return answer(shown)
}

// readRoleAssignment checks the form of an assignment and that there is such a role.
func (w *World) readRoleAssignment(req *request, properties roleAssignmentProperties) (*RoleAssignment, *response) {
	name, scope := req.target.name(), "/"+strings.TrimPrefix(req.target.scope, "/")
	if uuid.Validate(name) != nil {
		return nil, fail(http.StatusBadRequest, "InvalidRoleAssignmentId", fmt.Sprintf(
			"The role assignment ID '%s' is not valid. The role assignment ID must be a GUID.", name))
	}
	if properties.PrincipalID == "" || properties.RoleDefinitionID == "" {
		return nil, fail(http.StatusBadRequest, "BadRequestFormat", "The request was incorrectly formatted.")
	}
	if uuid.Validate(properties.PrincipalID) != nil {
		return nil, fail(http.StatusBadRequest, "InvalidPrincipalId", fmt.Sprintf(
			"A valid principal ID must be provided for role assignment. The principal ID '%s' is not a GUID.", properties.PrincipalID))
	}
	kind, known := principalKind(properties.PrincipalType)
	if !known {
		return nil, fail(http.StatusBadRequest, "InvalidPrincipalType", fmt.Sprintf(
			"The PrincipalType property '%s' is not valid. It must be 'User', 'Group' or 'ServicePrincipal'.", properties.PrincipalType))
	}
	match := roleDefinitionPattern.FindStringSubmatch(properties.RoleDefinitionID)
	if match == nil {
		return nil, fail(http.StatusBadRequest, "InvalidRoleDefinitionId", fmt.Sprintf("The role definition ID '%s' is not valid.", properties.RoleDefinitionID))
	}
	role := w.roleDefinition(match[1])
	if role == nil {
		return nil, roleDefinitionDoesNotExist(http.StatusBadRequest, match[1])
	}
	if !w.assignableAt(role, scope) {
		return nil, fail(http.StatusBadRequest, "RoleAssignmentScopeNotAssignableToRoleDefinition", fmt.Sprintf(
			"The role assignment scope '%s' is not in the assignable scopes of the role definition '%s'.", scope, role.RoleName))
	}
	value := func(text *string) string {
		if text == nil {
			return ""
		}
		return *text
	}
	return &RoleAssignment{
		ID:               strings.TrimSuffix(scope, "/") + "/providers/" + roleAssignments + "/" + name,
		Name:             name,
		Scope:            scope,
		RoleGUID:         role.GUID,
		PrincipalID:      properties.PrincipalID,
		PrincipalType:    string(kind),
		Description:      value(properties.Description),
		Condition:        value(properties.Condition),
		ConditionVersion: value(properties.ConditionVersion),

		DelegatedManagedIdentityResourceID: value(properties.DelegatedManagedIdentityResourceID),
	}, nil
}

// principalKind reads a principalType, in the service's own spelling; none is "", and known.
func principalKind(text string) (kind PrincipalKind, known bool) {
	for _, kind := range []PrincipalKind{"", User, Group, ServicePrincipal, "ForeignGroup", "Device"} {
		if strings.EqualFold(text, string(kind)) {
			return kind, true
		}
	}
	return "", false
}

// matchRoleAssignment finds the assignment that a PUT means. Names are unique in a tenant, and so are scope, principal and
// role together. Under its name an assignment stays what it is; under another it cannot be made twice.
func (w *World) matchRoleAssignment(wanted *RoleAssignment) (*RoleAssignment, *response) {
	for _, namesake := range w.roleAssignments.byName[key(wanted.Name)] {
		if namesake.grant() != wanted.grant() {
			return nil, roleAssignmentUpdateNotPermitted()
		}
	}
	for _, twin := range w.roleAssignments.byGrant[wanted.grant()] { // There is one at most.
		if !strings.EqualFold(twin.Name, wanted.Name) {
			return nil, w.roleAssignmentExists(twin)
		}
		return twin, nil
	}
	return nil, w.rememberedAssignment(wanted)
}

// roleAssignmentExists tells what is in the way, in one of the two texts that the service has.
func (w *World) roleAssignmentExists(twin *RoleAssignment) *response {
	message := "The role assignment already exists."
	if !w.settings.TerseRoleAssignmentExists {
		message += fmt.Sprintf(" The ID of the existing role assignment is %s.", undashed(twin.Name))
	}
	return fail(http.StatusConflict, "RoleAssignmentExists", message)
}

func roleAssignmentUpdateNotPermitted() *response {
	return fail(http.StatusBadRequest, "RoleAssignmentUpdateNotPermitted",
		"Tenant ID, application ID, principal ID, and scope are not allowed to be updated.")
}

// rememberedAssignment refuses a new assignment in whose way stands one that was deleted a moment ago.
func (w *World) rememberedAssignment(wanted *RoleAssignment) *response {
	for _, id := range slices.Sorted(maps.Keys(w.deletedAssignments)) {
		deleted := w.deletedAssignments[id]
		switch {
		case w.past(deleted.DeletedAt, w.settings.DeletedAssignmentLag):
		case strings.EqualFold(deleted.Name, wanted.Name):
			return roleAssignmentUpdateNotPermitted()
		case deleted.grant() == wanted.grant():
			return fail(http.StatusConflict, "HashConflictOnDifferentRoleAssignmentIds", fmt.Sprintf(
				"Hash conflict on different role assignment ids. The existing role assignment id is %s and the new role assignment id is %s.",
				undashed(deleted.Name), undashed(wanted.Name)))
		}
	}
	return nil
}

// admitRoleAssignment checks a new assignment: that the directory knows its principal, and that there is room for it.
func (w *World) admitRoleAssignment(req *request, wanted *RoleAssignment) *response {
	tenantID := req.caller.tenantID
	principal := w.principals[key(wanted.PrincipalID)]
	if principal != nil && (!strings.EqualFold(principal.TenantID, tenantID) || !w.replicated(principal)) {
		principal = nil
	}
	switch {
	case principal != nil && wanted.PrincipalType == "":
		wanted.PrincipalType = string(principal.Kind)
	case principal != nil && wanted.PrincipalType != string(principal.Kind):
		return fail(http.StatusBadRequest, "UnmatchedPrincipalType", fmt.Sprintf(
			"The PrincipalId '%s' has type '%s' , which is different from specified PrinciaplType '%s'.", // The service's own spelling.
			undashed(wanted.PrincipalID), principal.Kind, wanted.PrincipalType))
	// Who names the type of a service principal vouches for it: the directory is not asked, because it may not know a new
	// one everywhere yet (Microsoft Learn: role-based-access-control/role-assignments-rest, "New service principal").
	case principal == nil && wanted.PrincipalType != string(ServicePrincipal):
		return fail(http.StatusBadRequest, "PrincipalNotFound", fmt.Sprintf(
			"Principal %s does not exist in the directory %s. Check that you have the correct principal ID. If you are creating this principal and then immediately "+
				"assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, "+
				"such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype", undashed(wanted.PrincipalID), tenantID))
	}
	container, limit := subscriptionOf(wanted.Scope), w.settings.roleAssignmentLimit()
	if group := managementGroupOf(wanted.Scope); group != "" {
		container, limit = managementGroupID(group), w.settings.managementGroupRoleAssignmentLimit()
	}
	// A subscription's count includes those on its groups and resources; a management group's leaves out those of its
	// subscriptions and of groups below (Microsoft Learn: role-based-access-control/troubleshoot-limits).
	if container != "" && w.roleAssignments.countIn(container) >= limit {
		return fail(http.StatusBadRequest, "RoleAssignmentLimitExceeded", "No more role assignments can be created (code: RoleAssignmentLimitExceeded)")
	}
	return nil
}

// deleteRoleAssignment takes a role away and answers what was deleted.
func deleteRoleAssignment(w *World, req *request) *response {
	assignment := w.roleAssignments.get(req.target.path)
	if assignment == nil {
		return noContent()
	}
	w.removeAssignment(assignment)
	return ok(assignment.body())
}

// removeAssignment takes an assignment away, and remembers it for as long as any part of the service does.
func (w *World) removeAssignment(assignment *RoleAssignment) {
	w.roleAssignments.remove(assignment)
	longest := max(w.settings.DeletedAssignmentLag, w.settings.RoleAssignmentReadLag, w.settings.RoleAssignmentListLag)
	maps.DeleteFunc(w.deletedAssignments, func(_ string, deleted *RoleAssignment) bool { return w.past(deleted.DeletedAt, longest) })
	assignment.DeletedAt = w.clock.Now()
	w.deletedAssignments[key(assignment.ID)] = assignment
}
