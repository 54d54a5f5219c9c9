// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	readerRole      = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
	contributorRole = "b24988ac-6180-42a0-ab88-20f7382dd24c"
)

// assignmentBody is the body of a PUT; an empty principalType is left out.
func assignmentBody(principalID, role, principalType string) string {
	kind := ""
	if principalType != "" {
		kind = fmt.Sprintf(`"principalType":%q,`, principalType)
	}
	return fmt.Sprintf(`{"properties":{%s"principalId":%q,"roleDefinitionId":"%s/providers/Microsoft.Authorization/roleDefinitions/%s"}}`,
		kind, principalID, testSubscription, role)
}

func TestRoleAssignmentLivesAndDies(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	principalID := s.createIdentity("abc").value("properties", "principalId")
	name := newGUID()

	s.refused(http.StatusNotFound, "RoleAssignmentNotFound", http.MethodGet, testAssignments+name, "")
	made := s.must(http.StatusCreated, http.MethodPut, testAssignments+name, assignmentBody(principalID, readerRole, ""))
	for _, test := range []struct{ got, want string }{
		{made.value("id"), testAssignments + name},
		{made.value("name"), name},
		{made.value("type"), "Microsoft.Authorization/roleAssignments"},
		{made.value("properties", "scope"), testGroup},
		{made.value("properties", "principalType"), "ServicePrincipal"},
		{made.value("properties", "roleDefinitionId"), testSubscription + "/providers/Microsoft.Authorization/roleDefinitions/" + readerRole},
		{made.value("properties", "updatedBy"), DefaultOperatorID},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q in %s", test.got, test.want, made.text)
		}
	}
	if !strings.Contains(made.text, `"createdBy":null`) {
		t.Errorf("createdBy must be null in the answer to a PUT: %s", made.text)
	}
	if got := s.must(http.StatusOK, http.MethodGet, testAssignments+name, "").value("properties", "createdBy"); got != DefaultOperatorID {
		t.Errorf("createdBy %q in the answer to a GET", got)
	}

	// Once more under the same name, in another spelling of the role's ID, with a description.
	repeated := s.must(http.StatusOK, http.MethodPut, testAssignments+strings.ToUpper(name), fmt.Sprintf(
		`{"properties":{"principalId":%q,"description":"why","roleDefinitionId":"/providers/microsoft.authorization/RoleDefinitions/%s"}}`, principalID, strings.ToUpper(readerRole)))
	if repeated.value("properties", "description") != "why" || repeated.value("name") != name {
		t.Errorf("repeated to %s", repeated.text)
	}
	exists := s.refused(http.StatusConflict, "RoleAssignmentExists", http.MethodPut, testAssignments+newGUID(), assignmentBody(principalID, readerRole, ""))
	if want := "The ID of the existing role assignment is " + strings.ReplaceAll(name, "-", "") + "."; !strings.HasSuffix(exists.value("error", "message"), want) {
		t.Errorf("message %q", exists.value("error", "message"))
	}
	s.refused(http.StatusBadRequest, "RoleAssignmentUpdateNotPermitted", http.MethodPut, testAssignments+name, assignmentBody(principalID, contributorRole, ""))
	// Names are unique in the tenant, not in the scope.
	s.refused(http.StatusBadRequest, "RoleAssignmentUpdateNotPermitted", http.MethodPut,
		testSubscription+"/providers/Microsoft.Authorization/roleAssignments/"+name, assignmentBody(principalID, readerRole, ""))

	deleted := s.must(http.StatusOK, http.MethodDelete, testAssignments+name, "")
	if deleted.value("name") != name || deleted.value("properties", "principalId") != principalID {
		t.Errorf("DELETE must answer what was deleted: %s", deleted.text)
	}
	s.must(http.StatusNoContent, http.MethodDelete, testAssignments+name, "")
}

func TestRoleAssignmentWritesAreChecked(t *testing.T) {
	t.Parallel()
	const stranger = "99999999-9999-4999-8999-999999999999"
	for _, test := range []struct {
		name, assignment, body, code, message string
	}{
		{"name is no GUID", "mine", assignmentBody(DefaultOperatorID, readerRole, ""), "InvalidRoleAssignmentId", "must be a GUID"},
		{"nothing in it", "", `{"properties":{}}`, "BadRequestFormat", "incorrectly formatted"},
		{"principal is no GUID", "", assignmentBody("me", readerRole, ""), "InvalidPrincipalId", "'me'"},
		{"role is no ID", "", `{"properties":{"principalId":"` + DefaultOperatorID + `","roleDefinitionId":"Reader"}}`, "InvalidRoleDefinitionId", "'Reader'"},
		{"no such role", "", assignmentBody(DefaultOperatorID, stranger, ""), "RoleDefinitionDoesNotExist", "'99999999999949998999999999999999'"},
		{"unknown type", "", assignmentBody(DefaultOperatorID, readerRole, "MSI"), "InvalidPrincipalType", "The PrincipalType property 'MSI' is not valid. It must be 'User', 'Group' or 'ServicePrincipal'."},
		{
			"other type", "", assignmentBody(DefaultOperatorID, readerRole, "User"), "UnmatchedPrincipalType",
			"The PrincipalId '44444444444444448444444444444444' has type 'ServicePrincipal' , which is different from specified PrinciaplType 'User'.",
		},
		{
			"no such principal", "", assignmentBody(stranger, readerRole, ""), "PrincipalNotFound",
			"Principal 99999999999949998999999999999999 does not exist in the directory " + DefaultTenantID + ". Check that",
		},
		{"no such user", "", assignmentBody(stranger, readerRole, "User"), "PrincipalNotFound", "such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newAzure(t).operator(t)
			name := test.assignment
			if name == "" {
				name = newGUID()
			}
			refused := s.refused(http.StatusBadRequest, test.code, http.MethodPut, testAssignments+name, test.body)
			if !strings.Contains(refused.value("error", "message"), test.message) {
				t.Errorf("message %q", refused.value("error", "message"))
			}
		})
	}
}

func TestNewPrincipalIsUnknownUntilTheDirectoryHasCaughtUp(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	a.world.Configure(func(settings *Settings) { settings.DirectoryDelay = time.Minute })
	s := a.operator(t)
	principalID := s.createIdentity("abc").value("properties", "principalId")
	s.refused(http.StatusBadRequest, "PrincipalNotFound", http.MethodPut, testAssignments+newGUID(), assignmentBody(principalID, readerRole, ""))
	s.must(http.StatusCreated, http.MethodPut, testAssignments+newGUID(), assignmentBody(principalID, readerRole, "ServicePrincipal"))
	a.clock.Advance(time.Minute)
	s.must(http.StatusCreated, http.MethodPut, testAssignments+newGUID(), assignmentBody(principalID, contributorRole, ""))
}

func TestRoleAssignmentsOfASubscriptionAreLimited(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	a.world.Configure(func(settings *Settings) { settings.RoleAssignmentLimit = 3 })
	s := a.operator(t)
	identity := s.createIdentity("abc")
	principalID := identity.value("properties", "principalId")
	s.must(http.StatusCreated, http.MethodPut, testAssignments+newGUID(), assignmentBody(principalID, readerRole, ""))
	name := newGUID()
	s.must(http.StatusCreated, http.MethodPut, identity.value("id")+"/providers/Microsoft.Authorization/roleAssignments/"+name, assignmentBody(principalID, readerRole, ""))
	s.refused(http.StatusBadRequest, "RoleAssignmentLimitExceeded", http.MethodPut, testAssignments+newGUID(), assignmentBody(principalID, contributorRole, ""))
	s.must(http.StatusOK, http.MethodPut, identity.value("id")+"/providers/Microsoft.Authorization/roleAssignments/"+name, assignmentBody(principalID, readerRole, ""))
}

func TestRoleAssignmentsAreListedByScopeAndPrincipal(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	identity := s.createIdentity("abc")
	id, principalID := identity.value("id"), identity.value("properties", "principalId")
	for _, scope := range []string{testSubscription, testGroup, id} {
		s.must(http.StatusCreated, http.MethodPut, scope+"/providers/Microsoft.Authorization/roleAssignments/"+newGUID(), assignmentBody(principalID, readerRole, ""))
	}
	a.world.mu.Lock()
	a.world.grant(t, principalID, "Reader", "/")
	a.world.mu.Unlock()
	mine := "'" + principalID + "'"
	for _, test := range []struct {
		scope, filter string
		want          int
	}{
		{testGroup, "", 5}, // With that of the operator on the subscription.
		{testGroup, "atScope()", 4},
		{testSubscription, "atScope()", 3},
		{id, "atScope()", 5},
		{testGroup, "principalId eq " + mine, 4},
		{testGroup, "PrincipalID EQ '" + strings.ToUpper(principalID) + "'", 4},
		{testGroup, "assignedTo(" + mine + ")", 4},
		{testGroup, "atScope() and principalId eq " + mine, 3},
		{testGroup, "atScope() and assignedTo(" + mine + ")", 3},
		{testSubscription, "principalId eq '" + DefaultOperatorID + "'", 1},
		{testGroup, "principalId eq '" + newGUID() + "'", 0},
	} {
		path := test.scope + "/providers/Microsoft.Authorization/roleAssignments"
		if test.filter != "" {
			path += "?$filter=" + strings.ReplaceAll(test.filter, " ", "%20")
		}
		if got := s.must(http.StatusOK, http.MethodGet, path, "").items(); len(got) != test.want {
			t.Errorf("%s with %q lists %d, want %d", test.scope, test.filter, len(got), test.want)
		}
	}
	for _, filter := range []string{"roleDefinitionId eq 'x'", "atScope(", "atScope() or assignedTo('x')", "principalId ne 'x'", "principalId eq 'x", "principalId", "eq"} {
		s.refused(http.StatusBadRequest, "UnsupportedQuery", http.MethodGet,
			strings.TrimSuffix(testAssignments, "/")+"?$filter="+strings.ReplaceAll(filter, " ", "%20"), "")
	}
	s.refused(http.StatusBadRequest, "BadRequestFormat", http.MethodGet, strings.TrimSuffix(testAssignments, "/")+"?$filter=principalId%20eq%20'me'", "")
}

func TestRoleTakesEffectAtOnce(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	principalID := s.createIdentity("abc").value("properties", "principalId")
	identity := a.session(t, principalID)
	identity.refused(http.StatusForbidden, "AuthorizationFailed", http.MethodGet, testGroup, "")
	name := newGUID()
	s.must(http.StatusCreated, http.MethodPut, testAssignments+name, assignmentBody(principalID, readerRole, "ServicePrincipal"))
	identity.must(http.StatusOK, http.MethodGet, testGroup, "")
	refused := identity.refused(http.StatusForbidden, "AuthorizationFailed", http.MethodPatch, testGroup, `{"tags":{}}`)
	if !strings.Contains(refused.text, "'Microsoft.Resources/subscriptions/resourcegroups/write'") {
		t.Errorf("the message does not name the action as ARM spells it: %s", refused.text)
	}
	s.must(http.StatusOK, http.MethodDelete, testAssignments+name, "")
	identity.refused(http.StatusForbidden, "AuthorizationFailed", http.MethodGet, testGroup, "")
}

func TestRoleDefinitionsAreFoundByName(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	list := func(s *session, scope, filter string) []string {
		var names []string
		path := scope + "/providers/Microsoft.Authorization/roleDefinitions"
		if filter != "" {
			path += "?$filter=" + strings.ReplaceAll(filter, " ", "%20")
		}
		for _, item := range s.must(http.StatusOK, http.MethodGet, path, "").items() {
			properties, _ := item["properties"].(map[string]any)
			name, _ := properties["roleName"].(string)
			names = append(names, name)
		}
		return names
	}
	custom := newGUID()
	s.must(http.StatusCreated, http.MethodPut, testGroup+"/providers/Microsoft.Authorization/roleDefinitions/"+custom, fmt.Sprintf(
		`{"properties":{"roleName":"Ops' Reader","type":"CustomRole","assignableScopes":[%q],"permissions":[{"actions":["Microsoft.Compute/*/read"]}]}}`, testGroup))
	for _, test := range []struct {
		scope, filter string
		want          []string
	}{
		{testGroup, "roleName eq 'reader'", []string{"Reader"}},
		{testGroup, "roleName eq 'Ops'' Reader'", []string{"Ops' Reader"}},
		{testGroup, "type eq 'CustomRole'", []string{"Ops' Reader"}},
		{testSubscription, "type eq 'CustomRole'", nil},
		{testSubscription, "atScopeAndBelow() and type eq 'CustomRole'", []string{"Ops' Reader"}},
		{testGroup, "roleName eq 'Nobody'", nil},
		{"", "roleName eq 'Owner'", []string{"Owner"}},
	} {
		if got := list(s, test.scope, test.filter); !slices.Equal(got, test.want) {
			t.Errorf("%s with %q lists %q, want %q", test.scope, test.filter, got, test.want)
		}
	}
	if got := len(list(s, testSubscription, "")); got != len(builtInRoles) {
		t.Errorf("%d roles, want the %d built-in ones", got, len(builtInRoles))
	}
	// At the root everybody may look roles up, elsewhere it takes a role to do so.
	stranger := a.session(t, s.createIdentity("abc").value("properties", "principalId"))
	if got := list(stranger, "", "roleName eq 'Reader'"); !slices.Equal(got, []string{"Reader"}) {
		t.Errorf("a stranger finds %q", got)
	}
	stranger.refused(http.StatusForbidden, "AuthorizationFailed", http.MethodGet, testGroup+"/providers/Microsoft.Authorization/roleDefinitions", "")
	s.refused(http.StatusBadRequest, "UnsupportedQuery", http.MethodGet, testGroup+"/providers/Microsoft.Authorization/roleDefinitions?$filter=color%20eq%20'red'", "")
}

func TestCustomRoleLivesAndDies(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	guid := newGUID()
	path := testSubscription + "/providers/Microsoft.Authorization/roleDefinitions/"
	body := func(name string, scope string) string {
		return fmt.Sprintf(`{"properties":{"roleName":%q,"description":"d","assignableScopes":[%q],"permissions":[{"actions":["*/read"],"notActions":["Microsoft.Resources/*/read"]}]}}`, name, scope)
	}
	s.refused(http.StatusNotFound, "RoleDefinitionDoesNotExist", http.MethodGet, path+guid, "")
	made := s.must(http.StatusCreated, http.MethodPut, path+guid, body("Mine", testGroup))
	if made.value("properties", "type") != "CustomRole" || made.value("properties", "createdBy") != DefaultOperatorID || made.value("id") != path+guid {
		t.Errorf("made %s", made.text)
	}
	if !strings.Contains(made.text, `"dataActions":[]`) {
		t.Errorf("lists that were not given must be empty: %s", made.text)
	}
	s.refused(http.StatusConflict, "RoleDefinitionWithSameNameExists", http.MethodPut, path+newGUID(), body("mine", testGroup))
	s.refused(http.StatusBadRequest, "InvalidRoleDefinitionType", http.MethodPut, path+readerRole, body("Reader", testGroup))
	s.refused(http.StatusBadRequest, "InvalidRoleDefinitionId", http.MethodPut, path+"mine", body("Other", testGroup))
	s.refused(http.StatusForbidden, "AuthorizationFailed", http.MethodPut, path+newGUID(), body("Other", "/subscriptions/"+newGUID()))
	s.refused(http.StatusBadRequest, "MissingAssignableScopes", http.MethodPut, path+newGUID(), `{"properties":{"roleName":"Other"}}`)

	principalID := s.createIdentity("abc").value("properties", "principalId")
	s.refused(http.StatusBadRequest, "RoleAssignmentScopeNotAssignableToRoleDefinition", http.MethodPut,
		testSubscription+"/providers/Microsoft.Authorization/roleAssignments/"+newGUID(), assignmentBody(principalID, guid, ""))
	assignment := newGUID()
	s.must(http.StatusCreated, http.MethodPut, testAssignments+assignment, assignmentBody(principalID, guid, ""))
	identity := a.session(t, principalID)
	identity.must(http.StatusOK, http.MethodGet, testIdentities+"abc", "")
	identity.refused(http.StatusForbidden, "AuthorizationFailed", http.MethodGet, testGroup, "")
	s.refused(http.StatusBadRequest, "RoleDefinitionHasAssignments", http.MethodDelete, path+guid, "")
	s.must(http.StatusOK, http.MethodDelete, testAssignments+assignment, "")
	if deleted := s.must(http.StatusOK, http.MethodDelete, path+guid, ""); deleted.value("name") != guid {
		t.Errorf("DELETE answered %s", deleted.text)
	}
	s.must(http.StatusNoContent, http.MethodDelete, path+guid, "")
}

func TestPermissionsAreThoseOfTheCaller(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	reader := a.session(t, a.servicePrincipal(t, "reader", "Reader", testGroup).ObjectID)
	for _, scope := range []string{testGroup, DefaultMachineID} {
		items := reader.must(http.StatusOK, http.MethodGet, scope+"/providers/Microsoft.Authorization/permissions", "").items()
		if len(items) != 1 || fmt.Sprint(items[0]["actions"]) != "[*/read]" || fmt.Sprint(items[0]["notActions"]) != "[]" {
			t.Errorf("%s: permissions are %v", scope, items)
		}
	}
	reader.refused(http.StatusForbidden, "AuthorizationFailed", http.MethodGet, testSubscription+"/providers/Microsoft.Authorization/permissions", "")
	if got := reader.must(http.StatusOK, http.MethodGet, testGroup+"/providers/Microsoft.Authorization/denyAssignments", "").items(); len(got) != 0 {
		t.Errorf("deny assignments %v", got)
	}
	reader.refused(http.StatusNotFound, "DenyAssignmentNotFound", http.MethodGet, testGroup+"/providers/Microsoft.Authorization/denyAssignments/"+newGUID(), "")
}

func TestBuiltInRolesGrantWhatTheyShould(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		role, action string
		want         bool
	}{
		{"Owner", "Microsoft.Authorization/roleAssignments/write", true},
		{"Contributor", "Microsoft.Compute/virtualMachines/write", true},
		{"Contributor", "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", true},
		{"Contributor", "Microsoft.Authorization/roleAssignments/read", true},
		{"Contributor", "Microsoft.Authorization/roleAssignments/write", false},
		{"Contributor", "Microsoft.Authorization/roleAssignments/delete", false},
		{"Reader", "Microsoft.Resources/subscriptions/resourceGroups/read", true},
		{"Reader", "Microsoft.Resources/subscriptions/resourcegroups/write", false},
		{"Managed Identity Operator", "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", true},
		{"Managed Identity Operator", "Microsoft.ManagedIdentity/userAssignedIdentities/read", true},
		{"Managed Identity Operator", "Microsoft.ManagedIdentity/userAssignedIdentities/write", false},
		{"Managed Identity Contributor", "Microsoft.ManagedIdentity/userAssignedIdentities/write", true},
		{"Managed Identity Contributor", "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", false},
		{"Virtual Machine Contributor", "Microsoft.Compute/virtualMachines/write", true},
		{"Virtual Machine Contributor", "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", false},
		{"User Access Administrator", "Microsoft.Authorization/roleAssignments/write", true},
		{"User Access Administrator", "Microsoft.Compute/virtualMachines/write", false},
		{"Role Based Access Control Administrator", "Microsoft.Authorization/roleAssignments/delete", true},
		{"Role Based Access Control Administrator", "Microsoft.Authorization/roleDefinitions/write", false},
	} {
		a := newAzure(t)
		principal := a.servicePrincipal(t, "someone", test.role, testGroup)
		a.world.mu.Lock()
		got := a.world.allowed(caller{objectID: principal.ObjectID}, test.action, testGroup+"/providers/x/y/z")
		a.world.mu.Unlock()
		if got != test.want {
			t.Errorf("%s, %s: allowed %t, want %t", test.role, test.action, got, test.want)
		}
	}
}
