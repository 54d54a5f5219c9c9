// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

// openIDConfiguration is a tenant's metadata document that names a token endpoint.
func openIDConfiguration(tokenEndpoint string) string {
	return `{"issuer":"` + mockURL + "/" + mockarm.DefaultTenantID + `/v2.0","authorization_endpoint":"` + mockURL + `/authorize","token_endpoint":"` + tokenEndpoint + `"}`
}

// TestNoOtherHostGetsTheSecret leads the login away by every means that an answer has.
func TestNoOtherHostGetsTheSecret(t *testing.T) {
	t.Parallel()
	const tokenPath = "/" + mockarm.DefaultTenantID + "/oauth2/v2.0/token"
	for name, c := range map[string]struct {
		lead      func(*http.Request) *http.Response
		discovery bool
		// pinned tells that a request was held back. Otherwise an answer is not followed.
		pinned bool
	}{
		"by a redirect of the token endpoint": {lead: func(r *http.Request) *http.Response {
			if r.Method != http.MethodPost {
				return nil
			}
			return answer(r, http.StatusTemporaryRedirect, map[string]string{"Location": "https://evil.example/token"}, "")
		}},
		"by a redirect of the token endpoint to plain http": {lead: func(r *http.Request) *http.Response {
			if r.Method != http.MethodPost {
				return nil
			}
			return answer(r, http.StatusPermanentRedirect, map[string]string{"Location": "http://" + r.URL.Host + r.URL.Path}, "")
		}},
		"by a redirect of the metadata document": {lead: func(r *http.Request) *http.Response {
			if !strings.HasSuffix(r.URL.Path, "/openid-configuration") {
				return nil
			}
			return answer(r, http.StatusFound, map[string]string{"Location": "https://evil.example" + r.URL.Path}, "")
		}},
		"by the discovery of the authority": {discovery: true, pinned: true, lead: func(r *http.Request) *http.Response {
			if r.URL.Path != "/common/discovery/instance" {
				return nil
			}
			return answer(r, http.StatusOK, nil, `{"tenant_discovery_endpoint":"https://evil.example/v2.0/.well-known/openid-configuration","metadata":[]}`)
		}},
		"by another host's token endpoint":       {pinned: true, lead: tokenEndpoint("https://evil.example" + tokenPath)},
		"by another cloud's token endpoint":      {pinned: true, lead: tokenEndpoint("https://login.microsoftonline.us" + tokenPath)},
		"by a token endpoint in plain http":      {pinned: true, lead: tokenEndpoint("http://mockarm.invalid" + tokenPath)},
		"by a token endpoint at another port":    {pinned: true, lead: tokenEndpoint("https://mockarm.invalid:8443" + tokenPath)},
		"by a user name that looks like a host":  {pinned: true, lead: tokenEndpoint("https://mockarm.invalid@evil.example" + tokenPath)},
		"by a host that begins as the right one": {pinned: true, lead: tokenEndpoint("https://mockarm.invalid.evil.example" + tokenPath)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, cfg := newMock(t)
			cfg.DisableInstanceDiscovery = !c.discovery
			home := []string{origin(mustURL(t, mockURL))}
			if c.discovery {
				home = append(home, "https://login.microsoftonline.com:443")
			}
			network := cfg.Transport
			cfg.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
				if resp := c.lead(r); resp != nil && slices.Contains(home, origin(r.URL)) {
					return resp, nil
				}
				return network.RoundTrip(r)
			})
			w := tap(&cfg, nil)
			_, err := newClient(t, cfg).Identity(t.Context(), reader)
			if err == nil || IsNotFound(err) || strings.Contains(Describe(err), operatorKey) {
				t.Fatalf("error %v", err)
			}
			if strings.Contains(Describe(err), "which is not the authority that is configured (https://mockarm.invalid:443)") != c.pinned {
				t.Errorf("the text is:\n%s", Describe(err))
			}
			if n := w.count(func(r *http.Request) bool { return !slices.Contains(home, origin(r.URL)) }); n > 0 {
				t.Errorf("%d requests went astray", n)
			}
		})
	}
}

// tokenEndpoint puts an endpoint into the tenant's metadata document.
func tokenEndpoint(endpoint string) func(*http.Request) *http.Response {
	return func(r *http.Request) *http.Response {
		if !strings.HasSuffix(r.URL.Path, "/openid-configuration") {
			return nil
		}
		return answer(r, http.StatusOK, nil, openIDConfiguration(endpoint))
	}
}

func TestALoginStaysInItsCloud(t *testing.T) {
	t.Parallel()
	const discovery = "https://login.microsoftonline.com/common/discovery/instance?api-version=1.1"
	for authority, urls := range map[string]map[string]bool{
		"https://login.microsoftonline.com": {
			"https://login.microsoftonline.com/t/oauth2/v2.0/token":  true,
			"https://LOGIN.microsoftonline.com./t/token":             true,
			"https://login.windows.net/t/token":                      true,
			"https://westeurope.login.microsoft.com/t/token":         true,
			"https://evil.westeurope.login.microsoft.com/t/token":    false,
			"https://login.microsoft.com.evil.example/t/token":       false,
			"https://evillogin.microsoftonline.com/t/token":          false,
			"https://.login.microsoft.com/t/token":                   false,
			"https://login.microsoftonline.us/t/token":               false,
			"https://login.microsoftonline.com:8443/t/token":         false,
			"http://login.microsoftonline.com/t/token":               false,
			"http://login.windows.net/t/token":                       false,
			"https://login.windows.net:8443/t/token":                 false,
			"https://login.microsoftonline.com@evil.example/t/token": false,
		},
		"https://login.chinacloudapi.cn": {
			"https://login.partner.microsoftonline.cn/t/token": true,
			"https://login.microsoftonline.com/t/token":        false,
			discovery: false,
		},
		"https://login.microsoftonline.us": {
			"https://login.usgovcloudapi.net/t/token":   true,
			"https://login.microsoftonline.com/t/token": false,
		},
		"https://adfs.local.azurestack.external/adfs": {
			"https://adfs.local.azurestack.external/adfs/oauth2/token": true,
			"https://login.microsoftonline.com/t/token":                false,
			discovery: true,
		},
	} {
		for text, want := range urls {
			if got := newLoginPin(authority, false).allows(http.MethodGet, mustURL(t, text)); got != want {
				t.Errorf("from %s to %s: %t, want %t", authority, text, got, want)
			}
		}
	}
	own := newLoginPin("https://mockarm.invalid", false)
	if own.allows(http.MethodPost, mustURL(t, discovery)) || newLoginPin("https://mockarm.invalid", true).allows(http.MethodGet, mustURL(t, discovery)) {
		t.Error("the public cloud gets more than the question whether the authority is genuine")
	}
}
