// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

const anyBranch = "claims['sub'] matches 'repo:octo-org/octo-repo:ref:refs/heads/*' and claims['repository_id'] eq '456789'"

// flexibleTrust are the properties of a credential for all branches of a repository.
func flexibleTrust() FederatedCredential {
	return FederatedCredential{
		FederatedIdentityCredentialProperties: armmsi.FederatedIdentityCredentialProperties{
			Issuer: new("https://token.actions.githubusercontent.com"), Audiences: []*string{new("api://AzureADTokenExchange")},
		},
		ClaimsMatchingExpression: anyBranch,
	}
}

func TestAFlexibleCredentialLives(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server, cfg := newFederated(t)
	c := newClient(t, cfg)
	id := armid.FederatedCredential(reader, "github")
	same := func(what string, got FederatedCredential, err error) {
		t.Helper()
		if err != nil || got.ClaimsMatchingExpression != anyBranch || value(got.Subject) != "" || len(got.Audiences) != 1 ||
			value(got.Issuer) != value(flexibleTrust().Issuer) || value(got.Audiences[0]) != "api://AzureADTokenExchange" {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
	written, err := c.CreateFederatedCredential(ctx, id, flexibleTrust())
	same("created", written, err)
	read, err := c.FederatedCredential(ctx, id)
	same("read", read, err)
	if _, err := c.UpdateFederatedCredential(ctx, id, trust("main")); err != nil || credentialsOf(server)[0].ClaimsMatchingExpression != "" {
		t.Errorf("with a subject: %v; Azure has %+v", err, credentialsOf(server))
	}
	written, err = c.UpdateFederatedCredential(ctx, id, flexibleTrust())
	same("with the expression again", written, err)
	if err := c.DeleteFederatedCredential(ctx, id); err != nil || len(credentialsOf(server)) != 0 {
		t.Errorf("deleting it: %v", err)
	}
}

// The preview goes the way of all other requests: throttled, repeated, and with the conflicts of other writers waited out.
func TestThePreviewHasThePatienceOfAllRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, cfg := newFederated(t)
		c := newClient(t, cfg)
		id := armid.FederatedCredential(reader, "github")
		for _, fault := range []mockarm.Fault{
			{Method: http.MethodPut, Status: http.StatusConflict, Code: "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity", Count: 2},
			{Method: http.MethodPut, Status: http.StatusTooManyRequests, Code: "TooManyRequests", Count: 1},
			{Method: http.MethodGet, Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable", Nth: 3},
		} {
			if err := server.Inject(fault); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := c.CreateFederatedCredential(within(t, 5*time.Minute), id, flexibleTrust()); err != nil {
			t.Fatal(err)
		}
		if got, err := c.FederatedCredential(within(t, time.Minute), id); err != nil || got.ClaimsMatchingExpression != anyBranch {
			t.Errorf("read %+v, %v", got, err)
		}
		for i, fault := range server.Faults() {
			if fault.Struck == 0 {
				t.Errorf("fault %d was not met: %+v", i, fault)
			}
		}
	})
}

func TestAPreviewThatIsNotOfferedIsExplained(t *testing.T) {
	t.Parallel()
	id := armid.FederatedCredential(reader, "github")
	for _, code := range []string{"InvalidApiVersionParameter", "NoRegisteredProviderFound"} {
		server, cfg := newFederated(t)
		c := newClient(t, cfg)
		if _, err := c.CreateFederatedCredential(t.Context(), id, flexibleTrust()); err != nil {
			t.Fatal(err)
		}
		refusal := mockarm.Fault{Path: "**/federatedIdentityCredentials/*", Nth: 2, Status: http.StatusBadRequest, Code: code}
		if err := server.Inject(refusal); err != nil {
			t.Fatal(err)
		}
		_, err := c.FederatedCredential(t.Context(), id)
		if text := Describe(err); ErrorCode(err) != code || !strings.Contains(text, flexibleVersion) || !strings.Contains(text, "Use subject") || strings.Contains(text, "Check location") {
			t.Errorf("%s: %v, which the user is told as: %s", code, err, text)
		}
	}
}

// What is sent has no subject beside the expression, not even an empty one, and names the version of the language.
func TestAnExpressionIsSentAlone(t *testing.T) {
	t.Parallel()
	_, cfg := newFederated(t)
	var sent string
	next := cfg.Transport
	tap(&cfg, func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodPut {
			content, err := io.ReadAll(r.Body)
			if err := errors.Join(err, r.Body.Close()); err != nil {
				return nil, err
			}
			sent, r.Body = r.URL.Query().Get("api-version")+" "+string(content), io.NopCloser(strings.NewReader(string(content)))
		}
		return next.RoundTrip(r)
	})
	if _, err := newClient(t, cfg).CreateFederatedCredential(t.Context(), armid.FederatedCredential(reader, "github"), flexibleTrust()); err != nil {
		t.Fatal(err)
	}
	want := `2025-01-31-preview {"properties":{"issuer":"https://token.actions.githubusercontent.com","audiences":["api://AzureADTokenExchange"],` +
		`"claimsMatchingExpression":{"value":"` + anyBranch + `","languageVersion":1}}}`
	if sent != want {
		t.Errorf("sent %s, not %s", sent, want)
	}
}
