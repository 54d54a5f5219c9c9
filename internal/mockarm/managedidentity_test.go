// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"strings"
	"testing"
)

func TestIdentityIsMadeWithItsPrincipal(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	made := s.must(http.StatusCreated, http.MethodPut, testIdentities+"Deploy", `{"location":"West US","tags":{"a":"b"},"properties":{"isolationScope":"None"}}`)
	wantID := testSubscription + "/resourcegroups/DevTest/providers/Microsoft.ManagedIdentity/userAssignedIdentities/Deploy"
	if made.value("id") != wantID || made.header.Get("Location") != wantID {
		t.Errorf("id %q and Location %q, want %q for both", made.value("id"), made.header.Get("Location"), wantID)
	}
	for _, name := range []string{"tenantId", "principalId", "clientId"} {
		if len(made.value("properties", name)) != 36 {
			t.Errorf("%s is %q", name, made.value("properties", name))
		}
	}
	if made.value("location") != "westus" || made.value("tags", "a") != "b" || made.value("properties", "isolationScope") != "None" {
		t.Errorf("the identity is %s", made.text)
	}
	read := s.must(http.StatusOK, http.MethodGet, strings.ToLower(testIdentities)+"DEPLOY", "")
	if read.text != made.text {
		t.Errorf("read %s, made %s", read.text, made.text)
	}
	again := s.must(http.StatusOK, http.MethodPut, testIdentities+"deploy", `{"location":"westus"}`)
	if again.value("properties", "principalId") != made.value("properties", "principalId") || again.header.Get("Location") != "" {
		t.Errorf("a second PUT must keep the principal: %s", again.text)
	}
	if tags, isObject := again.body["tags"].(map[string]any); !isObject || len(tags) != 0 {
		t.Errorf("tags are %v, want {}", again.body["tags"])
	}
	patched := s.must(http.StatusOK, http.MethodPatch, testIdentities+"deploy", `{"tags":{"c":"d"},"properties":{"isolationScope":"regional"}}`)
	if patched.value("tags", "c") != "d" || patched.value("properties", "isolationScope") != "Regional" {
		t.Errorf("patched to %s", patched.text)
	}

	principalID := made.value("properties", "principalId")
	s.must(http.StatusCreated, http.MethodPut, testAssignments+newGUID(), assignmentBody(principalID, readerRole, ""))
	if deleted := s.must(http.StatusOK, http.MethodDelete, testIdentities+"deploy", ""); deleted.text != "" {
		t.Errorf("DELETE answered %q", deleted.text)
	}
	s.must(http.StatusNoContent, http.MethodDelete, testIdentities+"deploy", "")
	missing := s.refused(http.StatusNotFound, "ResourceNotFound", http.MethodGet, testIdentities+"deploy", "")
	want := "The Resource 'Microsoft.ManagedIdentity/userAssignedIdentities/deploy' under resource group 'DevTest' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
	if missing.value("error", "message") != want {
		t.Errorf("message %q", missing.value("error", "message"))
	}
	left := s.must(http.StatusOK, http.MethodGet, strings.TrimSuffix(testAssignments, "/")+"?$filter=principalId%20eq%20'"+principalID+"'", "")
	if len(left.items()) != 1 {
		t.Errorf("the orphaned role assignment must stay: %s", left.text)
	}
	s.refused(http.StatusBadRequest, "PrincipalNotFound", http.MethodPut, testAssignments+newGUID(), assignmentBody(principalID, contributorRole, ""))
	if remade := s.createIdentity("deploy"); remade.value("properties", "principalId") == principalID {
		t.Error("an identity that is made again must have a new principal")
	}
}

func TestIdentityWritesAreChecked(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, identity, body, code string
		status                     int
	}{
		{"short name", "ab", `{"location":"westus"}`, "InvalidResourceName", http.StatusBadRequest},
		{"long name", strings.Repeat("a", 129), `{"location":"westus"}`, "InvalidResourceName", http.StatusBadRequest},
		{"name with a dot", "a.b.c", `{"location":"westus"}`, "InvalidResourceName", http.StatusBadRequest},
		{"name begins with a dash", "-abc", `{"location":"westus"}`, "InvalidResourceName", http.StatusBadRequest},
		{"no location", "abc", `{"tags":{}}`, "LocationRequired", http.StatusBadRequest},
		{"unknown location", "abc", `{"location":"atlantis"}`, "LocationNotAvailableForResourceType", http.StatusBadRequest},
		{"other location", "taken", `{"location":"eastus"}`, "InvalidResourceLocation", http.StatusConflict},
		{"bad isolation scope", "abc", `{"location":"westus","properties":{"isolationScope":"Global"}}`, "InvalidRequestContent", http.StatusBadRequest},
		{"no body", "abc", ``, "InvalidRequestContent", http.StatusBadRequest},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newAzure(t).operator(t)
			s.createIdentity("taken")
			s.refused(test.status, test.code, http.MethodPut, testIdentities+test.identity, test.body)
		})
	}
}

func TestIdentityShowsWhatItsVersionKnows(t *testing.T) {
	t.Parallel()
	s := newAzure(t).operator(t)
	s.must(http.StatusCreated, http.MethodPut, testIdentities+"abc?api-version=2026-05-31",
		`{"location":"westus","properties":{"isolationScope":"Regional","assignmentRestrictions":{"providers":["Microsoft.Compute"]}}}`)
	for _, version := range managedIdentityVersions {
		properties, _ := s.must(http.StatusOK, http.MethodGet, testIdentities+"abc?api-version="+version, "").body["properties"].(map[string]any)
		if _, shown := properties["isolationScope"]; shown != (version >= "2024-11-30") {
			t.Errorf("%s: isolationScope shown: %t", version, shown)
		}
		if _, shown := properties["assignmentRestrictions"]; shown != (version == "2026-05-31") {
			t.Errorf("%s: assignmentRestrictions shown: %t", version, shown)
		}
	}
	s.refused(http.StatusBadRequest, "NoRegisteredProviderFound", http.MethodGet, testIdentities+"abc?api-version=2019-01-01", "")
}

func TestIdentitiesAreListedByScope(t *testing.T) {
	t.Parallel()
	s := newAzure(t).operator(t)
	other := testSubscription + "/resourceGroups/DevTest2"
	s.must(http.StatusCreated, http.MethodPut, other, `{"location":"eastus"}`)
	s.createIdentity("abc")
	s.must(http.StatusCreated, http.MethodPut, other+"/providers/Microsoft.ManagedIdentity/userAssignedIdentities/xyz", `{"location":"eastus"}`)
	for scope, want := range map[string]int{testGroup: 1, other: 1, testSubscription: 2} {
		if got := len(s.must(http.StatusOK, http.MethodGet, scope+"/providers/Microsoft.ManagedIdentity/userAssignedIdentities", "").items()); got != want {
			t.Errorf("%s lists %d, want %d", scope, got, want)
		}
	}
}

func TestIdentityOperationsAreForAllToSee(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	reader := a.session(t, a.servicePrincipal(t, "reader", "Reader", testGroup).ObjectID)
	listed := reader.must(http.StatusOK, http.MethodGet, "/providers/Microsoft.ManagedIdentity/operations", "")
	if !strings.Contains(listed.text, `"Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"`) {
		t.Errorf("operations are %s", listed.text)
	}
}
