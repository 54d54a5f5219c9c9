// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
)

// CredentialOptions say how the provider may log in. The first of the ways in [ways] that has all it needs is taken. Where
// there is a field for a value and one for a file, the file stands in for the value.
type CredentialOptions struct {
	// ClientID is the application to log in as; with a managed identity it selects a user-assigned one.
	ClientID, ClientIDFile         string
	ClientSecret, ClientSecretFile string

	// ClientCertificate is a PKCS#12 archive in base64, ClientCertificateFile the path of one, or of a PEM file.
	ClientCertificate, ClientCertificateFile string
	ClientCertificatePassword                string

	// UseOIDC allows to log in by what an outside issuer says: by a token that is there already, or by one that the job of
	// a build service asks for.
	UseOIDC                  bool
	OIDCToken, OIDCTokenFile string
	GitHubActions            OIDCRequest
	AzurePipelines           OIDCRequest
	// ServiceConnectionID is the service connection that a job of Azure Pipelines asks for a token of.
	ServiceConnectionID string

	// UseAKSWorkloadIdentity allows to log in with [Config.WorkloadIdentity].
	UseAKSWorkloadIdentity bool

	// UseManagedIdentity, UseCLI and UseDeveloperCLI allow these ways.
	UseManagedIdentity bool
	UseCLI             bool
	UseDeveloperCLI    bool
	// ManagedIdentityObjectID and ManagedIdentityResourceID select a managed identity where ClientID does not.
	ManagedIdentityObjectID, ManagedIdentityResourceID string

	// AuxiliaryTenants are tenants besides the own one whose resources a request may refer to.
	AuxiliaryTenants []string
}

// OIDCRequest is where a job asks for a token of the build service, and what it proves by that it is the job.
type OIDCRequest struct{ URL, Token string }

// ways are the ways to log in. Their order is that of precedence, which is azurerm's. Azure Pipelines stands before GitHub
// Actions, since it has a need that tells the two apart.
var ways = []way{
	{name: "a client certificate", needs: []need{needClientID, needCertificate, needTenantID}, prepare: clientCertificateCredential},
	{name: "a client secret", needs: []need{needClientID, needSecret, needTenantID}, prepare: clientSecretCredential},
	{name: "an OIDC token", on: useOIDC, needs: []need{needClientID, needOIDCToken, needTenantID}, prepare: oidcTokenCredential},
	{name: "AKS workload identity", on: useAKS, needs: []need{needPodClientID, needPodTokenFile, needPodTenantID}, prepare: workloadIdentityCredential},
	{
		name: "a token of Azure Pipelines", on: useOIDC,
		needs:   []need{needClientID, needServiceConnection, needPipelinesURL, needPipelinesToken, needTenantID},
		prepare: azurePipelinesCredential,
	},
	{name: "a token of GitHub Actions", on: useOIDC, needs: []need{needClientID, needGitHubURL, needGitHubToken, needTenantID}, prepare: gitHubActionsCredential},
	{name: "a managed identity of this machine", on: useMSI, prepare: managedIdentityCredential},
	{name: "the Azure CLI", on: useCLI, byDefault: true, prepare: azureCLICredential},
	{name: "the Azure Developer CLI", on: useDevCLI, prepare: azureDeveloperCLICredential},
}

func clientSecretCredential(cfg Config) (credentialBuilder, error) {
	id, err := cfg.Credential.clientID()
	if err != nil {
		return nil, err
	}
	secret, err := fromFile(cfg.Credential.ClientSecret, cfg.Credential.ClientSecretFile, clientSecret, clientSecretFile)
	if err != nil {
		return nil, err
	}
	return func(c *Client) (tokenSource, error) {
		credential, err := azidentity.NewClientSecretCredential(cfg.TenantID, id, secret, &azidentity.ClientSecretCredentialOptions{
			ClientOptions:              c.loginOptions(),
			AdditionallyAllowedTenants: cfg.Credential.AuxiliaryTenants,
			DisableInstanceDiscovery:   cfg.DisableInstanceDiscovery,
		})
		if err != nil {
			return nil, fmt.Errorf("logging in with a client secret: %w", err)
		}
		return credential, nil
	}, nil
}

func managedIdentityCredential(cfg Config) (credentialBuilder, error) {
	id, err := cfg.Credential.clientID()
	if err != nil {
		return nil, err
	}
	o := cfg.Credential
	var chosen []string
	for _, a := range []argument{clientID, clientIDFile, msiObjectID, msiResourceID} {
		if a.given(cfg) {
			chosen = append(chosen, a.String())
		}
	}
	if o.ClientID != "" && o.ClientIDFile != "" {
		chosen = chosen[1:] // They say the same, or there had been an error.
	}
	if len(chosen) > 1 {
		return nil, fmt.Errorf("a managed identity is chosen by one ID, and these are set: %s. Leave one of them", enumerate(chosen, "and"))
	}
	if len(o.AuxiliaryTenants) > 0 {
		return nil, auxiliaryTenantIDs.wrong("needs a login that is known in other tenants, too. A managed identity, which use_msi (ARM_USE_MSI) logs in with, belongs to one tenant")
	}
	selector := IdentitySelector{ClientID: id, PrincipalID: o.ManagedIdentityObjectID}
	if o.ManagedIdentityResourceID != "" {
		if selector.ResourceID, err = armid.ParseAs(armid.TypeUserAssignedIdentity, o.ManagedIdentityResourceID); err != nil {
			return nil, msiResourceID.wrong("is no resource ID of a user-assigned identity: %w", err)
		}
	}
	return func(c *Client) (tokenSource, error) { return c.ownIdentityCredential(selector) }, nil
}

func azureCLICredential(cfg Config) (credentialBuilder, error) {
	return func(*Client) (tokenSource, error) {
		credential, err := azidentity.NewAzureCLICredential(&azidentity.AzureCLICredentialOptions{
			TenantID: cfg.TenantID, AdditionallyAllowedTenants: cfg.Credential.AuxiliaryTenants,
		})
		if err != nil {
			return nil, fmt.Errorf("logging in with the Azure CLI: %w", err)
		}
		return credential, nil
	}, nil
}

func azureDeveloperCLICredential(cfg Config) (credentialBuilder, error) {
	return func(*Client) (tokenSource, error) {
		credential, err := azidentity.NewAzureDeveloperCLICredential(&azidentity.AzureDeveloperCLICredentialOptions{
			TenantID: cfg.TenantID, AdditionallyAllowedTenants: cfg.Credential.AuxiliaryTenants,
		})
		if err != nil {
			return nil, fmt.Errorf("logging in with the Azure Developer CLI: %w", err)
		}
		return credential, nil
	}, nil
}
