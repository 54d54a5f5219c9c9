// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"strings"
	"testing"
)

func TestResourceGroupLivesAndDies(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	group := testSubscription + "/resourcegroups/team-a"

	s.must(http.StatusNotFound, http.MethodHead, group, "")
	s.refused(http.StatusNotFound, "ResourceGroupNotFound", http.MethodGet, group, "")
	made := s.must(http.StatusCreated, http.MethodPut, group, `{"location":"West US","tags":{"env":"test"}}`)
	if got, want := made.value("id"), testSubscription+"/resourceGroups/team-a"; got != want {
		t.Errorf("id %q, want %q", got, want)
	}
	if got := made.value("location"); got != "westus" {
		t.Errorf("location %q, want westus", got)
	}
	if got := made.value("properties", "provisioningState"); got != "Succeeded" {
		t.Errorf("provisioningState %q", got)
	}
	s.must(http.StatusNoContent, http.MethodHead, strings.ToUpper(group), "")
	s.must(http.StatusOK, http.MethodPut, group, `{"location":"westus","tags":{"env":"prod"},"managedBy":"/x"}`)
	s.refused(http.StatusConflict, "InvalidResourceGroupLocation", http.MethodPut, group, `{"location":"eastus"}`)
	patched := s.must(http.StatusOK, http.MethodPatch, group, `{"tags":{"team":"a"}}`)
	if patched.value("tags", "team") != "a" || patched.value("tags", "env") != "" || patched.value("managedBy") != "/x" {
		t.Errorf("a PATCH replaces the tags and nothing else: %s", patched.text)
	}

	identity := group + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/deploy"
	principalID := s.must(http.StatusCreated, http.MethodPut, identity, `{"location":"westus"}`).value("properties", "principalId")
	assignment := group + "/providers/Microsoft.Authorization/roleAssignments/" + newGUID()
	s.must(http.StatusCreated, http.MethodPut, assignment, assignmentBody(principalID, readerRole, "ServicePrincipal"))

	accepted := s.must(http.StatusAccepted, http.MethodDelete, group, "")
	if accepted.text != "" || accepted.header.Get("Retry-After") != "1" {
		t.Errorf("202 with %q and Retry-After %q", accepted.text, accepted.header.Get("Retry-After"))
	}
	location := accepted.header.Get("Location")
	if !strings.HasPrefix(location, a.URL()+testSubscription+"/operationresults/") {
		t.Errorf("Location %q", location)
	}
	if again := s.must(http.StatusAccepted, http.MethodDelete, group, ""); again.header.Get("Location") != location {
		t.Errorf("a second DELETE started another operation: %q", again.header.Get("Location"))
	}
	if got := s.must(http.StatusOK, http.MethodGet, group, "").value("properties", "provisioningState"); got != "Deleting" {
		t.Errorf("provisioningState %q while being deleted", got)
	}
	s.refused(http.StatusConflict, "ResourceGroupBeingDeleted", http.MethodPut, identity+"2", `{"location":"westus"}`)
	s.refused(http.StatusConflict, "ResourceGroupBeingDeleted", http.MethodPut, group, `{"location":"westus"}`)
	if polled := s.must(http.StatusAccepted, http.MethodGet, location, ""); polled.header.Get("Location") == "" {
		t.Error("a poll in progress must repeat the Location")
	}
	a.finish()
	s.must(http.StatusOK, http.MethodGet, location, "")
	s.refused(http.StatusNotFound, "ResourceGroupNotFound", http.MethodGet, group, "")
	s.refused(http.StatusNotFound, "ResourceGroupNotFound", http.MethodGet, identity, "")
	a.world.mu.Lock()
	defer a.world.mu.Unlock()
	if a.world.principals[key(principalID)] != nil {
		t.Error("the identity of a deleted group still has its principal")
	}
	if a.world.roleAssignments.get(assignment) != nil {
		t.Error("a role assignment on the deleted group is still there")
	}
}

func TestResourceGroupWritesAreChecked(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, group, body, code string
		status                  int
	}{
		{"no location", "rg", `{}`, "LocationRequired", http.StatusBadRequest},
		{"unknown location", "rg", `{"location":"atlantis"}`, "LocationNotAvailableForResourceGroup", http.StatusBadRequest},
		{"name ends with a period", "rg.", `{"location":"westus"}`, "InvalidResourceGroup", http.StatusBadRequest},
		{"name too long", strings.Repeat("x", 91), `{"location":"westus"}`, "InvalidResourceGroup", http.StatusBadRequest},
		{"wrong kind of tags", "rg", `{"location":"westus","tags":7}`, "InvalidRequestContent", http.StatusBadRequest},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newAzure(t).operator(t)
			s.refused(test.status, test.code, http.MethodPut, testSubscription+"/resourceGroups/"+test.group, test.body)
		})
	}
}

func TestResourceGroupsAreListedByTagAndByRight(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	for _, name := range []string{"one", "two", "three"} {
		s.must(http.StatusCreated, http.MethodPut, testSubscription+"/resourceGroups/"+name, `{"location":"westus","tags":{"name":"`+name+`"}}`)
	}
	reader := a.session(t, a.servicePrincipal(t, "reader", "Reader", testSubscription+"/resourceGroups/two").ObjectID)
	for _, test := range []struct {
		session *session
		query   string
		want    string
	}{
		{s, "", "DevTest one three two"},
		{s, "?$filter=tagName%20eq%20'name'", "one three two"},
		{s, "?$filter=tagName%20eq%20'name'%20and%20tagValue%20eq%20'two'", "two"},
		{s, "?$top=2", "DevTest one"},
		{reader, "", "two"},
	} {
		var names []string
		for _, item := range test.session.must(http.StatusOK, http.MethodGet, testSubscription+"/resourcegroups"+test.query, "").items() {
			name, _ := item["name"].(string)
			names = append(names, name)
		}
		if got := strings.Join(names, " "); got != test.want {
			t.Errorf("%q lists %q, want %q", test.query, got, test.want)
		}
	}
	s.refused(http.StatusBadRequest, "InvalidFilterInQueryString", http.MethodGet, testSubscription+"/resourcegroups?$filter=color%20eq%20'red'", "")
}

func TestSubscriptionsAreThoseOfTheCaller(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	listed := a.operator(t).must(http.StatusOK, http.MethodGet, "/subscriptions", "")
	if len(listed.items()) != 1 || listed.items()[0]["subscriptionId"] != DefaultSubscriptionID {
		t.Errorf("the owner sees %s", listed.text)
	}
	count, _ := listed.body["count"].(map[string]any)
	if count["type"] != "Total" || count["value"] != 1.0 {
		t.Errorf("count %v", count)
	}
	groupReader := a.session(t, a.servicePrincipal(t, "group", "Reader", testGroup).ObjectID)
	if got := groupReader.must(http.StatusOK, http.MethodGet, "/subscriptions", "").items(); len(got) != 1 {
		t.Errorf("a role on one group shows %d subscriptions, want 1", len(got))
	}
	a.world.mu.Lock()
	stranger := a.world.newManagedPrincipal(DefaultTenantID, "stranger", "")
	a.world.mu.Unlock()
	if got := a.session(t, stranger.ObjectID).must(http.StatusOK, http.MethodGet, "/subscriptions", "").items(); len(got) != 0 {
		t.Errorf("a stranger sees %v", got)
	}
	one := a.operator(t).must(http.StatusOK, http.MethodGet, testSubscription, "")
	if one.value("tenantId") != DefaultTenantID || one.value("state") != "Enabled" {
		t.Errorf("the subscription is %s", one.text)
	}
	tenants := a.operator(t).must(http.StatusOK, http.MethodGet, "/tenants", "").items()
	if len(tenants) != 1 || tenants[0]["tenantId"] != DefaultTenantID {
		t.Errorf("tenants %v", tenants)
	}
	if got := len(a.operator(t).must(http.StatusOK, http.MethodGet, testSubscription+"/locations", "").items()); got != len(regions) {
		t.Errorf("%d locations, want %d", got, len(regions))
	}
}

func TestProviderMustBeRegistered(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	provider := testSubscription + "/providers/Microsoft.ManagedIdentity"
	const old = "?api-version=2019-05-01"
	s.must(http.StatusOK, http.MethodPost, provider+"/unregister"+old, "")
	if got := s.must(http.StatusOK, http.MethodGet, provider+old, "").value("registrationState"); got != "NotRegistered" {
		t.Fatalf("registrationState %q", got)
	}
	s.refused(http.StatusConflict, "MissingSubscriptionRegistration", http.MethodGet, testIdentities+"x", "")
	reader := a.session(t, a.servicePrincipal(t, "reader", "Reader", testSubscription).ObjectID)
	refused := reader.refused(http.StatusForbidden, "AuthorizationFailed", http.MethodPost, provider+"/register"+old, "")
	if !strings.Contains(refused.text, "'Microsoft.ManagedIdentity/register/action'") {
		t.Errorf("the message does not name the action: %s", refused.text)
	}
	if got := s.must(http.StatusOK, http.MethodPost, provider+"/register"+old, "").value("registrationState"); got != "Registered" {
		t.Errorf("registrationState %q", got)
	}
	s.refused(http.StatusNotFound, "ResourceNotFound", http.MethodGet, testIdentities+"x", "")
	s.refused(http.StatusNotFound, "InvalidResourceNamespace", http.MethodGet, testSubscription+"/providers/Microsoft.Nothing", "")
	names := map[any]bool{}
	for _, item := range s.must(http.StatusOK, http.MethodGet, testSubscription+"/providers", "").items() {
		names[item["namespace"]] = true
	}
	for _, want := range []string{"Microsoft.Resources", "Microsoft.ManagedIdentity", "Microsoft.Compute", "Microsoft.Authorization"} {
		if !names[want] {
			t.Errorf("%s is not among the providers", want)
		}
	}
}

func TestListsComeInPages(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	a.world.Configure(func(settings *Settings) { settings.PageSize = 2 })
	s := a.operator(t)
	for _, name := range []string{"aaa", "bbb", "ccc", "ddd", "eee"} {
		s.createIdentity(name)
	}
	next, pages, names := strings.TrimSuffix(testIdentities, "/"), 0, ""
	for next != "" {
		listed := s.must(http.StatusOK, http.MethodGet, next, "")
		for _, item := range listed.items() {
			name, _ := item["name"].(string)
			names += name + " "
		}
		next = listed.value("nextLink")
		if next != "" && !strings.HasPrefix(next, a.URL()) {
			t.Fatalf("nextLink %q is not absolute", next)
		}
		pages++
	}
	if pages != 3 || names != "aaa bbb ccc ddd eee " {
		t.Errorf("%d pages with %q", pages, names)
	}
	s.refused(http.StatusBadRequest, "InvalidSkipToken", http.MethodGet, strings.TrimSuffix(testIdentities, "/")+"?$skipToken=xyz!", "")
}
