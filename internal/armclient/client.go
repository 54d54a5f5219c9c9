// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"

	"github.com/azuremi/terraform-provider-azuremi/internal/coalesce"
)

// Config says how to reach Azure and who to be there.
type Config struct {
	// Cloud is the Azure to work with; the zero value is the public one.
	Cloud Cloud
	// SubscriptionID is the default for callers; it may be empty.
	SubscriptionID string
	// TenantID is the Microsoft Entra tenant to log in to; it may be empty where the credential knows its own.
	TenantID string
	// Credential is who to be.
	Credential CredentialOptions
	// CACertificates are PEM blocks of certificate authorities that are trusted beside the system's.
	CACertificates []byte
	// DisableInstanceDiscovery keeps the login from asking the public cloud whether the authority is genuine.
	DisableInstanceDiscovery bool
	// IMDSEndpoint is where the instance metadata service listens, http://HOST:PORT, on a loopback or link-local address.
	// A path is ignored. The default is 169.254.169.254.
	IMDSEndpoint string
	// WorkloadIdentity is what a Kubernetes pod is given to use a managed identity; the zero value elsewhere.
	WorkloadIdentity WorkloadIdentity
	// UserAgent goes ahead of the SDK's own in the User-Agent of every request to ARM.
	UserAgent string
	// PrincipalNotFoundTimeout is how long the creation of a role assignment waits for a new principal to become known, or
	// for an old assignment to be forgotten; two minutes by default.
	PrincipalNotFoundTimeout time.Duration
	// AdoptExisting has creations take over what is there already, instead of failing with an [AlreadyExistsError].
	AdoptExisting bool
	// PrivilegedRoles says what becomes of the assignment of a [PrivilegedRole]; a warning by default.
	PrivilegedRoles PrivilegedRoles
	// Unknown are the arguments of the provider whose values are not known yet. A client with any refuses to reach Azure.
	Unknown []string

	// Transport replaces the network on the way to ARM and Entra, IMDSTransport on the way to IMDS. They are for tests.
	Transport     http.RoundTripper
	IMDSTransport http.RoundTripper
}

// Client reads and changes Azure. It is safe for concurrent use.
type Client struct {
	config     Config
	cloud      Cloud
	http       *http.Client
	imds       *metadataService
	login      login
	credential *tokenCache
	patience   *throttle
	roles      *roleCatalogue

	assignments   *coalesce.GroupCommit[string, change, Assignment]
	machineReads  coalesce.Snapshot[machine]
	identityReads coalesce.Snapshot[armmsi.Identity]
	// credentialTurns are those to write federated credentials, by identity.
	credentialTurns turns

	roleAssignmentReads coalesce.Lists[armauthorization.RoleAssignment]
}

// New returns a client for Azure. It reaches for no network: the client logs in only when a request needs it, so that what
// only reads with a machine's identity runs without any login. What is wrong with the arguments of the chosen way to log in
// is an error already, and with the files that they name.
func New(cfg Config) (*Client, error) {
	if len(cfg.Unknown) > 0 {
		cfg = Config{Unknown: cfg.Unknown}
	}
	cloud, err := cfg.Cloud.normalized()
	if err != nil {
		return nil, err
	}
	httpClient, err := newHTTPClient(cfg.Transport, cfg.CACertificates)
	if err != nil {
		return nil, err
	}
	if processSurroundings.isOwnEndpoint(cfg.IMDSEndpoint) {
		cfg.IMDSEndpoint = ""
	}
	imds, err := newMetadataService(cfg.IMDSEndpoint, cfg.IMDSTransport)
	if err != nil {
		return nil, err
	}
	cfg.PrincipalNotFoundTimeout = cmp.Or(cfg.PrincipalNotFoundTimeout, 2*time.Minute)
	chosen, err := chooseLogin(cfg)
	if err != nil {
		return nil, err
	}
	c := &Client{config: cfg, cloud: cloud, http: httpClient, imds: imds, login: chosen, patience: &throttle{}}
	c.credential = &tokenCache{source: &lazyCredential{build: func() (tokenSource, error) { return c.login.credential(c) }}}
	c.roles = &roleCatalogue{client: c}
	c.roleAssignmentReads.List = c.listGroup
	c.assignments = newAssignmentWriter(c)
	return c, nil
}

// SubscriptionID returns the configured default subscription, "" if there is none.
func (c *Client) SubscriptionID() string { return c.config.SubscriptionID }

// Login tells which way to log in was chosen, and why, without a secret in it. It is for a log.
func (c *Client) Login() string { return c.login.reason }

// Caller tells who the provider's own credential is, from the claims of its token for ARM.
func (c *Client) Caller(ctx context.Context) (TokenIdentity, error) {
	return tokenIdentity(ctx, c.credential, c.cloud)
}

// TenantID returns the configured tenant, else the one that the credential's token is of.
func (c *Client) TenantID(ctx context.Context) (string, error) {
	if c.config.TenantID != "" {
		return c.config.TenantID, nil
	}
	who, err := c.Caller(ctx)
	if err != nil {
		return "", fmt.Errorf("finding out the tenant of the credential: %w", err)
	}
	return who.TenantID, nil
}

// armOptions are the options by which every generated client shares the one pipeline.
func (c *Client) armOptions() *arm.ClientOptions {
	options := c.optionsFor(c.credential, c.patience)
	options.AuxiliaryTenants = c.config.Credential.AuxiliaryTenants
	return options
}

// optionsFor returns the options for one principal's clients: ARM counts requests by principal (Microsoft Learn:
// request-limits-and-throttling), so each has a throttle of its own.
func (c *Client) optionsFor(credential *tokenCache, patience *throttle) *arm.ClientOptions {
	return &arm.ClientOptions{ClientOptions: policy.ClientOptions{
		Cloud:            c.cloud.configuration(),
		Transport:        c.http,
		Logging:          readable,
		Retry:            policy.RetryOptions{MaxRetries: maxRetries, MaxRetryDelay: maxBackOff},
		PerCallPolicies:  []policy.Policy{newHostPin(c.cloud.ResourceManagerEndpoint), &callPolicy{userAgent: c.config.UserAgent}},
		PerRetryPolicies: []policy.Policy{&attemptPolicy{credential: credential, throttle: patience}},
	}}
}
