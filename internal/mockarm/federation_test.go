// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/golang-jwt/jwt/v5"
)

// exchange asks Entra for a token of an identity by an assertion.
func (a *azure) exchange(t *testing.T, clientID, assertion string) answer {
	t.Helper()
	return a.postForm(t, DefaultTenantID, "/oauth2/v2.0/token", map[string]string{
		"grant_type": "client_credentials", "client_id": clientID, "client_assertion_type": assertionType, "client_assertion": assertion,
		"scope": "https://management.azure.com/.default",
	})
}

func (a *azure) vouch(t *testing.T, issuer, subject, audience string) string {
	t.Helper()
	assertion, err := a.Assertion(issuer, subject, audience)
	if err != nil {
		t.Fatal(err)
	}
	return assertion
}

// signed is a token of an issuer's with claims of the test's own.
func signed(t *testing.T, issuer string, claims jwt.MapClaims) string {
	t.Helper()
	token, err := issuerSigner(issuer).sign(claims)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// newFederated is a mock whose identity "reader" may be used from the main branch of a repository, and what its client ID is.
func newFederated(t *testing.T) (*azure, string) {
	t.Helper()
	a := newAzure(t)
	s := a.operator(t)
	reader := s.createIdentity("reader")
	s.must(http.StatusCreated, http.MethodPut, testCredentials+"github", federated(githubIssuer, mainBranch))
	return a, reader.value("properties", "clientId")
}

func TestAssertionIsExchangedForTheTokenOfTheIdentity(t *testing.T) {
	t.Parallel()
	a, clientID := newFederated(t)
	identity := a.world.State().Identities[0]
	token := a.exchange(t, clientID, a.vouch(t, "github", mainBranch, "")).value("access_token")
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(token, claims); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"appid": identity.ClientID, "oid": identity.PrincipalID, "xms_mirid": identity.ID, "tid": DefaultTenantID, "appidacr": "2"} {
		if got := text(claims, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	s := &session{t: t, azure: a, token: token}
	s.refused(http.StatusForbidden, "AuthorizationFailed", http.MethodGet, testGroup, "")
	a.world.mu.Lock()
	a.world.grant(t, identity.PrincipalID, "Reader", testGroup)
	a.world.mu.Unlock()
	s.must(http.StatusOK, http.MethodGet, testGroup, "")
}

func TestEntraTellsWhyAnAssertionIsRefused(t *testing.T) {
	t.Parallel()
	a, clientID := newFederated(t)
	now := a.clock.Now()
	claims := func(change jwt.MapClaims) jwt.MapClaims {
		all := jwt.MapClaims{
			"iss": githubIssuer, "sub": mainBranch, "aud": tokenExchangeAudience,
			"nbf": now.Add(-time.Minute).Unix(), "exp": now.Add(time.Hour).Unix(),
		}
		maps.Copy(all, change)
		maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
		return all
	}
	unsigned, err := jwt.NewWithClaims(jwt.SigningMethodNone, claims(nil)).SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ assertion, number, words string }{
		"another issuer":              {a.vouch(t, "gitlab", mainBranch, ""), "AADSTS700211", a.URL() + "/_issuer/gitlab'"},
		"another subject":             {a.vouch(t, "github", "repo:octo-org/octo-repo:pull_request", ""), "AADSTS700213", "'repo:octo-org/octo-repo:pull_request'"},
		"another case":                {a.vouch(t, "github", "repo:Octo-Org/octo-repo:ref:refs/heads/main", ""), "AADSTS7002138", "case-sensitive"},
		"another audience":            {a.vouch(t, "github", mainBranch, "sts.amazonaws.com"), "AADSTS700212", "'sts.amazonaws.com'"},
		"an audience in other case":   {a.vouch(t, "github", mainBranch, "api://azureadtokenexchange"), "AADSTS700212", "audience"},
		"an issuer in other case":     {signed(t, "github", claims(jwt.MapClaims{"iss": strings.ToUpper(githubIssuer)})), "AADSTS700211", "issuer"},
		"expired":                     {signed(t, "github", claims(jwt.MapClaims{"exp": now.Add(-time.Second).Unix()})), "AADSTS700024", "valid time range"},
		"not valid yet":               {signed(t, "github", claims(jwt.MapClaims{"nbf": now.Add(time.Minute).Unix()})), "AADSTS700024", "valid time range"},
		"valid for ever":              {signed(t, "github", claims(jwt.MapClaims{"exp": nil})), "AADSTS700024", "valid time range"},
		"signed by somebody else":     {signed(t, "gitlab", claims(nil)), "AADSTS700027", "signature"},
		"signed by nobody":            {unsigned, "AADSTS700027", "signature"},
		"forged, for a wrong subject": {signed(t, "gitlab", claims(jwt.MapClaims{"sub": "me"})), "AADSTS700027", "signature"},
		"no token at all":             {"assertion", "AADSTS50027", "malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused := a.exchange(t, clientID, c.assertion)
			description := refused.value("error_description")
			if refused.status != http.StatusUnauthorized || !strings.HasPrefix(description, c.number+":") || !strings.Contains(description, c.words) {
				t.Errorf("%d %s", refused.status, refused.text)
			}
			if refused.value("access_token") != "" {
				t.Error("it came with a token")
			}
		})
	}
}

func TestEntraCannotReachForeignIssuers(t *testing.T) {
	t.Parallel()
	a, clientID := newFederated(t)
	a.operator(t).must(http.StatusCreated, http.MethodPut, testCredentials+"foreign", federated("https://idp.example", "me"))
	assertion := signed(t, "idp", jwt.MapClaims{"iss": "https://idp.example", "sub": "me", "aud": tokenExchangeAudience, "exp": a.clock.Now().Add(time.Hour).Unix()})
	if refused := a.exchange(t, clientID, assertion); !strings.Contains(refused.text, "AADSTS90061") {
		t.Errorf("%d %s", refused.status, refused.text)
	}
}

func TestEntraHearsOfCredentialsLate(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	a.world.Configure(func(s *Settings) { s.FederationLag = 2 * time.Minute })
	s := a.operator(t)
	clientID := s.createIdentity("reader").value("properties", "clientId")
	s.must(http.StatusCreated, http.MethodPut, testCredentials+"github", federated(githubIssuer, mainBranch))
	if refused := a.exchange(t, clientID, a.vouch(t, "github", mainBranch, "")); refused.status != http.StatusBadRequest || !strings.Contains(refused.text, "AADSTS70021:") {
		t.Errorf("%d %s", refused.status, refused.text)
	}
	a.clock.Advance(2 * time.Minute)
	if granted := a.exchange(t, clientID, a.vouch(t, "github", mainBranch, "")); granted.status != http.StatusOK {
		t.Errorf("%d %s", granted.status, granted.text)
	}
	s.must(http.StatusOK, http.MethodDelete, testCredentials+"github", "")
	if refused := a.exchange(t, clientID, a.vouch(t, "github", mainBranch, "")); !strings.Contains(refused.text, "AADSTS700211:") {
		t.Errorf("after the deletion: %d %s", refused.status, refused.text)
	}
}

func TestExpressionsMatchClaims(t *testing.T) {
	t.Parallel()
	claims := jwt.MapClaims{"sub": mainBranch, "job_workflow_ref": "octo-org/flows/.github/workflows/deploy.yml@refs/heads/main", "run": 7}
	for expression, want := range map[string]bool{
		"claims['sub'] eq '" + mainBranch + "'":                                                    true,
		"claims['sub'] eq 'repo:*'":                                                                false,
		"claims['sub'] matches 'repo:octo-org/*'":                                                  true,
		"claims['sub'] matches 'repo:octo-???/octo-repo:*'":                                        true,
		"claims['sub'] matches 'repo:octo-or?g/*'":                                                 false,
		"claims['sub'] matches 'REPO:octo-org/*'":                                                  false,
		"claims['sub'] matches 'repo:octo.org/*'":                                                  false,
		"claims['sub'] matches 'octo-org'":                                                         false,
		"claims['sub'] matches 'repo:*' and claims['job_workflow_ref'] matches 'octo-org/flows/*'": true,
		"claims['sub'] matches 'repo:*' and claims['job_workflow_ref'] matches 'octo-org/other/*'": false,
		"claims['sub'] matches '*' and claims['missing'] eq 'x'":                                   false,
		"claims['sub'] eq 'a and b' and claims['sub'] eq '" + mainBranch + "'":                     false,
	} {
		matches, err := parseClaimsExpression(expression)
		if err != nil || matches(claims) != want {
			t.Errorf("%s: %v, want %v", expression, err, want)
		}
	}
	for _, expression := range []string{"", "sub eq 'x'", "claims['sub'] == 'x'", "claims['sub'] eq 'x' and", "claims['sub'] eq 'x' or claims['sub'] eq 'y'", "claims['sub'] eq 'x"} {
		if _, err := parseClaimsExpression(expression); err == nil {
			t.Errorf("%q is read", expression)
		}
	}
}

func TestAnIssuerPublishesItsKeys(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	for name, issuer := range map[string]string{"github": githubIssuer, "cluster-1": a.URL() + "/_issuer/cluster-1"} {
		document := a.control(t, http.MethodGet, "/_issuer/"+name+"/.well-known/openid-configuration")
		if document.value("issuer") != issuer {
			t.Errorf("%s is %q", name, document.value("issuer"))
		}
		published := a.control(t, http.MethodGet, strings.TrimPrefix(document.value("jwks_uri"), a.URL()))
		var keys struct {
			Keys []map[string]string `json:"keys"`
		}
		if err := json.Unmarshal([]byte(published.text), &keys); err != nil || len(keys.Keys) != 1 {
			t.Fatalf("the keys are %s: %v", published.text, err)
		}
		token, _, err := jwt.NewParser().ParseUnverified(a.vouch(t, name, "me", ""), jwt.MapClaims{})
		if err != nil || token.Header["kid"] != keys.Keys[0]["kid"] {
			t.Errorf("the assertion's key is %v, the published one %v: %v", token.Header["kid"], keys.Keys[0]["kid"], err)
		}
	}
	if got := a.control(t, http.MethodGet, "/_issuer/_/jwks"); got.status != http.StatusNotFound {
		t.Errorf("an issuer without a name: %d", got.status)
	}
}

func TestImmutableSubjectsHaveTheirIDsAsClaims(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	for subject, want := range map[string][2]any{
		"repo:octo-org@123456/octo-repo@456789:ref:refs/heads/main": {"123456", "456789"},
		mainBranch:                            {nil, nil},
		"system:serviceaccount:default:app":   {nil, nil},
		"repo:octo-org@123456/octo-repo:ref:": {nil, nil},
	} {
		claims := jwt.MapClaims{}
		if _, _, err := jwt.NewParser().ParseUnverified(a.vouch(t, "github", subject, ""), claims); err != nil {
			t.Fatal(err)
		}
		if got := [2]any{claims["repository_owner_id"], claims["repository_id"]}; got != want {
			t.Errorf("%s has the IDs %v, not %v", subject, got, want)
		}
	}
}

// exchangeWith gets a token of the identity by an assertion, as an SDK does.
func (a *azure) exchangeWith(t *testing.T, client *http.Client, clientID string, assertion func(context.Context) (string, error)) azcore.TokenCredential {
	t.Helper()
	credential, err := azidentity.NewClientAssertionCredential(DefaultTenantID, clientID, assertion, &azidentity.ClientAssertionCredentialOptions{
		ClientOptions:            azcore.ClientOptions{Transport: client, Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: a.URL()}},
		DisableInstanceDiscovery: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return credential
}

func TestCurlGetsAssertionsFromTheControlPlane(t *testing.T) {
	t.Parallel()
	a, client := listening(t)
	s := a.operator(t)
	clientID := s.createIdentity("reader").value("properties", "clientId")
	s.must(http.StatusCreated, http.MethodPut, testCredentials+"cluster", federated(a.URL()+"/_issuer/cluster", "system:serviceaccount:default:app"))
	ask := func(path, body string) answer {
		return roundTrip(t, client.Transport, newRequest(t, http.MethodPost, a.URL()+path, body))
	}
	assertion := ask("/_mock/issuers/cluster/token", `{"subject":"system:serviceaccount:default:app"}`).value("token")
	if status := a.reads(t, a.exchangeWith(t, client, clientID, func(context.Context) (string, error) { return assertion, nil })); status != http.StatusForbidden {
		t.Errorf("an identity without a role reads with %d", status)
	}
	for path, body := range map[string]string{
		"/_mock/issuers/cluster/token": `{}`, "/_mock/issuers/cluster/job": `{"sub":"x"}`, "/_mock/issuers/No_Name/token": `{"subject":"x"}`,
	} {
		if refused := ask(path, body); refused.status != http.StatusBadRequest || refused.value("error") == "" {
			t.Errorf("%s %s: %d %s", path, body, refused.status, refused.text)
		}
	}
	if refused := ask("/_mock/issuers/cluster/keys", `{}`); refused.status != http.StatusNotFound {
		t.Errorf("what there is not: %d", refused.status)
	}
}

func TestJobsGetTheirAssertions(t *testing.T) {
	t.Parallel()
	a, client := listening(t)
	s := a.operator(t)
	clientID := s.createIdentity("reader").value("properties", "clientId")
	s.must(http.StatusCreated, http.MethodPut, testCredentials+"github", federated(githubIssuer, mainBranch))
	s.must(http.StatusCreated, http.MethodPut, testCredentials+"pipelines", federated(a.URL()+"/_issuer/devops", "sc://org/project/connection"))
	github, err := a.Job("github", mainBranch)
	if err != nil {
		t.Fatal(err)
	}
	request := newRequest(t, http.MethodGet, github["ACTIONS_ID_TOKEN_REQUEST_URL"]+"&audience=api://AzureADTokenExchange", "")
	if refused := roundTrip(t, client.Transport, request); refused.status != http.StatusUnauthorized {
		t.Errorf("without the job's token: %d %s", refused.status, refused.text)
	}
	request.Header.Set("Authorization", "Bearer "+github["ACTIONS_ID_TOKEN_REQUEST_TOKEN"])
	assertion := roundTrip(t, client.Transport, request).value("value")
	if granted := a.exchange(t, clientID, assertion); granted.status != http.StatusOK {
		t.Errorf("with GitHub's assertion: %s", granted.text)
	}
	if refused := a.exchange(t, clientID, github["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]); !strings.Contains(refused.text, "AADSTS700212") {
		t.Errorf("with the job's own token: %s", refused.text)
	}

	pipeline, err := a.Job("devops", "sc://org/project/connection")
	if err != nil {
		t.Fatal(err)
	}
	// A job runs for longer than an assertion is valid.
	a.clock.Advance(time.Hour)
	request = newRequest(t, http.MethodPost, pipeline["SYSTEM_OIDCREQUESTURI"]+"?api-version=7.1&serviceConnectionId=c", "")
	request.Header.Set("Authorization", "Bearer "+pipeline["SYSTEM_ACCESSTOKEN"])
	if granted := a.exchange(t, clientID, roundTrip(t, client.Transport, request).value("oidcToken")); granted.status != http.StatusOK {
		t.Errorf("with the pipeline's assertion: %s", granted.text)
	}
}

func TestSeedsHaveFederatedCredentials(t *testing.T) {
	t.Parallel()
	seed := DefaultSeed()
	seed.Issuers = append(seed.Issuers, SeedIssuer{Name: "cluster", URL: "https://oidc.example/cluster"})
	seed.Identities = []SeedIdentity{{ResourceGroup: "DevTest", Name: "reader", FederatedCredentials: []SeedFederatedCredential{
		{Name: "cluster", Issuer: "https://oidc.example/cluster", Subject: "system:serviceaccount:default:app"},
		{Name: "any-branch", Issuer: githubIssuer, ClaimsMatchingExpression: "claims['sub'] matches 'repo:octo-org/*'"},
	}}}
	clock := &Clock{}
	world, err := NewWorld(seed, clock)
	if err != nil {
		t.Fatal(err)
	}
	a := &azure{Server: NewServer(world), clock: clock}
	clientID := world.State().Identities[0].ClientID
	for issuer, subject := range map[string]string{"cluster": "system:serviceaccount:default:app", "github": "repo:octo-org/any:pull_request"} {
		if granted := a.exchange(t, clientID, a.vouch(t, issuer, subject, "")); granted.status != http.StatusOK {
			t.Errorf("%s: %s", issuer, granted.text)
		}
	}
	for want, change := range map[string]func(*Seed){
		"identities[0].federatedIdentityCredentials[0].name": func(s *Seed) { s.Identities[0].FederatedCredentials[0].Subject = "" },
		"identities[0].federatedIdentityCredentials[1].name": func(s *Seed) { s.Identities[0].FederatedCredentials[1].Name = "CLUSTER" },
		"issuers[0].url":  func(s *Seed) { s.Issuers[0].URL = "http://idp.example" },
		"issuers[0].name": func(s *Seed) { s.Issuers[0].Name = "a/b" },
		"issuers[1].name": func(s *Seed) { s.Issuers[1].Name = "GitHub" },
	} {
		broken := seed
		broken.Issuers = append([]SeedIssuer{}, seed.Issuers...)
		broken.Identities = []SeedIdentity{seed.Identities[0]}
		broken.Identities[0].FederatedCredentials = append([]SeedFederatedCredential{}, seed.Identities[0].FederatedCredentials...)
		change(&broken)
		if _, err := NewWorld(broken, clock); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error at %s, got %v", want, err)
		}
	}
}

func TestSDKExchangesAssertions(t *testing.T) {
	t.Parallel()
	a, client := listening(t)
	s := a.operator(t)
	reader := s.createIdentity("reader")
	s.must(http.StatusCreated, http.MethodPut, testCredentials+"github", federated(githubIssuer, mainBranch))
	a.world.mu.Lock()
	a.world.grant(t, reader.value("properties", "principalId"), "Reader", testGroup)
	a.world.mu.Unlock()
	clientID := reader.value("properties", "clientId")
	right := a.exchangeWith(t, client, clientID, func(context.Context) (string, error) { return a.Assertion("github", mainBranch, "") })
	if status := a.reads(t, right); status != http.StatusOK {
		t.Errorf("the group is read with %d", status)
	}
	wrong := a.exchangeWith(t, client, clientID, func(context.Context) (string, error) {
		return a.Assertion("github", "repo:octo-org/octo-repo:pull_request", "")
	})
	_, err := wrong.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://management.azure.com/.default"}})
	if err == nil || !strings.Contains(err.Error(), "AADSTS700213") {
		t.Errorf("a wrong subject: %v", err)
	}
}
