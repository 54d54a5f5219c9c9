// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const (
	testCredentials = testIdentities + "reader/federatedIdentityCredentials/"
	mainBranch      = "repo:octo-org/octo-repo:ref:refs/heads/main"
	githubIssuer    = "https://token.actions.githubusercontent.com"
)

// federated is the body of a credential.
func federated(issuer, subject string) string {
	return fmt.Sprintf(`{"properties":{"issuer":%q,"subject":%q,"audiences":["api://AzureADTokenExchange"]}}`, issuer, subject)
}

func TestFederatedCredentialLives(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	id := s.createIdentity("reader").value("id")

	created := s.must(http.StatusCreated, http.MethodPut, testCredentials+"GitHub", federated(githubIssuer, mainBranch))
	if got := created.value("id"); got != id+"/federatedIdentityCredentials/GitHub" {
		t.Errorf("its ID is %q", got)
	}
	if created.value("type") != federatedCredentials || created.value("properties", "issuer") != githubIssuer ||
		created.value("properties", "subject") != mainBranch || !strings.Contains(created.text, `"audiences":["api://AzureADTokenExchange"]`) {
		t.Errorf("created: %s", created.text)
	}
	updated := s.must(http.StatusOK, http.MethodPut, testCredentials+"github", federated(githubIssuer, "repo:octo-org/octo-repo:pull_request"))
	if updated.value("name") != "GitHub" {
		t.Errorf("an update renames it: %s", updated.text)
	}
	read := s.must(http.StatusOK, http.MethodGet, strings.ToUpper(testCredentials)+"GITHUB", "")
	if read.text != updated.text {
		t.Errorf("read %s, written %s", read.text, updated.text)
	}
	state := a.world.State().Identities[0].FederatedCredentials
	if len(state) != 1 || state[0].Subject != "repo:octo-org/octo-repo:pull_request" || state[0].Audience != tokenExchangeAudience {
		t.Errorf("the state tells of %+v", state)
	}
	s.must(http.StatusOK, http.MethodDelete, testCredentials+"github", "")
	s.must(http.StatusNoContent, http.MethodDelete, testCredentials+"github", "")
	s.refused(http.StatusNotFound, "ResourceNotFound", http.MethodGet, testCredentials+"github", "")
}

func TestFederatedCredentialsKeepTheRules(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	s.createIdentity("reader")
	s.must(http.StatusCreated, http.MethodPut, testCredentials+"taken", federated(githubIssuer, mainBranch))
	const issuer, subject, audiences = `"issuer":"https://idp.example"`, `"subject":"me"`, `"audiences":["a"]`
	for name, c := range map[string]struct{ name, properties, message string }{
		"a name that is too short":        {"gh", issuer + "," + subject + "," + audiences, "Federated Identity Credential name 'gh' is invalid."},
		"a name that begins with a dash":  {"-gh", issuer + "," + subject + "," + audiences, "name '-gh' is invalid."},
		"a name that is too long":         {strings.Repeat("a", 121), issuer + "," + subject + "," + audiences, "is invalid."},
		"no properties":                   {"other", "", "Federated Identity Credential from HTTP body has empty properties"},
		"no audience":                     {"other", issuer + "," + subject, "Federated identity credentials must have exactly one audience."},
		"two audiences":                   {"other", issuer + "," + subject + `,"audiences":["a","b"]`, "Federated identity credentials must have exactly one audience."},
		"no subject":                      {"other", issuer + "," + audiences, "subject"},
		"an issuer without https":         {"other", `"issuer":"http://idp.example",` + subject + "," + audiences, "https://"},
		"issuer and subject of another":   {"other", `"issuer":"` + githubIssuer + `","subject":"` + mainBranch + `",` + audiences, "Issuer and subject combination already exists for this Managed Identity."},
		"an expression in stable version": {"other", issuer + `,"claimsMatchingExpression":{"value":"claims['sub'] eq 'x'","languageVersion":1},` + audiences, "not supported in this API version"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := a.operator(t)
			refused := s.refused(http.StatusBadRequest, "BadRequest", http.MethodPut, testCredentials+c.name, `{"properties":{`+c.properties+`}}`)
			if message := refused.value("error", "message"); !strings.Contains(message, c.message) {
				t.Errorf("the refusal says %q", message)
			}
		})
	}
	t.Cleanup(func() {
		if left := a.world.State().Identities[0].FederatedCredentials; len(left) != 1 {
			t.Errorf("a refused write has left %+v", left)
		}
	})
	s.must(http.StatusOK, http.MethodPut, testCredentials+"taken", federated(githubIssuer, mainBranch))
}

func TestFederatedCredentialsAreTwentyAtMost(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	a.world.Configure(func(s *Settings) { s.FederatedWriteDuration = time.Nanosecond })
	s := a.operator(t)
	s.createIdentity("reader")
	for n := range maxFederatedCredentials {
		s.must(http.StatusCreated, http.MethodPut, fmt.Sprintf("%scredential-%02d", testCredentials, n), federated(githubIssuer, fmt.Sprint(n)))
	}
	s.refused(http.StatusBadRequest, "BadRequest", http.MethodPut, testCredentials+"one-more", federated(githubIssuer, "more"))
	s.must(http.StatusOK, http.MethodPut, testCredentials+"credential-00", federated(githubIssuer, "other"))

	names, pages := map[string]bool{}, 0
	for next := strings.TrimSuffix(testCredentials, "/") + "?$top=7"; next != ""; pages++ {
		page := s.must(http.StatusOK, http.MethodGet, next, "")
		for _, item := range page.items() {
			name, _ := item["name"].(string)
			names[name] = true
		}
		next = page.value("nextLink")
	}
	if len(names) != maxFederatedCredentials || pages != 3 {
		t.Errorf("%d pages list %d credentials", pages, len(names))
	}
	s.refused(http.StatusBadRequest, "InvalidTopParameter", http.MethodGet, strings.TrimSuffix(testCredentials, "/")+"?$top=0", "")
}

func TestFederatedCredentialsGoWithTheirIdentity(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	s.refused(http.StatusNotFound, "ParentResourceNotFound", http.MethodPut, testCredentials+"github", federated(githubIssuer, mainBranch))
	s.createIdentity("reader")
	s.must(http.StatusCreated, http.MethodPut, testCredentials+"github", federated(githubIssuer, mainBranch))
	s.must(http.StatusOK, http.MethodDelete, testIdentities+"reader", "")
	s.refused(http.StatusNotFound, "ParentResourceNotFound", http.MethodGet, testCredentials+"github", "")
	s.createIdentity("reader")
	s.refused(http.StatusNotFound, "ResourceNotFound", http.MethodGet, testCredentials+"github", "")
}

func TestFederatedCredentialsNeedTheirOwnRights(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	a.operator(t).createIdentity("reader")
	writer := a.session(t, a.servicePrincipal(t, "writer", "Managed Identity Contributor", testGroup).ObjectID)
	user := a.session(t, a.servicePrincipal(t, "user", "Managed Identity Operator", testGroup).ObjectID)
	writer.must(http.StatusCreated, http.MethodPut, testCredentials+"github", federated(githubIssuer, mainBranch))
	user.must(http.StatusOK, http.MethodGet, testCredentials+"github", "")
	user.refused(http.StatusForbidden, "AuthorizationFailed", http.MethodPut, testCredentials+"github", federated(githubIssuer, "me"))
	user.refused(http.StatusForbidden, "AuthorizationFailed", http.MethodDelete, testCredentials+"github", "")
}

func TestFederatedCredentialsAreWrittenOneAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAzure(t)
		a.world.Configure(func(s *Settings) { s.FederatedWriteDuration = time.Second })
		s := a.operator(t)
		s.createIdentity("reader")
		s.createIdentity("other")
		var first sync.WaitGroup
		first.Go(func() {
			s.must(http.StatusCreated, http.MethodPut, testCredentials+"first", federated(githubIssuer, "first"))
		})
		synctest.Wait() // The first write is under way now.
		for _, method := range []string{http.MethodPut, http.MethodDelete} {
			s.refused(http.StatusConflict, "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity", method,
				testCredentials+"second", federated(githubIssuer, "second"))
		}
		s.must(http.StatusOK, http.MethodGet, testCredentials+"first", "")
		s.must(http.StatusCreated, http.MethodPut, testIdentities+"other/federatedIdentityCredentials/first", federated(githubIssuer, "first"))
		first.Wait()
		s.must(http.StatusCreated, http.MethodPut, testCredentials+"second", federated(githubIssuer, "second"))
	})
}

func TestFederatedCredentialsHaveTheirVersions(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	s.createIdentity("reader")
	flexible := `{"properties":{"issuer":"` + githubIssuer + `","audiences":["api://AzureADTokenExchange"],` +
		`"claimsMatchingExpression":{"value":"claims['sub'] matches 'repo:octo-org/*'","languageVersion":1}}}`
	for version, status := range map[string]int{
		"2018-11-30": http.StatusBadRequest, "2021-09-30-preview": http.StatusBadRequest, "2023-01-31": http.StatusOK, "2026-05-31": http.StatusOK,
	} {
		s.must(status, http.MethodGet, strings.TrimSuffix(testCredentials, "/")+"?api-version="+version, "")
	}
	const preview = "?api-version=2025-05-31-preview"
	s.must(http.StatusCreated, http.MethodPut, testCredentials+"any"+preview, flexible)
	s.refused(http.StatusBadRequest, "BadRequest", http.MethodPut, testCredentials+"both"+preview, strings.Replace(flexible, `"audiences"`, `"subject":"x","audiences"`, 1))
	s.refused(http.StatusBadRequest, "BadRequest", http.MethodPut, testCredentials+"bad"+preview, strings.Replace(flexible, "matches", "resembles", 1))
	if shown := s.must(http.StatusOK, http.MethodGet, testCredentials+"any"+preview, ""); shown.value("properties", "claimsMatchingExpression", "value") == "" {
		t.Errorf("the preview shows %s", shown.text)
	}
	if shown := s.must(http.StatusOK, http.MethodGet, testCredentials+"any", ""); strings.Contains(shown.text, "claimsMatchingExpression") {
		t.Errorf("the stable version shows %s", shown.text)
	}
}
