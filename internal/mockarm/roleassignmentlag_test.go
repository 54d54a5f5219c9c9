// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestADeletedNameStaysTakenForAWhile(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	a.world.Configure(func(settings *Settings) { settings.DeletedAssignmentLag = time.Minute })
	s := a.operator(t)
	name := newGUID()
	s.must(http.StatusCreated, http.MethodPut, testAssignments+name, assignmentBody(DefaultOperatorID, readerRole, ""))
	s.must(http.StatusOK, http.MethodDelete, testAssignments+name, "")
	s.refused(http.StatusNotFound, "RoleAssignmentNotFound", http.MethodGet, testAssignments+name, "")
	s.refused(http.StatusBadRequest, "RoleAssignmentUpdateNotPermitted", http.MethodPut, testAssignments+name, assignmentBody(DefaultOperatorID, contributorRole, ""))
	s.refused(http.StatusConflict, "HashConflictOnDifferentRoleAssignmentIds", http.MethodPut, testAssignments+newGUID(), assignmentBody(DefaultOperatorID, readerRole, ""))
	s.must(http.StatusCreated, http.MethodPut, testAssignments+newGUID(), assignmentBody(DefaultOperatorID, contributorRole, ""))
	a.clock.Advance(time.Minute)
	s.must(http.StatusCreated, http.MethodPut, testAssignments+name, assignmentBody(DefaultOperatorID, readerRole, ""))
}

func TestReadsOfRoleAssignmentsLagBehind(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		settings func(*Settings)
		getsLag  bool
	}{
		"lists": {settings: func(s *Settings) { s.RoleAssignmentListLag = time.Minute }},
		"all":   {settings: func(s *Settings) { s.RoleAssignmentReadLag = time.Minute }, getsLag: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAzure(t)
			a.world.Configure(test.settings)
			s := a.operator(t)
			id := testAssignments + newGUID()
			look := func(when string, there, lagging bool) {
				t.Helper()
				got, listed := s.do(http.MethodGet, id, "").status == http.StatusOK, false
				for _, item := range s.must(http.StatusOK, http.MethodGet, strings.TrimSuffix(testAssignments, "/"), "").items() {
					listed = listed || item["id"] == id
				}
				if want := there != (lagging && test.getsLag); got != want {
					t.Errorf("%s: GET finds it: %t", when, got)
				}
				if want := there != lagging; listed != want {
					t.Errorf("%s: listed: %t", when, listed)
				}
			}
			s.must(http.StatusCreated, http.MethodPut, id, assignmentBody(DefaultOperatorID, readerRole, ""))
			look("just made", true, true)
			a.clock.Advance(time.Minute)
			look("made", true, false)
			s.must(http.StatusOK, http.MethodDelete, id, "")
			look("just deleted", false, true)
			if got := len(a.world.State().RoleAssignments); got != 1 {
				t.Errorf("the store has %d assignments", got)
			}
			a.clock.Advance(time.Minute)
			look("deleted", false, false)
		})
	}
}

func TestTheOlderTextDoesNotTellWhatExists(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	a.world.Configure(func(settings *Settings) { settings.TerseRoleAssignmentExists = true })
	s := a.operator(t)
	s.must(http.StatusCreated, http.MethodPut, testAssignments+newGUID(), assignmentBody(DefaultOperatorID, readerRole, ""))
	refused := s.refused(http.StatusConflict, "RoleAssignmentExists", http.MethodPut, testAssignments+newGUID(), assignmentBody(DefaultOperatorID, readerRole, ""))
	if got := refused.value("error", "message"); got != "The role assignment already exists." {
		t.Errorf("message %q", got)
	}
}

func TestAnAssignmentOutlivesItsPrincipal(t *testing.T) {
	t.Parallel()
	for want, tell := range map[string]bool{"ServicePrincipal": false, "Unknown": true} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			a := newAzure(t)
			a.world.Configure(func(settings *Settings) { settings.TellOrphans = tell })
			s := a.operator(t)
			principalID := s.createIdentity("abc").value("properties", "principalId")
			id := testAssignments + newGUID()
			s.must(http.StatusCreated, http.MethodPut, id, assignmentBody(principalID, readerRole, "ServicePrincipal"))
			s.must(http.StatusOK, http.MethodDelete, testIdentities+"abc", "")
			if got := s.must(http.StatusOK, http.MethodGet, id, "").value("properties", "principalType"); got != want {
				t.Errorf("GET shows %q", got)
			}
			items := s.must(http.StatusOK, http.MethodGet, testAssignments+"?$filter=principalId%20eq%20'"+principalID+"'", "").items()
			if len(items) != 1 {
				t.Fatalf("listed %v", items)
			}
			if properties, _ := items[0]["properties"].(map[string]any); properties["principalType"] != want {
				t.Errorf("the list shows %v", properties["principalType"])
			}
		})
	}
}

func TestConditionsAreKept(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	id := testAssignments + newGUID()
	const condition = "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringEquals 'logs'"
	body := strings.Replace(assignmentBody(DefaultOperatorID, readerRole, ""), `"principalId"`, `"condition":"`+condition+`","conditionVersion":"2.0","principalId"`, 1)
	s.must(http.StatusCreated, http.MethodPut, id, body)
	if got := s.must(http.StatusOK, http.MethodGet, id, ""); got.value("properties", "condition") != condition || got.value("properties", "conditionVersion") != "2.0" {
		t.Errorf("read %s", got.text)
	}
	s.must(http.StatusOK, http.MethodPut, id, assignmentBody(DefaultOperatorID, readerRole, ""))
	if got := s.must(http.StatusOK, http.MethodGet, id, ""); got.value("properties", "condition") != "" {
		t.Errorf("read %s", got.text)
	}
}
