// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"strings"
	"testing"
)

const (
	recordedName      = "2f826ae1-1728-4c63-bbb7-a8a150a5a52d"
	recordedPrincipal = "aaaaaaaa-1111-4111-8111-111111111111"
	recordedReader    = "/subscriptions/{s}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
)

// recordedAssignment is a role assignment, as a PUT (null) or another request tells who has created it.
func recordedAssignment(createdBy string) string {
	return `{"properties": {"roleDefinitionId": "` + recordedReader + `", "principalId": "` + recordedPrincipal + `", "principalType": "ServicePrincipal",
		"scope": "/subscriptions/{s}/resourceGroups/DevTest", "condition": null, "conditionVersion": null, "createdOn": "<time>", "updatedOn": "<time>",
		"createdBy": ` + createdBy + `, "updatedBy": "{o}", "delegatedManagedIdentityResourceId": null, "description": null},
		"id": "/subscriptions/{s}/resourceGroups/DevTest/providers/Microsoft.Authorization/roleAssignments/` + recordedName + `",
		"type": "Microsoft.Authorization/roleAssignments", "name": "` + recordedName + `"}`
}

// TestRecordedRoleAssignments is az role assignment create, list and delete.
func TestRecordedRoleAssignments(t *testing.T) {
	t.Parallel()
	s := newAzure(t).operator(t)
	const path = "/subscriptions/{s}/resourceGroups/DevTest/providers/Microsoft.Authorization/roleAssignments/"
	body := func(principal, kind, role string) string {
		return `{"properties": {"principalId": "` + principal + `", "principalType": "` + kind + `", "roleDefinitionId": "` + role + `"}}`
	}
	refused := func(name, at string, sent string, status int, code, message string) exchange {
		return exchange{
			name: name, method: http.MethodPut, path: path + at, body: sent, status: status,
			answer: `{"error": {"code": "` + code + `", "message": "` + message + `"}}`, answerHeaders: map[string]string{"x-ms-failure-cause": ""},
		}
	}
	unprefixed := strings.TrimPrefix(recordedReader, "/subscriptions/{s}")
	const other = "3f826ae1-1728-4c63-bbb7-a8a150a5a52d"
	operator := strings.ReplaceAll(DefaultOperatorID, "-", "")
	replay(t, s, []exchange{
		{
			name: "create", method: http.MethodPut, path: path + recordedName, body: body(recordedPrincipal, "ServicePrincipal", unprefixed),
			status: http.StatusCreated, answer: recordedAssignment("null"),
		},
		{name: "show", method: http.MethodGet, path: path + recordedName, status: http.StatusOK, answer: recordedAssignment(`"{o}"`)},
		{
			name: "list", method: http.MethodGet, path: strings.TrimSuffix(path, "/") + "?$filter=principalId%20eq%20'" + recordedPrincipal + "'", status: http.StatusOK,
			answer: `{"value": [` + recordedAssignment(`"{o}"`) + `]}`,
		},
		refused("the same under another name", other, body(recordedPrincipal, "ServicePrincipal", recordedReader), http.StatusConflict, "RoleAssignmentExists",
			"The role assignment already exists. The ID of the existing role assignment is "+strings.ReplaceAll(recordedName, "-", "")+"."),
		refused("another under the same name", recordedName, body(DefaultOperatorID, "ServicePrincipal", recordedReader), http.StatusBadRequest, "RoleAssignmentUpdateNotPermitted",
			"Tenant ID, application ID, principal ID, and scope are not allowed to be updated."),
		refused("nobody", other, `{"properties": {"principalId": "99999999-9999-4999-8999-999999999999", "roleDefinitionId": "`+recordedReader+`"}}`, http.StatusBadRequest, "PrincipalNotFound",
			"Principal 99999999999949998999999999999999 does not exist in the directory {t}. Check that you have the correct principal ID. If you are creating this principal and then "+
				"immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, such as "+
				"ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype"),
		refused("another type", other, body(DefaultOperatorID, "User", recordedReader), http.StatusBadRequest, "UnmatchedPrincipalType",
			"The PrincipalId '"+operator+"' has type 'ServicePrincipal' , which is different from specified PrinciaplType 'User'."),
		{name: "delete", method: http.MethodDelete, path: path + recordedName, status: http.StatusOK, answer: recordedAssignment(`"{o}"`)},
		{name: "delete again", method: http.MethodDelete, path: path + recordedName, status: http.StatusNoContent},
	})
}

func TestRecordedRoleDefinitions(t *testing.T) {
	t.Parallel()
	const scope = "/subscriptions/{s}/resourceGroups/DevTest"
	const reader = `{"properties": {"roleName": "Reader", "type": "BuiltInRole", "description": "View all resources, but does not allow you to make any changes.",
		"assignableScopes": ["/"], "permissions": [{"actions": ["*/read"], "notActions": [], "dataActions": [], "notDataActions": []}],
		"createdOn": "2015-02-02T21:55:09.8806423Z", "updatedOn": "<time>", "createdBy": null, "updatedBy": null},
		"id": "` + recordedReader + `", "type": "Microsoft.Authorization/roleDefinitions", "name": "acdd72a7-3385-48ef-bd42-f606fba81ae7"}`
	replay(t, newAzure(t).operator(t), []exchange{
		{
			name: "by name", method: http.MethodGet, path: scope + "/providers/Microsoft.Authorization/roleDefinitions?$filter=roleName%20eq%20'reader'&api-version=2022-05-01-preview",
			status: http.StatusOK, answer: `{"value": [` + reader + `]}`,
		},
		{name: "by ID", method: http.MethodGet, path: recordedReader, status: http.StatusOK, answer: reader},
		{
			name: "permissions", method: http.MethodGet, path: "/subscriptions/{s}/resourcegroups/DevTest/providers/Microsoft.Authorization/permissions",
			status: http.StatusOK, answer: `{"value": [{"actions": ["*"], "notActions": [], "dataActions": [], "notDataActions": []}]}`,
		},
	})
}

func TestRecordedAuthorizationFailure(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	stranger := a.servicePrincipal(t, "stranger", "Reader", testGroup+"/providers/Microsoft.Compute/virtualMachines/other")
	s := a.session(t, stranger.ObjectID)
	replay(t, s, []exchange{{
		name: "group create", method: http.MethodPut, path: "/subscriptions/{s}/resourcegroups/devtest", body: `{"location": "westus"}`, status: http.StatusForbidden,
		answer: `{"error": {"code": "AuthorizationFailed", "message": "The client '` + stranger.AppID + `' with object id '` + stranger.ObjectID + `' does not have authorization to perform action ` +
			`'Microsoft.Resources/subscriptions/resourcegroups/write' over scope '/subscriptions/{s}/resourcegroups/devtest' or the scope is invalid. If access was recently granted, please refresh your credentials."}}`,
		answerHeaders: map[string]string{"x-ms-failure-cause": "gateway"},
	}})
	virtualMachineContributor := a.servicePrincipal(t, "contributor", "Virtual Machine Contributor", testGroup)
	linked := testIdentities + "id1"
	replay(t, a.session(t, virtualMachineContributor.ObjectID), []exchange{{
		name: "assign without the right to", method: http.MethodPatch, path: DefaultMachineID, status: http.StatusForbidden,
		body: `{"identity": {"type": "UserAssigned", "userAssignedIdentities": {"` + linked + `": {}}}}`,
		answer: `{"error": {"code": "LinkedAuthorizationFailed", "message": "The client '` + virtualMachineContributor.AppID + `' with object id '` + virtualMachineContributor.ObjectID + `' has permission to perform action ` +
			`'Microsoft.Compute/virtualMachines/write' on scope '{vm}'; however, it does not have permission to perform action 'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action' on the linked scope(s) ` +
			`'` + linked + `' or the linked scope(s) are invalid."}}`,
	}})
}
