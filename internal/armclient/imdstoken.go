// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// imdsCredential gets tokens of an identity of the machine from IMDS. It keeps none.
//
// azidentity is not asked here, as it is for other hosts: it knows no other address of IMDS, and takes the process's
// environment for a better guide than an address that is configured.
type imdsCredential struct {
	imds     *metadataService
	selector IdentitySelector
}

// GetToken implements azcore.TokenCredential. IMDS knows resources, not scopes, and no claims.
func (c *imdsCredential) GetToken(ctx context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	query := url.Values{"api-version": {"2018-02-01"}, "resource": {resourceOf(options)}}
	switch {
	case c.selector.ClientID != "":
		query.Set("client_id", c.selector.ClientID)
	case c.selector.PrincipalID != "":
		query.Set("object_id", c.selector.PrincipalID)
	case !c.selector.ResourceID.IsZero():
		query.Set("msi_res_id", c.selector.ResourceID.String())
	}
	if wantsFresh(ctx) {
		query.Set("bypass_cache", "true")
	}
	asked := time.Now()
	resp, err := c.imds.get(ctx, "/metadata/identity/oauth2/token", query)
	if err != nil {
		return azcore.AccessToken{}, fmt.Errorf("asking IMDS for a token of the managed identity %s: %w", c.selector, err)
	}
	if resp.StatusCode != http.StatusOK {
		return azcore.AccessToken{}, c.refusal(ctx, resp)
	}
	var found imdsToken
	if err := runtime.UnmarshalAsJSON(resp, &found); err != nil || found.AccessToken == "" {
		// The decoder's own error may quote the answer.
		return azcore.AccessToken{}, fmt.Errorf("asking IMDS for a token of the managed identity %s: the answer holds none", c.selector)
	}
	return found.accessToken(asked)
}

// refusal makes of IMDS's answer an error that says what to do.
func (c *imdsCredential) refusal(ctx context.Context, resp *http.Response) error {
	content, err := runtime.Payload(resp)
	if err != nil {
		return fmt.Errorf("reading IMDS's answer: %w", err)
	}
	answer := readHostAnswer(resp.StatusCode, content)
	if answer.status == http.StatusBadRequest && strings.HasPrefix(answer.description, "Multiple user assigned identities exist") {
		found, err := c.imds.instance(ctx)
		if err != nil {
			return &SeveralIdentitiesError{} // without the hint where they are
		}
		return &SeveralIdentitiesError{Machine: found.Compute.ResourceID}
	}
	return refusalOf(machineHost, c.selector, answer)
}

// imdsToken is a token in the form of IMDS (Microsoft Learn: how-to-use-vm-token). All numbers are texts there.
type imdsToken struct {
	AccessToken string      `json:"access_token"`
	ExpiresOn   json.Number `json:"expires_on"`
	ExpiresIn   json.Number `json:"expires_in"`
	RefreshIn   json.Number `json:"refresh_in"`
}

// accessToken is the token in azcore's form. asked is when it was asked for, from which the durations are counted. A token
// that does not say when it is to be refreshed, and is good for more than two hours, is so after half its time, as Azure's
// libraries have it.
func (t imdsToken) accessToken(asked time.Time) (azcore.AccessToken, error) {
	token := azcore.AccessToken{Token: t.AccessToken}
	on, errOn := t.ExpiresOn.Int64()
	in, errIn := t.ExpiresIn.Int64()
	switch {
	case errOn == nil:
		token.ExpiresOn = time.Unix(on, 0).UTC()
	case errIn == nil:
		token.ExpiresOn = asked.Add(time.Duration(in) * time.Second).UTC()
	default:
		return azcore.AccessToken{}, errors.New("IMDS does not tell when its token ends")
	}
	refresh, err := t.RefreshIn.Int64()
	life := token.ExpiresOn.Sub(asked)
	switch {
	case err == nil:
		token.RefreshOn = asked.Add(time.Duration(refresh) * time.Second).UTC()
	case life > 2*time.Hour:
		token.RefreshOn = asked.Add(life / 2).UTC()
	}
	return token, nil
}

// resourceOf is what a token is asked for, in the terms of hosts.
func resourceOf(options policy.TokenRequestOptions) string {
	return strings.TrimSuffix(cmp.Or(options.Scopes...), "/.default")
}

// freshKey marks a context whose caller wants a token that is new, and not one that the host has kept.
type freshKey struct{}

func wantsFresh(ctx context.Context) bool { return ctx.Value(freshKey{}) != nil }
