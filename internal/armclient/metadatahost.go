// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

const (
	// metadataVersion is the newest version of the document that azurerm asks for.
	metadataVersion = "2022-09-01"
	// metadataTime is how long a host has to answer: nothing can be planned before.
	metadataTime = 20 * time.Second
)

var metadataHost = argument{name: "metadata_host", variable: "ARM_METADATA_HOSTNAME"}

// DiscoverCloud asks a host what cloud it is the Resource Manager of. host is HOST or HOST:PORT. No token goes there, TLS
// alone vouches for the answer, and a redirect is not followed, since it would lead to a host that nobody has named.
func DiscoverCloud(ctx context.Context, host string, cfg Config) (Cloud, error) {
	at, err := url.Parse("https://" + host + "/metadata/endpoints?api-version=" + metadataVersion)
	if err != nil || at.Host != host || at.User != nil || host == "" {
		return Cloud{}, metadataHost.wrong("is %q, and must be a host without scheme and path, such as \"management.example.com\"", host)
	}
	client, err := newHTTPClient(cfg.Transport, cfg.CACertificates)
	if err != nil {
		return Cloud{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, metadataTime)
	defer cancel()
	pipeline := runtime.NewPipeline("azuremi", "", runtime.PipelineOptions{}, &policy.ClientOptions{
		Transport: client, PerRetryPolicies: []policy.Policy{&attemptPolicy{credential: &tokenCache{}, throttle: &throttle{}}},
	})
	req, err := runtime.NewRequest(ctx, http.MethodGet, at.String())
	if err != nil {
		return Cloud{}, metadataHost.wrong("is %q: %w", host, err)
	}
	resp, err := pipeline.Do(req)
	if err != nil {
		return Cloud{}, metadataHost.wrong("is %q, which cannot be asked: %s", host, strings.TrimSuffix(Describe(err), "."))
	}
	if resp.StatusCode != http.StatusOK {
		return Cloud{}, metadataHost.wrong("is %q, which answers with HTTP status %d %s instead of the endpoints of a cloud", host, resp.StatusCode, http.StatusText(resp.StatusCode))
	}
	var document struct {
		Name            string `json:"name"`
		ResourceManager string `json:"resourceManager"`
		Authentication  struct {
			LoginEndpoint string   `json:"loginEndpoint"`
			Audiences     []string `json:"audiences"`
		} `json:"authentication"`
	}
	if err := runtime.UnmarshalAsJSON(resp, &document); err != nil {
		return Cloud{}, metadataHost.wrong("is %q, which answers with something else than the endpoints of a cloud (%s)", host, resp.Header.Get("Content-Type"))
	}
	audience := ""
	if len(document.Authentication.Audiences) > 0 {
		audience = document.Authentication.Audiences[0]
	}
	for _, field := range []struct{ name, value string }{
		{"authentication.loginEndpoint", document.Authentication.LoginEndpoint},
		{"resourceManager", document.ResourceManager},
		{"authentication.audiences", audience},
	} {
		if field.value == "" {
			return Cloud{}, metadataHost.wrong("is %q, whose description of the cloud lacks %s", host, field.name)
		}
	}
	return Cloud{
		Name: "custom", AuthorityHost: document.Authentication.LoginEndpoint,
		ResourceManagerEndpoint: document.ResourceManager, ResourceManagerAudience: audience,
	}, nil
}

// Complete reports whether a cloud has all of its endpoints.
func (c Cloud) Complete() bool {
	return c.AuthorityHost != "" && c.ResourceManagerEndpoint != "" && c.ResourceManagerAudience != ""
}

// Or fills in from another cloud what a cloud lacks.
func (c Cloud) Or(other Cloud) Cloud {
	c.Name = cmp.Or(c.Name, other.Name)
	c.AuthorityHost = cmp.Or(c.AuthorityHost, other.AuthorityHost)
	c.ResourceManagerEndpoint = cmp.Or(c.ResourceManagerEndpoint, other.ResourceManagerEndpoint)
	c.ResourceManagerAudience = cmp.Or(c.ResourceManagerAudience, other.ResourceManagerAudience)
	return c
}
