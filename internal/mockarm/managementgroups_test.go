// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// newEnterprise starts from the default world with its subscription in the group "prod", which is in "corp", and an owner of
// everything.
func newEnterprise(t *testing.T) *azure {
	t.Helper()
	seed := DefaultSeed()
	seed.ManagementGroups = []SeedManagementGroup{{Name: "corp"}, {Name: "prod", Parent: "corp", DisplayName: "Production"}, {Name: "lab"}}
	seed.Subscriptions[0].ManagementGroup = "prod"
	seed.RoleAssignments = append(seed.RoleAssignments, SeedRoleAssignment{Role: "Owner", Principal: DefaultOperatorID, Scope: "/"})
	clock := &Clock{}
	world, err := NewWorld(seed, clock)
	if err != nil {
		t.Fatal(err)
	}
	return &azure{Server: NewServer(world), clock: clock}
}

func assignmentsAt(group string) string {
	return managementGroupID(group) + "/providers/Microsoft.Authorization/roleAssignments/"
}

func TestRolesOfAManagementGroupCountBelow(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		group string
		want  int
	}{{DefaultTenantID, 200}, {"corp", 200}, {"PROD", 200}, {"lab", 403}} {
		t.Run(test.group, func(t *testing.T) {
			t.Parallel()
			a := newEnterprise(t)
			s := a.operator(t)
			principalID := s.createIdentity("abc").value("properties", "principalId")
			s.must(http.StatusCreated, http.MethodPut, assignmentsAt(test.group)+newGUID(), assignmentBody(principalID, readerRole, "ServicePrincipal"))
			if got := a.session(t, principalID).do(http.MethodGet, testGroup, ""); got.status != test.want {
				t.Errorf("the group is read with %d %s", got.status, got.text)
			}
		})
	}
}

func TestAnAssignmentAtAManagementGroup(t *testing.T) {
	t.Parallel()
	a := newEnterprise(t)
	s := a.operator(t)
	principalID := s.createIdentity("abc").value("properties", "principalId")
	name := newGUID()
	made := s.must(http.StatusCreated, http.MethodPut, assignmentsAt("corp")+name, assignmentBody(principalID, readerRole, ""))
	if made.value("id") != assignmentsAt("corp")+name || made.value("properties", "scope") != managementGroupID("corp") ||
		made.value("properties", "roleDefinitionId") != "/providers/Microsoft.Authorization/roleDefinitions/"+readerRole {
		t.Errorf("made %s", made.text)
	}
	listed := func(scope string) bool {
		items := s.must(http.StatusOK, http.MethodGet, scope+"/providers/Microsoft.Authorization/roleAssignments?$filter=atScope()", "").items()
		return slices.ContainsFunc(items, func(item map[string]any) bool { return item["name"] == name })
	}
	for scope, want := range map[string]bool{
		managementGroupID("corp"): true, managementGroupID("prod"): true, testSubscription: true, testGroup: true,
		managementGroupID("lab"): false, managementGroupID(DefaultTenantID): false,
	} {
		if listed(scope) != want {
			t.Errorf("listed at %s: %t", scope, !want)
		}
	}
	s.refused(http.StatusNotFound, "ManagementGroupNotFound", http.MethodPut, assignmentsAt("corpse")+newGUID(), assignmentBody(principalID, readerRole, ""))
}

func TestRoleAssignmentsOfAManagementGroupAreLimited(t *testing.T) {
	t.Parallel()
	a := newEnterprise(t)
	a.world.Configure(func(settings *Settings) { settings.ManagementGroupRoleAssignmentLimit = 1 })
	s := a.operator(t)
	s.must(http.StatusCreated, http.MethodPut, assignmentsAt("corp")+newGUID(), assignmentBody(DefaultOperatorID, readerRole, ""))
	s.refused(http.StatusBadRequest, "RoleAssignmentLimitExceeded", http.MethodPut, assignmentsAt("corp")+newGUID(), assignmentBody(DefaultOperatorID, contributorRole, ""))
	s.must(http.StatusCreated, http.MethodPut, assignmentsAt("prod")+newGUID(), assignmentBody(DefaultOperatorID, readerRole, ""))
}

func TestManagementGroupsAreRead(t *testing.T) {
	t.Parallel()
	a := newEnterprise(t)
	s := a.operator(t)
	group := s.must(http.StatusOK, http.MethodGet, managementGroupID("Prod")+"?api-version=2023-04-01", "")
	if group.value("name") != "prod" || group.value("properties", "displayName") != "Production" || group.value("properties", "details", "parent", "name") != "corp" {
		t.Errorf("read %s", group.text)
	}
	if got := len(s.must(http.StatusOK, http.MethodGet, "/providers/"+managementGroups+"?api-version=2023-04-01", "").items()); got != 4 {
		t.Errorf("the owner of all lists %d groups", got)
	}
	nobody := a.session(t, s.createIdentity("abc").value("properties", "principalId"))
	if got := nobody.must(http.StatusOK, http.MethodGet, "/providers/"+managementGroups+"?api-version=2023-04-01", "").items(); len(got) != 0 {
		t.Errorf("nobody lists %v", got)
	}
	nobody.refused(http.StatusForbidden, "AuthorizationFailed", http.MethodGet, managementGroupID("none")+"?api-version=2023-04-01", "")
}

func TestACustomRoleOfAManagementGroupIsAssignableBelow(t *testing.T) {
	t.Parallel()
	s := newEnterprise(t).operator(t)
	role := newGUID()
	s.must(http.StatusCreated, http.MethodPut, managementGroupID("corp")+"/providers/Microsoft.Authorization/roleDefinitions/"+role,
		`{"properties":{"roleName":"Corp Reader","assignableScopes":["`+managementGroupID("corp")+`"],"permissions":[{"actions":["*/read"]}]}}`)
	s.must(http.StatusCreated, http.MethodPut, testAssignments+newGUID(), assignmentBody(DefaultOperatorID, role, ""))
	s.refused(http.StatusBadRequest, "RoleAssignmentScopeNotAssignableToRoleDefinition", http.MethodPut, assignmentsAt("lab")+newGUID(), assignmentBody(DefaultOperatorID, role, ""))
}

func TestSeedsOfScopesAreChecked(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Seed){
		`managementGroups[0].parent: there is no management group "corp"`: func(s *Seed) { s.ManagementGroups = []SeedManagementGroup{{Name: "prod", Parent: "corp"}} },
		`subscriptions[0].managementGroup: there is no`:                   func(s *Seed) { s.Subscriptions[0].ManagementGroup = "corp" },
		`locks[0].level: "Never" is neither`:                              func(s *Seed) { s.Locks = []SeedLock{{Name: "l", Scope: testGroup, Level: "Never"}} },
		`locks[0].scope: there is no`:                                     func(s *Seed) { s.Locks = []SeedLock{{Name: "l", Scope: managementGroupID("corp")}} },
		`roleAssignments[0].scope: there is no`:                           func(s *Seed) { s.RoleAssignments[0].Scope = managementGroupID("corp") },
	} {
		seed := DefaultSeed()
		change(&seed)
		if _, err := NewWorld(seed, &Clock{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
