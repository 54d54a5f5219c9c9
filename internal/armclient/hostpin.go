// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// hostPin refuses every request that does not go to ARM, ahead of the policy that gives it a token. azcore follows the
// URLs of operations and of next pages wherever they point to, and puts the token into each such request; ARM asks that
// their host is the one that was called (ARM RPC, async-api-reference.md and resource-api-reference.md).
type hostPin struct{ origin string }

func newHostPin(endpoint string) *hostPin {
	u, err := url.Parse(endpoint)
	if err != nil {
		u = &url.URL{} // which no request matches
	}
	return &hostPin{origin(u)}
}

// Do implements policy.Policy.
func (p *hostPin) Do(req *policy.Request) (*http.Response, error) {
	if got := origin(req.Raw().URL); got != p.origin {
		return nil, &ForeignHostError{Host: got, Want: p.origin}
	}
	return req.Next()
}

// origin is the scheme, host and port of a URL in one spelling.
func origin(u *url.URL) string {
	scheme, port := strings.ToLower(u.Scheme), u.Port()
	if port == "" && scheme == "https" {
		port = "443"
	}
	return scheme + "://" + hostname(u) + ":" + port
}

// hostname is the host of a URL in one spelling: DNS takes no notice of case, nor of the dot of the root.
func hostname(u *url.URL) string { return strings.TrimSuffix(strings.ToLower(u.Hostname()), ".") }

// ForeignHostError says that Azure's answer pointed to another host, to which no request, and no token, was sent.
type ForeignHostError struct{ Host, Want string }

// Error implements error.
func (e *ForeignHostError) Error() string {
	return fmt.Sprintf("An answer of Azure pointed to %s, which is not the Azure Resource Manager that is configured (%s). Nothing was sent there, since the request would have carried an access token. If a proxy or gateway rewrites URLs, let it leave those in Azure's answers alone.", e.Host, e.Want)
}

// NonRetriable marks the error for azcore.
func (*ForeignHostError) NonRetriable() {}

func (*ForeignHostError) explained() {}
