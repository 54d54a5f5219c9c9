// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestTheServerKnowsEverySecretThatItHasSeen(t *testing.T) {
	t.Parallel()
	a, clientID := newFederated(t)
	stranger := a.servicePrincipal(t, "stranger", "Reader", testGroup)
	s := a.session(t, stranger.ObjectID)
	assertion := a.vouch(t, "github", mainBranch, "")
	a.exchange(t, clientID, assertion)
	a.postForm(t, DefaultTenantID, "/oauth2/v2.0/token", map[string]string{"grant_type": "client_credentials", "client_id": stranger.AppID, "client_secret": "a wrong one"})
	s.do(http.MethodGet, testGroup, "", auxiliaryHeader, "Bearer one, Bearer two")
	job, err := a.Job("github", mainBranch)
	if err != nil {
		t.Fatal(err)
	}
	request := newRequest(t, http.MethodGet, job["ACTIONS_ID_TOKEN_REQUEST_URL"], "")
	request.Header.Set("Authorization", "Bearer "+job["ACTIONS_ID_TOKEN_REQUEST_TOKEN"])
	roundTrip(t, a.Transport(), request)
	got := a.Secrets()
	for what, secret := range map[string]string{
		"the secret of the operator": a.world.Operator().Secret, "the secret of another": stranger.Secret, "a wrong secret": "a wrong one",
		"an assertion": assertion, "a token for ARM": s.token, "tokens of other tenants": "two", "the token of a job": job["ACTIONS_ID_TOKEN_REQUEST_TOKEN"],
	} {
		if !slices.Contains(got, secret) {
			t.Errorf("%s is not among them", what)
		}
	}
	if slices.ContainsFunc(got, func(secret string) bool { return strings.TrimSpace(secret) == "" }) {
		t.Errorf("nothing is among them: %q", got)
	}
}
