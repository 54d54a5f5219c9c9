// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// loginOptions are those of every credential that logs in at Microsoft Entra.
func (c *Client) loginOptions() policy.ClientOptions {
	return policy.ClientOptions{
		Cloud:            c.cloud.configuration(),
		Transport:        c.http,
		Logging:          readable,
		PerCallPolicies:  []policy.Policy{newLoginPin(c.cloud.AuthorityHost, c.config.DisableInstanceDiscovery)},
		PerRetryPolicies: []policy.Policy{&attemptPolicy{credential: &tokenCache{}, throttle: &throttle{}}},
	}
}

// loginPin refuses every request of a login that does not go to Microsoft Entra as it is configured. MSAL sends the secret,
// or what stands in for it, to the token endpoint that the tenant's OpenID configuration document names, on whatever host.
//
// The endpoint's host may be another name of the authority's: the document of a cloud may speak of any of them.
type loginPin struct {
	authority *url.URL
	hosts     []string
	discovery bool
}

// entraHosts are the names of Microsoft Entra in each cloud (as MSAL knows them: apps/internal/oauth/ops/authority,
// known_metadata.go). A regional authority has its region as one more label in front.
var entraHosts = [][]string{
	{"login.microsoftonline.com", "login.microsoft.com", "login.windows.net", "sts.windows.net"},
	{"login.microsoftonline.us", "login.usgovcloudapi.net"},
	{"login.partner.microsoftonline.cn", "login.chinacloudapi.cn"},
}

func newLoginPin(authority string, discoveryDisabled bool) *loginPin {
	u, err := url.Parse(authority)
	if err != nil {
		u = &url.URL{} // which no request matches
	}
	pin := &loginPin{authority: u}
	if u.Port() == "" || u.Port() == "443" {
		for _, hosts := range entraHosts {
			if slices.Contains(hosts, hostname(u)) {
				pin.hosts = hosts
			}
		}
	}
	// MSAL asks the public cloud whether an authority is genuine that it does not know.
	pin.discovery = !discoveryDisabled && len(pin.hosts) == 0
	return pin
}

// Do implements policy.Policy. The text of the error is all that azidentity keeps of it.
func (p *loginPin) Do(req *policy.Request) (*http.Response, error) {
	if raw := req.Raw(); !p.allows(raw.Method, raw.URL) {
		return nil, fmt.Errorf("Microsoft Entra pointed to %s, which is not the authority that is configured (%s). Nothing was sent there, since the login carries a secret. If the tenant is in another cloud, set environment (ARM_ENVIRONMENT).", origin(raw.URL), origin(p.authority)) //nolint:staticcheck // It is a whole sentence for the user.
	}
	return req.Next()
}

func (p *loginPin) allows(method string, u *url.URL) bool {
	if origin(u) == origin(p.authority) {
		return true
	}
	if !strings.EqualFold(u.Scheme, "https") || u.Port() != "" && u.Port() != "443" {
		return false
	}
	host := hostname(u)
	if p.discovery && method == http.MethodGet && host == entraHosts[0][0] && u.Path == "/common/discovery/instance" {
		return true
	}
	region, parent, _ := strings.Cut(host, ".")
	return slices.Contains(p.hosts, host) || region != "" && slices.Contains(p.hosts, parent)
}
