// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"testing"
)

// TestRecordedResourceGroups is az group create, show, exists and delete.
func TestRecordedResourceGroups(t *testing.T) {
	t.Parallel()
	s := newAzure(t).operator(t)
	group := func(state string) string {
		return `{"id": "/subscriptions/{s}/resourceGroups/rg1", "name": "rg1", "type": "Microsoft.Resources/resourceGroups", "location": "westus", "tags": {}, "properties": {"provisioningState": "` + state + `"}}`
	}
	const path = "/subscriptions/{s}/resourcegroups/rg1?api-version=2024-11-01"
	polled := `https://mockarm\.invalid/subscriptions/` + DefaultSubscriptionID + `/operationresults/` + guidPattern + `\?api-version=2024-11-01&t=\d{18}&c=[\w-]+&s=[\w-]+&h=[\w-]+`
	replay(t, s, []exchange{
		{name: "exists", method: http.MethodHead, path: path, status: http.StatusNotFound},
		{name: "create", method: http.MethodPut, path: path, body: `{"location": "westus", "tags": {}}`, status: http.StatusCreated, answer: group("Succeeded")},
		{name: "create again", method: http.MethodPut, path: path, body: `{"location": "West US", "tags": {}}`, status: http.StatusOK, answer: group("Succeeded")},
		{name: "show", method: http.MethodGet, path: path, status: http.StatusOK, answer: group("Succeeded")},
		{name: "exists now", method: http.MethodHead, path: path, status: http.StatusNoContent},
		{
			name: "delete", method: http.MethodDelete, path: path, status: http.StatusAccepted,
			answerHeaders: map[string]string{"Location": polled, "Retry-After": `\d+`, "Content-Length": "0"},
		},
		{name: "show while it goes", method: http.MethodGet, path: path, status: http.StatusOK, answer: group("Deleting"), after: func(s *session) { s.azure.finish() }},
		{
			name: "show what is gone", method: http.MethodGet, path: path, status: http.StatusNotFound,
			answer: `{"error": {"code": "ResourceGroupNotFound", "message": "Resource group 'rg1' could not be found."}}`, answerHeaders: map[string]string{"x-ms-failure-cause": "gateway"},
		},
	})
}

func TestGroupsTellTheirTypeSince2018(t *testing.T) {
	t.Parallel()
	s := newAzure(t).operator(t)
	same(t, s.must(http.StatusOK, http.MethodGet, testGroup+"?api-version=2016-09-01", ""),
		`{"id": "/subscriptions/{s}/resourceGroups/DevTest", "name": "DevTest", "location": "westus", "properties": {"provisioningState": "Succeeded"}}`)
	same(t, s.must(http.StatusOK, http.MethodGet, testGroup+"?api-version=2018-05-01", ""),
		`{"id": "/subscriptions/{s}/resourceGroups/DevTest", "name": "DevTest", "type": "Microsoft.Resources/resourceGroups", "location": "westus", "properties": {"provisioningState": "Succeeded"}}`)
}

func TestRecordedFrontDoorRefusals(t *testing.T) {
	t.Parallel()
	s := newAzure(t).operator(t)
	const none = "99999999-9999-4999-8999-999999999999"
	refused := func(path string, status int, code, message string) exchange {
		return exchange{
			name: code, method: http.MethodGet, path: path, status: status, answer: `{"error": {"code": "` + code + `", "message": "` + message + `"}}`,
			answerHeaders: map[string]string{"x-ms-failure-cause": "gateway"},
		}
	}
	replay(t, s, []exchange{
		refused("/subscriptions?api-version=", http.StatusBadRequest, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests."),
		refused("/subscriptions/"+none+"/resourceGroups/x", http.StatusNotFound, "SubscriptionNotFound", "The subscription '"+none+"' could not be found."),
		refused("/subscriptions/x/resourceGroups/x", http.StatusBadRequest, "InvalidSubscriptionId", "The provided subscription identifier 'x' is malformed or invalid."),
		refused("/subscriptions/{s}/providers/Microsoft.X/y?api-version=2020-01-01", http.StatusNotFound, "InvalidResourceNamespace", "The resource namespace 'Microsoft.X' is invalid."),
		refused("{vm}/extensions/x?api-version=2024-11-01", http.StatusNotFound, "InvalidResourceType",
			"The resource type 'virtualMachines/extensions' could not be found in the namespace 'Microsoft.Compute' for api version '2024-11-01'."),
	})
	for authorization, want := range map[string]string{
		"":            `{"error": {"code": "AuthenticationFailed", "message": "Authentication failed. The 'Authorization' header is missing."}}`,
		"Basic eDp4":  `{"error": {"code": "AuthenticationFailedInvalidHeader", "message": "Authentication failed. The 'Authorization' header is provided in an invalid format."}}`,
		"Bearer what": `{"error": {"code": "InvalidAuthenticationToken", "message": "The access token is invalid."}}`,
	} {
		received := s.must(http.StatusUnauthorized, http.MethodGet, testGroup, "", "Authorization", authorization)
		same(t, received, want)
		if header, challenge := received.header.Get("WWW-Authenticate"), `Bearer authorization_uri="https://login.windows.net/`+DefaultTenantID+`", error="invalid_token", error_description="`+received.value("error", "message")+`"`; header != challenge {
			t.Errorf("the challenge is %s, want %s", header, challenge)
		}
	}
}

func TestRecordedSubscriptionsTenantsAndProviders(t *testing.T) {
	t.Parallel()
	s := newAzure(t).operator(t)
	const subscription = `{"id": "/subscriptions/{s}", "authorizationSource": "RoleBased", "managedByTenants": [], "subscriptionId": "{s}", "tenantId": "{t}", "displayName": "<text>", "state": "Enabled",
		"subscriptionPolicies": {"locationPlacementId": "Public_2014-09-01", "quotaId": "PayAsYouGo_2014-09-01", "spendingLimit": "Off"}}`
	replay(t, s, []exchange{
		{name: "subscriptions", method: http.MethodGet, path: "/subscriptions", status: http.StatusOK, answer: `{"value": [` + subscription + `], "count": {"type": "Total", "value": 1}}`},
		{name: "a subscription", method: http.MethodGet, path: "/subscriptions/{s}", status: http.StatusOK, answer: subscription},
		{
			name: "tenants", method: http.MethodGet, path: "/tenants", status: http.StatusOK,
			answer: `{"value": [{"id": "/tenants/{t}", "tenantId": "{t}", "countryCode": "US", "displayName": "<text>", "domains": ["<text>"], "tenantCategory": "Home"}]}`,
		},
	})
	for name, c := range map[string]struct {
		received answer
		keys     string
	}{
		"of a subscription":          {s.must(http.StatusOK, http.MethodGet, testSubscription+"/providers/Microsoft.Compute?api-version=2019-05-01", ""), "id namespace registrationPolicy registrationState resourceTypes"},
		"registered":                 {s.must(http.StatusOK, http.MethodPost, testSubscription+"/providers/Microsoft.Compute/register?api-version=2019-05-01", ""), "id namespace registrationPolicy registrationState resourceTypes"},
		"of the tenant":              {s.must(http.StatusOK, http.MethodGet, "/providers/microsoft.compute?api-version=2021-04-01", ""), "namespace resourceTypes"},
		"in the subscription's list": {answer{body: s.must(http.StatusOK, http.MethodGet, testSubscription+"/providers?api-version=2021-04-01", "").items()[0]}, "id namespace registrationPolicy registrationState resourceTypes"},
		"in the tenant's list":       {answer{body: s.must(http.StatusOK, http.MethodGet, "/providers?api-version=2021-04-01", "").items()[0]}, "namespace resourceTypes"},
	} {
		if got := keysOf(c.received.body); got != c.keys {
			t.Errorf("%s: %s, want %s", name, got, c.keys)
		}
		types, _ := c.received.body["resourceTypes"].([]any)
		kind, _ := types[0].(map[string]any)
		if got := keysOf(kind); got != "apiVersions capabilities locations resourceType" {
			t.Errorf("%s: a type has %s", name, got)
		}
	}
	s.refused(http.StatusNotFound, "InvalidResourceNamespace", http.MethodGet, "/providers/Microsoft.X?api-version=2021-04-01", "")
}
