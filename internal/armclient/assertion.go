// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"cmp"
	"context"
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// An assertionSource gets what an issuer outside of Azure says of the one who logs in.
type assertionSource func(context.Context) (string, error)

// assertionCredential exchanges assertions for tokens.
type assertionCredential struct {
	source *azidentity.ClientAssertionCredential
}

type assertionFailureKey struct{}

// assertionFailure is why there was no assertion. azidentity's own error has the text of it only.
type assertionFailure struct{ err error }

// newAssertionCredential logs in as an application by what an issuer says.
func newAssertionCredential(c *Client, clientID string, assert assertionSource) (tokenSource, error) {
	source, err := azidentity.NewClientAssertionCredential(c.config.TenantID, clientID, func(ctx context.Context) (string, error) {
		assertion, err := assert(ctx)
		if failure, ok := ctx.Value(assertionFailureKey{}).(*assertionFailure); ok {
			failure.err = err
		}
		return assertion, err
	}, &azidentity.ClientAssertionCredentialOptions{
		ClientOptions:              c.loginOptions(),
		AdditionallyAllowedTenants: c.config.Credential.AuxiliaryTenants,
		DisableInstanceDiscovery:   c.config.DisableInstanceDiscovery,
	})
	if err != nil {
		return nil, fmt.Errorf("logging in with an OIDC token: %w", err)
	}
	return &assertionCredential{source}, nil
}

// GetToken implements azcore.TokenCredential.
func (c *assertionCredential) GetToken(ctx context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	failure := &assertionFailure{}
	token, err := c.source.GetToken(context.WithValue(ctx, assertionFailureKey{}, failure), options)
	if err != nil && failure.err != nil {
		return azcore.AccessToken{}, failure.err
	}
	return token, err
}

func oidcTokenCredential(cfg Config) (credentialBuilder, error) {
	o := cfg.Credential
	id, err := o.clientID()
	if err != nil {
		return nil, err
	}
	if o.OIDCToken != "" && o.OIDCTokenFile != "" {
		return nil, oidcToken.wrong("is set, and %s as well. Leave one of them", oidcTokenFile)
	}
	if o.OIDCTokenFile != "" {
		if err := checkFile(o.OIDCTokenFile, oidcTokenFile); err != nil {
			return nil, err
		}
	}
	assert := func(context.Context) (string, error) {
		if o.OIDCToken != "" {
			return o.OIDCToken, nil
		}
		// Such tokens are valid for minutes, and whoever writes the file writes it anew: it is read each time.
		return readText(o.OIDCTokenFile, oidcTokenFile)
	}
	return func(c *Client) (tokenSource, error) { return newAssertionCredential(c, id, assert) }, nil
}

// workloadIdentityCredential logs in as the service account of a pod. What is configured counts over what the webhook has
// put into the pod. The token in the file is replaced while the pod runs, and read when it is needed.
func workloadIdentityCredential(cfg Config) (credentialBuilder, error) {
	o := cfg.Credential
	id, err := o.clientID()
	if err != nil {
		return nil, err
	}
	file, source := o.OIDCTokenFile, oidcTokenFile
	if file == "" {
		file, source = cfg.WorkloadIdentity.TokenFile, podTokenFile
	}
	// The webhook's volume is there before the pod starts, so that a file that is missing is a mistake.
	if err := checkFile(file, source); err != nil {
		return nil, err
	}
	return func(c *Client) (tokenSource, error) {
		credential, err := azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions:              c.loginOptions(),
			ClientID:                   cmp.Or(id, cfg.WorkloadIdentity.ClientID),
			TenantID:                   cmp.Or(cfg.TenantID, cfg.WorkloadIdentity.TenantID),
			TokenFilePath:              file,
			AdditionallyAllowedTenants: o.AuxiliaryTenants,
			DisableInstanceDiscovery:   cfg.DisableInstanceDiscovery,
		})
		if err != nil {
			return nil, fmt.Errorf("logging in with AKS workload identity: %w", err)
		}
		return credential, nil
	}, nil
}
