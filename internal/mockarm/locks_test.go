// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"strings"
	"testing"
)

const groupLock = testGroup + "/providers/Microsoft.Authorization/locks/keep?api-version=2020-05-01"

func TestLockLivesAndDies(t *testing.T) {
	t.Parallel()
	s := newAzure(t).operator(t)
	s.refused(http.StatusNotFound, "LockNotFound", http.MethodGet, groupLock, "")
	s.refused(http.StatusBadRequest, "LockLevelInvalid", http.MethodPut, groupLock, `{"properties":{"level":"Some"}}`)
	made := s.must(http.StatusCreated, http.MethodPut, groupLock, `{"properties":{"level":"cannotdelete","notes":"why"}}`)
	for _, test := range []struct{ got, want string }{
		{made.value("id"), testGroup + "/providers/Microsoft.Authorization/locks/keep"},
		{made.value("name"), "keep"},
		{made.value("type"), "Microsoft.Authorization/locks"},
		{made.value("properties", "level"), "CanNotDelete"},
		{made.value("properties", "notes"), "why"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q in %s", test.got, test.want, made.text)
		}
	}
	s.must(http.StatusOK, http.MethodPut, groupLock, `{"properties":{"level":"ReadOnly"}}`)
	if got := s.must(http.StatusOK, http.MethodGet, strings.ToLower(groupLock), "").value("properties", "level"); got != "ReadOnly" {
		t.Errorf("the level is %q", got)
	}
	for path, want := range map[string]int{
		testGroup: 1, DefaultMachineID: 1, testSubscription: 1,
	} {
		if got := len(s.must(http.StatusOK, http.MethodGet, path+"/providers/Microsoft.Authorization/locks?api-version=2020-05-01", "").items()); got != want {
			t.Errorf("%s lists %d locks", path, got)
		}
	}
	if got := s.must(http.StatusOK, http.MethodGet, testSubscription+"/providers/Microsoft.Authorization/locks?$filter=atScope()&api-version=2020-05-01", "").items(); len(got) != 0 {
		t.Errorf("at the subscription alone there are %v", got)
	}
	s.must(http.StatusOK, http.MethodDelete, groupLock, "")
	s.must(http.StatusNoContent, http.MethodDelete, groupLock, "")
}

func TestLocksForbidWhatTheyAreFor(t *testing.T) {
	t.Parallel()
	name := newGUID()
	for _, test := range []struct {
		what, scope  string
		level        LockLevel
		method, path string
		body         string
		want         int
	}{
		{"a deletion below", testGroup, CanNotDelete, http.MethodDelete, testIdentities + "abc", "", http.StatusConflict},
		{"a deletion at the scope", testIdentities + "abc", CanNotDelete, http.MethodDelete, testIdentities + "abc", "", http.StatusConflict},
		{"a deletion of what holds the locked", testIdentities + "abc", CanNotDelete, http.MethodDelete, testGroup, "", http.StatusConflict},
		{"the deletion of a role assignment", testGroup, CanNotDelete, http.MethodDelete, testAssignments + name, "", http.StatusConflict},
		{"a deletion in the subscription", testSubscription, CanNotDelete, http.MethodDelete, testAssignments + name, "", http.StatusConflict},
		{"a deletion beside", DefaultMachineID, CanNotDelete, http.MethodDelete, testAssignments + name, "", http.StatusNoContent},
		{"a write", testGroup, CanNotDelete, http.MethodPut, testAssignments + name, assignmentBody(DefaultOperatorID, readerRole, ""), http.StatusCreated},
		{"a write to what is read-only", testGroup, ReadOnly, http.MethodPut, testAssignments + name, assignmentBody(DefaultOperatorID, readerRole, ""), http.StatusConflict},
		{"a deletion of what is read-only", testGroup, ReadOnly, http.MethodDelete, testAssignments + name, "", http.StatusConflict},
		{"a read of what is read-only", testGroup, ReadOnly, http.MethodGet, testIdentities + "abc", "", http.StatusOK},
		{"a write above what is read-only", testIdentities + "abc", ReadOnly, http.MethodPut, testAssignments + name, assignmentBody(DefaultOperatorID, readerRole, ""), http.StatusCreated},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			s := newAzure(t).operator(t)
			s.createIdentity("abc")
			s.must(http.StatusCreated, http.MethodPut, test.scope+"/providers/Microsoft.Authorization/locks/keep?api-version=2020-05-01", `{"properties":{"level":"`+string(test.level)+`"}}`)
			answer := s.must(test.want, test.method, test.path, test.body)
			if test.want != http.StatusConflict {
				return
			}
			verb := "write"
			if test.method == http.MethodDelete {
				verb = "delete"
			}
			want := "The scope '" + test.path + "' cannot perform " + verb + " operation because following scope(s) are locked: '" + test.scope + "'. Please remove the lock and try again."
			if answer.code() != "ScopeLocked" || answer.value("error", "message") != want {
				t.Errorf("refused with %s", answer.text)
			}
		})
	}
}

func TestContributorMayNotLock(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.session(t, a.servicePrincipal(t, "contributor", "Contributor", testGroup).ObjectID)
	s.refused(http.StatusForbidden, "AuthorizationFailed", http.MethodPut, groupLock, `{"properties":{"level":"ReadOnly"}}`)
	s.refused(http.StatusForbidden, "AuthorizationFailed", http.MethodDelete, groupLock, "")
}
