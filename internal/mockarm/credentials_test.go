// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// reads tells with which status a credential's token reads the resource group.
func (a *azure) reads(t *testing.T, credential azcore.TokenCredential) int {
	t.Helper()
	token, err := credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://management.azure.com/.default"}})
	if err != nil {
		t.Fatalf("getting a token: %v", err)
	}
	s := &session{t: t, azure: a, token: token.Token}
	return s.do(http.MethodGet, testGroup, "").status
}

func TestSDKSignsInWithASecret(t *testing.T) {
	t.Parallel()
	a, client := listening(t)
	operator := a.world.Operator()
	options := &azidentity.ClientSecretCredentialOptions{
		ClientOptions: azcore.ClientOptions{
			Transport: client, Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: a.URL()},
		},
		DisableInstanceDiscovery: true,
	}
	credential, err := azidentity.NewClientSecretCredential(operator.TenantID, operator.AppID, operator.Secret, options)
	if err != nil {
		t.Fatal(err)
	}
	if status := a.reads(t, credential); status != http.StatusOK {
		t.Errorf("the operator reads its group with %d", status)
	}
	credential, err = azidentity.NewClientSecretCredential(operator.TenantID, operator.AppID, "guess", options)
	if err != nil {
		t.Fatal(err)
	}
	_, err = credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://management.azure.com/.default"}})
	if err == nil || !strings.Contains(err.Error(), "AADSTS7000215") {
		t.Errorf("a wrong secret: %v", err)
	}
}

// toIMDS sends what is meant for the link-local address of the IMDS to a listener of the mock.
type toIMDS struct{ host string }

func (r toIMDS) Do(request *http.Request) (*http.Response, error) {
	redirected := request.Clone(request.Context())
	redirected.URL.Host = r.host
	return http.DefaultClient.Do(redirected)
}

func TestSDKGetsTokensOfManagedIdentities(t *testing.T) {
	t.Parallel()
	a, _ := listening(t)
	s := a.operator(t)
	// MSAL caches tokens by resource ID for the whole process: the name must be one that no other test, or run, has.
	reader, stranger := s.createIdentity("reader-"+newGUID()[:8]), s.createIdentity("stranger")
	s.attach(reader.value("id"))
	a.world.mu.Lock()
	a.world.grant(t, reader.value("properties", "principalId"), "Reader", testGroup)
	a.world.mu.Unlock()
	endpoint, err := a.IMDSEndpoint(DefaultMachineID)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []azidentity.ManagedIDKind{
		azidentity.ClientID(reader.value("properties", "clientId")),
		azidentity.ObjectID(reader.value("properties", "principalId")),
		azidentity.ResourceID(reader.value("id")),
	} {
		credential, err := azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{
			ClientOptions: azcore.ClientOptions{Transport: toIMDS{parsed.Host}}, ID: id,
		})
		if err != nil {
			t.Fatal(err)
		}
		if status := a.reads(t, credential); status != http.StatusOK {
			t.Errorf("%T: the group is read with %d", id, status)
		}
	}
	credential, err := azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{
		ClientOptions: azcore.ClientOptions{Transport: toIMDS{parsed.Host}}, ID: azidentity.ClientID(stranger.value("properties", "clientId")),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://management.azure.com/.default"}})
	if err == nil || !strings.Contains(err.Error(), "isn't assigned") {
		t.Errorf("an identity that is not attached: %v", err)
	}
}

func TestIMDSAnswersBehindHTTPProxy(t *testing.T) {
	t.Parallel()
	a, _ := listening(t)
	endpoint, err := a.IMDSEndpoint(DefaultMachineID)
	if err != nil {
		t.Fatal(err)
	}
	proxy, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	proxy.Path = ""
	transport := &http.Transport{Proxy: http.ProxyURL(proxy)}
	t.Cleanup(transport.CloseIdleConnections)
	for target, want := range map[string]int{
		"http://169.254.169.254/metadata/identity/info?api-version=2018-02-01": http.StatusOK,
		"http://example.invalid/metadata/identity/info?api-version=2018-02-01": http.StatusForbidden,
	} {
		r := newRequest(t, http.MethodGet, target, "")
		r.Header.Set("Metadata", "true")
		if got := roundTrip(t, transport, r); got.status != want {
			t.Errorf("%s: %d %s", target, got.status, got.text)
		}
	}
}
