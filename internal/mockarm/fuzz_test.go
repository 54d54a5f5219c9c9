// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// FuzzRequest sends anything to any part of the mock. Whatever it is, the answer is one that the part of Azure could give: no
// panic, no error of the server's, an error in the form that clients read; and the world is in order afterwards.
//
// token says what the request carries: the operator's token for "operator", none for "", and else the text itself.
func FuzzRequest(f *testing.F) {
	for _, seed := range [][5]string{
		{http.MethodGet, testGroup + "?api-version=2022-12-01", "", "", "operator"},
		{http.MethodPut, testIdentities + "reader?api-version=2024-11-30", "", `{"location":"westus","tags":{"a":"b"}}`, "operator"},
		{http.MethodPatch, DefaultMachineID + "?api-version=2024-11-01", "If-Match: \"1\"", `{"identity":{"type":"UserAssigned","userAssignedIdentities":{"` + testIdentities + `deployer":{}}}}`, "operator"},
		{http.MethodPut, DefaultMachineID + "?api-version=2024-11-01", "", `{"location":"westus","identity":{"type":"SystemAssigned"},"properties":{}}`, "operator"},
		{http.MethodDelete, DefaultMachineID + "?api-version=2024-11-01", "If-None-Match: *", "", "operator"},
		{http.MethodPut, testGroup + "/providers/Microsoft.Compute/virtualMachineScaleSets/vmss?api-version=2024-11-01", "", `{"location":"westus","sku":{"name":"x","capacity":3},"properties":{"upgradePolicy":{"mode":"Rolling"}}}`, "operator"},
		{http.MethodPut, testAssignments + "00000000-0000-4000-8000-000000000001?api-version=2022-04-01", "", assignmentBody(DefaultOperatorID, readerRole, ""), "operator"},
		{http.MethodGet, testGroup + "/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&$filter=atScope()&$skipToken=MQ", "", "", "operator"},
		{http.MethodPut, testIdentities + "deployer/federatedIdentityCredentials/main?api-version=2024-11-30", "", `{"properties":{"issuer":"https://x.example","subject":"s","audiences":["a"]}}`, "operator"},
		{http.MethodPut, testSubscription + "/providers/Microsoft.Authorization/roleDefinitions/00000000-0000-4000-8000-000000000002?api-version=2022-04-01", "", `{"properties":{"roleName":"r","assignableScopes":["` + testSubscription + `"],"permissions":[{"actions":["*"]}]}}`, "operator"},
		{http.MethodPut, testGroup + "/providers/Microsoft.Authorization/locks/l?api-version=2020-05-01", "", `{"properties":{"level":"ReadOnly"}}`, "operator"},
		{http.MethodPost, testSubscription + "/providers/Microsoft.Compute/register?api-version=2022-12-01", "", "", "operator"},
		{http.MethodGet, "/subscriptions?api-version=2022-12-01", "", "", "eyJhbGciOiJub25lIn0.eyJhdWQiOiJodHRwczovL21hbmFnZW1lbnQuYXp1cmUuY29tIn0."},
		{http.MethodPost, "/" + DefaultTenantID + "/oauth2/v2.0/token", "Content-Type: application/x-www-form-urlencoded", "grant_type=client_credentials&client_id=" + DefaultOperatorAppID + "&client_assertion=a.b.c&client_assertion_type=x&scope=y/.default", ""},
		{http.MethodGet, "/" + DefaultTenantID + "/v2.0/.well-known/openid-configuration", "", "", ""},
		{http.MethodGet, "/common/discovery/instance?api-version=1.1&authorization_endpoint=https%3A%2F%2Fx", "", "", ""},
		{http.MethodGet, "/metadata/endpoints?api-version=2022-09-01", "", "", ""},
		{http.MethodGet, "/_issuer/github/jwks", "", "", ""},
		{http.MethodPost, "/_mock/issuers/github/token", "", `{"subject":"s"}`, ""},
		{http.MethodPost, "/_mock/faults", "", `[{"path":"/none/*","status":503,"retryAfter":"1s"}]`, ""},
		{http.MethodPatch, "/_mock/settings", "", `{"pageSize":1}`, ""},
		{http.MethodPut, "/_mock/state", "", `{"version":1}`, ""},
		{http.MethodGet, "imds:" + imdsTokenPath + "?api-version=2018-02-01&resource=https://management.azure.com/", "Metadata: true", "", ""},
		{http.MethodGet, "imds:/metadata/instance/compute/tagsList/0?api-version=2021-02-01&format=text", "Metadata: true", "", ""},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3], seed[4])
	}
	f.Fuzz(func(t *testing.T, method, target, headers, body, token string) {
		a := newAzure(t)
		s := a.operator(t)
		s.attach(s.createIdentity("deployer").value("id"))
		target, toIMDS := strings.CutPrefix(target, "imds:")
		u, err := url.ParseRequestURI(target)
		if err != nil || u.Host != "" {
			return // No HTTP server hands it on.
		}
		base, transport := a.URL(), a.Transport()
		if toIMDS {
			base, transport = "http://169.254.169.254", a.IMDSTransport(DefaultMachineID)
		}
		r, err := http.NewRequestWithContext(t.Context(), method, base+target, strings.NewReader(body))
		if err != nil {
			return
		}
		for header := range strings.Lines(headers) {
			if name, value, found := strings.Cut(strings.TrimSpace(header), ":"); found {
				r.Header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
			}
		}
		switch token {
		case "":
		case "operator":
			r.Header.Set("Authorization", "Bearer "+s.token)
		default:
			r.Header.Set("Authorization", "Bearer "+token)
		}
		got := roundTrip(t, transport, r)
		isControl := strings.HasPrefix(u.Path, "/_mock/") // Which can bring about whatever it says.
		switch {
		case got.status >= http.StatusInternalServerError:
			t.Errorf("%s %s: %d %s", method, target, got.status, got.text)
		case got.status >= http.StatusBadRequest && method != http.MethodHead && got.header.Get("Content-Type") == "application/json; charset=utf-8" && !json.Valid([]byte(got.text)):
			t.Errorf("%s %s: the error is no JSON: %s", method, target, got.text)
		case token != "" && token != "operator" && got.status < http.StatusMultipleChoices && !toIMDS && !isControl && strings.HasPrefix(strings.ToLower(u.Path), "/subscriptions"):
			t.Errorf("%s %s: a token that nobody has issued is taken", method, target)
		}
		a.clock.Advance(time.Hour)
		if err := a.world.Verify(); err != nil {
			t.Errorf("after %s %s %s: %v", method, target, body, err)
		}
	})
}
