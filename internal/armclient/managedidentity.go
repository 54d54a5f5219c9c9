// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"errors"
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/golang-jwt/jwt/v5"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
)

// An IdentitySelector chooses an identity of the machine that the process runs on; the zero value is the machine's
// default: its system-assigned identity, else the only user-assigned one.
type IdentitySelector struct {
	ClientID    string
	PrincipalID string
	ResourceID  armid.ID
}

func (s IdentitySelector) String() string {
	switch {
	case s.ClientID != "":
		return "with the client ID " + s.ClientID
	case s.PrincipalID != "":
		return "with the object ID " + s.PrincipalID
	case !s.ResourceID.IsZero():
		return s.ResourceID.String()
	}
	return "that is the machine's default"
}

// id is the selector in azidentity's terms, nil for the machine's default.
func (s IdentitySelector) id() (azidentity.ManagedIDKind, error) {
	var ids []azidentity.ManagedIDKind
	if s.ClientID != "" {
		ids = append(ids, azidentity.ClientID(s.ClientID))
	}
	if s.PrincipalID != "" {
		ids = append(ids, azidentity.ObjectID(s.PrincipalID))
	}
	if !s.ResourceID.IsZero() {
		ids = append(ids, azidentity.ResourceID(s.ResourceID.String()))
	}
	switch len(ids) {
	case 0:
		return nil, nil
	case 1:
		return ids[0], nil
	}
	return nil, errors.New("a managed identity is chosen by its client ID, its object ID or its resource ID, but by one of them only")
}

// ManagedIdentity is an identity of the machine that the process runs on. It reads Azure with tokens of its own; the
// provider's credential plays no part. It is safe for concurrent use.
//
// A value asks its host for its own token and keeps it. Another value asks again, so that a new value is a new proof that the
// machine has the identity, even if that was detached, made anew and attached meanwhile.
type ManagedIdentity struct {
	client     *Client
	selector   IdentitySelector
	source     identitySource
	credential *tokenCache
	patience   *throttle
}

// ManagedIdentity returns an identity of the host that the process runs on. It does no I/O.
func (c *Client) ManagedIdentity(s IdentitySelector) (*ManagedIdentity, error) {
	if len(c.config.Unknown) > 0 {
		return nil, &UnknownConfigError{c.config.Unknown}
	}
	source, err := processSurroundings.source(c.config.IMDSEndpoint, c.config.WorkloadIdentity)
	if err != nil {
		return nil, err
	}
	credential, err := c.identityCredential(source.host, s)
	if err != nil {
		return nil, err
	}
	return &ManagedIdentity{client: c, selector: s, source: source, credential: &tokenCache{source: credential}, patience: &throttle{}}, nil
}

// identityCredential gets tokens of an identity of a host.
func (c *Client) identityCredential(host *identityHost, s IdentitySelector) (tokenSource, error) {
	if _, err := s.id(); err != nil {
		return nil, err
	}
	if !host.accepts(s) {
		return nil, &SelectorRefusedError{Selector: s, host: host}
	}
	switch host {
	case machineHost:
		return &imdsCredential{c.imds, s}, nil
	case workloadHost:
		return newWorkloadCredential(c, c.config.WorkloadIdentity, s)
	}
	return newHostCredential(host, s)
}

// ownIdentityCredential is the provider's own login as a managed identity. That of a pod is a way to log in of its own, as it
// is in azurerm, so that use_msi there means the pod's node.
func (c *Client) ownIdentityCredential(s IdentitySelector) (tokenSource, error) {
	source, err := processSurroundings.source(c.config.IMDSEndpoint, WorkloadIdentity{})
	if err != nil {
		return nil, err
	}
	return c.identityCredential(source.host, s)
}

// Source tells where the tokens come from, and why from there. It is for a log.
func (m *ManagedIdentity) Source() string {
	return fmt.Sprintf("the managed identity %s comes from %s, because %s", m.selector, m.source.host.name, m.source.reason)
}

func (m *ManagedIdentity) armOptions() *arm.ClientOptions {
	options := m.client.optionsFor(m.credential, m.patience)
	options.DisableRPRegistration = true // a reader registers nothing
	return options
}

// Identity tells who the managed identity is, from the claims of a token for ARM.
func (m *ManagedIdentity) Identity(ctx context.Context) (TokenIdentity, error) {
	who, err := tokenIdentity(ctx, m.credential, m.client.cloud)
	if err != nil {
		return TokenIdentity{}, fmt.Errorf("getting a token for the managed identity %s: %w", m.selector, err)
	}
	return who, nil
}

// SubscriptionID returns the subscription that the machine itself is in, from IMDS. Other hosts do not tell theirs.
func (m *ManagedIdentity) SubscriptionID(ctx context.Context) (string, error) {
	if m.source.host != machineHost {
		return "", &NoSubscriptionError{host: m.source.host}
	}
	found, err := m.client.imds.instance(ctx)
	if err != nil {
		return "", err
	}
	if found.Compute.SubscriptionID == "" {
		return "", errors.New("IMDS does not tell which subscription the machine is in")
	}
	return found.Compute.SubscriptionID, nil
}

// TokenIdentity is who a token speaks for.
type TokenIdentity struct {
	ClientID    string
	PrincipalID string
	TenantID    string
	ResourceID  string // of a managed identity: the user-assigned identity, or the machine
	// PrincipalType is User or ServicePrincipal, as a role assignment wants to know.
	PrincipalType string
}

// claims are those of a token for ARM (Microsoft Learn: access token claims reference). The token's signature is ARM's to
// check, not ours.
type claims struct {
	jwt.RegisteredClaims

	AppID      string `json:"appid"`
	ObjectID   string `json:"oid"`
	TenantID   string `json:"tid"`
	ResourceID string `json:"xms_mirid"`
	Type       string `json:"idtyp"` // "user" or "app"
	Scopes     string `json:"scp"`   // what a user lets the application do; no application's own token has any
}

func (c claims) principalType() string {
	if c.Type == "user" || c.Type == "" && c.Scopes != "" {
		return "User"
	}
	return "ServicePrincipal"
}

func tokenIdentity(ctx context.Context, credential *tokenCache, cloud Cloud) (TokenIdentity, error) {
	token, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{cloud.scope()}, EnableCAE: true})
	if err != nil {
		return TokenIdentity{}, err
	}
	who, ok := identityOf(token.Token)
	if !ok {
		return TokenIdentity{}, errors.New("the access token cannot be read: it is not a JSON Web Token")
	}
	return who, nil
}

// identityOf reads the claims of a token. It tells false for a token that is opaque: only the service that a token is for may
// rely on its form. The parser's own error may quote the token.
func identityOf(token string) (TokenIdentity, bool) {
	var found claims
	if _, _, err := jwt.NewParser().ParseUnverified(token, &found); err != nil {
		return TokenIdentity{}, false
	}
	return TokenIdentity{found.AppID, found.ObjectID, found.TenantID, found.ResourceID, found.principalType()}, true
}
