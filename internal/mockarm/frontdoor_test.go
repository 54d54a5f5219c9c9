// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"strings"
	"testing"
)

// TestFrontDoorChecksInARMsOrder sends a request that is wrong in every way, and mends one thing after the other: each
// answer must be about the first thing that is left.
func TestFrontDoorChecksInARMsOrder(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	stranger := a.servicePrincipal(t, "stranger", "Reader", testSubscription+"/resourceGroups/elsewhere")
	a.world.subscriptions[DefaultSubscriptionID].Registered = map[string]bool{}

	const (
		nowhere  = "/subscriptions/00000000-0000-4000-8000-000000000000"
		resource = "/resourceGroups/nogroup/providers/Microsoft.ManagedIdentity/things/x"
		inGroup  = "/resourceGroups/DevTest/providers/Microsoft.ManagedIdentity/things/x"
		identity = "/resourceGroups/DevTest/providers/Microsoft.ManagedIdentity/userAssignedIdentities/x"
	)
	send := func(token, path, query, body string) answer {
		r := newRequest(t, http.MethodPut, a.URL()+path+query, body)
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		return roundTrip(t, a.Transport(), r)
	}
	strange, owner := a.session(t, stranger.ObjectID).token, a.operator(t).token
	steps := []struct {
		token, path, query, body string
		status                   int
		code                     string
		before                   func()
	}{
		{"", nowhere + resource, "", "{", 401, "AuthenticationFailed", nil},
		{strange, nowhere + resource, "", "{", 400, "MissingApiVersionParameter", nil},
		{strange, "/subscriptions/nonsense" + resource, "?api-version=1", "{", 400, "InvalidSubscriptionId", nil},
		{strange, nowhere + resource, "?api-version=1", "{", 404, "SubscriptionNotFound", nil},
		{strange, testSubscription + resource, "?api-version=1", "{", 403, "AuthorizationFailed", nil},
		{owner, testSubscription + resource, "?api-version=1", "{", 404, "ResourceGroupNotFound", nil},
		{owner, testSubscription + inGroup, "?api-version=1", "{", 409, "MissingSubscriptionRegistration", nil},
		{owner, testSubscription + inGroup, "?api-version=1", "{", 404, "InvalidResourceType", func() {
			a.world.subscriptions[DefaultSubscriptionID].Registered["microsoft.managedidentity"] = true
		}},
		{owner, testSubscription + identity, "?api-version=1", "{", 400, "InvalidApiVersionParameter", nil},
		{owner, testSubscription + identity, "?api-version=2020-01-01", "{", 400, "NoRegisteredProviderFound", nil},
		{owner, testSubscription + identity, "?api-version=2024-11-30", "{", 415, "UnsupportedMediaType", nil},
	}
	for _, step := range steps {
		if step.before != nil {
			step.before()
		}
		got := send(step.token, step.path, step.query, step.body)
		if got.status != step.status || got.code() != step.code {
			t.Fatalf("%s%s: %d %s\nwant %d %s", step.path, step.query, got.status, got.text, step.status, step.code)
		}
		if got.header.Get("x-ms-failure-cause") != "gateway" {
			t.Errorf("%s does not say that it is the front door's", step.code)
		}
	}
}

func TestForbiddenComesBeforeNotFoundAndEchoesTheScope(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.session(t, a.servicePrincipal(t, "reader", "Reader", testGroup).ObjectID)
	scope := testSubscription + "/RESOURCEgroups/DEVTEST/providers/microsoft.managedidentity/UserAssignedIdentities/missing"
	s.refused(http.StatusNotFound, "ResourceNotFound", http.MethodGet, scope, "")
	got := s.refused(http.StatusForbidden, "AuthorizationFailed", http.MethodDelete, scope, "")
	if !strings.Contains(got.text, "'Microsoft.ManagedIdentity/userAssignedIdentities/delete' over scope '"+scope+"'") {
		t.Errorf("message: %s", got.text)
	}
	s.refused(http.StatusForbidden, "AuthorizationFailed", http.MethodGet, testSubscription+"/resourceGroups/other", "")
}

func TestFrontDoorAnswersNonsenseCleanly(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	identity := testIdentities + "x"
	cases := map[string]struct {
		method, path, body string
		headers            []string
		status             int
		code               string
	}{
		"a path that names nothing":    {http.MethodGet, "/nonsense", "", nil, 404, "NotFound"},
		"the root":                     {http.MethodGet, "/", "", nil, 404, "NotFound"},
		"a query that cannot be read":  {http.MethodGet, testGroup + "?api-version=2021-04-01&x=%zz", "", nil, 400, "BadRequest"},
		"a method that no item has":    {http.MethodPost, identity, `{}`, nil, 405, "MethodNotAllowed"},
		"a method of no kind":          {"BREW", identity, "", nil, 405, "MethodNotAllowed"},
		"an action that is not there":  {http.MethodPost, identity + "/levitate", `{}`, nil, 404, "InvalidResourceType"},
		"an unknown namespace":         {http.MethodGet, testGroup + "/providers/Microsoft.Nothing/x/y?api-version=2020-01-01", "", nil, 404, "InvalidResourceNamespace"},
		"broken JSON":                  {http.MethodPut, identity, `{"location":`, nil, 400, "InvalidRequestContent"},
		"a body that is no JSON":       {http.MethodPut, identity, `location=westus`, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "UnsupportedMediaType"},
		"a body that is too long":      {http.MethodPut, identity, `"` + strings.Repeat("a", maxBody) + `"`, nil, 413, "RequestContentTooLarge"},
		"JSON nested without an end":   {http.MethodPut, identity, strings.Repeat("[", 100_000), nil, 400, "InvalidRequestContent"},
		"a version that is malformed":  {http.MethodGet, testGroup + "?api-version=now", "", nil, 400, "InvalidApiVersionParameter"},
		"the metadata of nothing":      {http.MethodGet, "/metadata/nothing", "", nil, 404, "NotFound"},
		"a resource group in a tenant": {http.MethodGet, "/resourceGroups/x", "", nil, 404, "NotFound"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			session := *s
			session.t = t
			got := session.do(c.method, c.path, c.body, c.headers...)
			if got.status != c.status || got.code() != c.code {
				t.Errorf("%d %s, want %d %s", got.status, got.text, c.status, c.code)
			}
		})
	}
}

func TestByteOrderMarkIsNoPartOfABody(t *testing.T) {
	t.Parallel()
	s := newAzure(t).operator(t)
	s.must(http.StatusCreated, http.MethodPut, testIdentities+"marked", "\xef\xbb\xbf"+`{"location":"westus"}`)
}

func TestAnswersCarryARMsHeaders(t *testing.T) {
	t.Parallel()
	s := newAzure(t).operator(t)
	correlation, request := newGUID(), newGUID()
	got := s.must(http.StatusOK, http.MethodGet, testGroup, "",
		"x-ms-correlation-request-id", correlation, "x-ms-client-request-id", request, "x-ms-return-client-request-id", "true")
	for name, want := range map[string]string{
		"x-ms-correlation-request-id": correlation, "x-ms-client-request-id": request, "Cache-Control": "no-cache",
		"Content-Type": "application/json; charset=utf-8", "X-Content-Type-Options": "nosniff",
		"x-ms-ratelimit-remaining-subscription-reads": "249", "x-ms-ratelimit-remaining-subscription-global-reads": "3749",
	} {
		if got.header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, got.header.Get(name), want)
		}
	}
	if routing := got.header.Get("x-ms-routing-request-id"); !strings.HasSuffix(routing, ":"+correlation) {
		t.Errorf("x-ms-routing-request-id: %q", routing)
	}
	again := s.must(http.StatusOK, http.MethodGet, "/subscriptions", "", "x-ms-client-request-id", request)
	if again.header.Get("x-ms-client-request-id") != "" {
		t.Error("the client's request ID was returned without having been asked for")
	}
	if again.header.Get("x-ms-request-id") == got.header.Get("x-ms-request-id") {
		t.Error("two answers have one request ID")
	}
	if left := again.header.Get("x-ms-ratelimit-remaining-tenant-reads"); left != "249" {
		t.Errorf("x-ms-ratelimit-remaining-tenant-reads: %q", left)
	}
}
