// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
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
// A value asks IMDS for its own token and keeps it. Another value asks again, so that a new value is a new proof that the
// machine has the identity, even if that was detached, made anew and attached meanwhile.
type ManagedIdentity struct {
	client     *Client
	selector   IdentitySelector
	credential *tokenCache
	patience   *throttle
}

// ManagedIdentity returns an identity of the machine that the process runs on. It does no I/O.
func (c *Client) ManagedIdentity(s IdentitySelector) (*ManagedIdentity, error) {
	if len(c.config.Unknown) > 0 {
		return nil, &UnknownConfigError{c.config.Unknown}
	}
	credential, err := newMachineCredential(c.imds, s)
	if err != nil {
		return nil, err
	}
	return &ManagedIdentity{client: c, selector: s, credential: &tokenCache{source: credential}, patience: &throttle{}}, nil
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

// SubscriptionID returns the subscription that the machine itself is in, from IMDS.
func (m *ManagedIdentity) SubscriptionID(ctx context.Context) (string, error) {
	found, err := m.client.imds.instance(ctx)
	if err != nil {
		return "", err
	}
	if found.Compute.SubscriptionID == "" {
		return "", errors.New("IMDS does not tell which subscription the machine is in")
	}
	return found.Compute.SubscriptionID, nil
}

// machineCredential gets tokens for an identity of the machine.
type machineCredential struct {
	selector IdentitySelector
	source   *azidentity.ManagedIdentityCredential
}

func newMachineCredential(imds *metadataService, s IdentitySelector) (*machineCredential, error) {
	id, err := s.id()
	if err != nil {
		return nil, err
	}
	source, err := azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{
		ID:            id,
		ClientOptions: policy.ClientOptions{Transport: imds, Retry: imdsRetry},
	})
	if err != nil {
		return nil, fmt.Errorf("preparing to use the managed identity %s: %w", s, err)
	}
	return &machineCredential{s, source}, nil
}

// GetToken implements azcore.TokenCredential.
//
// The library underneath keeps the tokens of managed identities for the whole process, by selector: a token would outlive
// the identity on the machine, and pass from one client to another. Claims make it ask IMDS each time; they are not sent
// there, since IMDS knows no claims.
func (c *machineCredential) GetToken(ctx context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	answer := &metadataAnswer{}
	options.Claims = "{}"
	token, err := c.source.GetToken(context.WithValue(ctx, metadataAnswerKey{}, answer), options)
	if err == nil {
		return token, nil
	}
	return azcore.AccessToken{}, c.translate(ctx, answer, err)
}

// translate makes of IMDS's answer an error that says what to do.
func (c *machineCredential) translate(ctx context.Context, answer *metadataAnswer, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if none, ok := errors.AsType[*NoMetadataServiceError](answer.err); ok {
		return none
	}
	switch {
	case answer.status == 0 || answer.status == http.StatusOK || answer.err != nil:
		return fmt.Errorf("asking IMDS for a token of the managed identity %s: %w", c.selector, err)
	case answer.status == http.StatusBadRequest && strings.HasPrefix(answer.description, "Multiple user assigned identities exist"):
		return &SeveralIdentitiesError{}
	case answer.status == http.StatusBadRequest && answer.code == "invalid_request":
		return &IdentityUnavailableError{Selector: c.selector, Description: answer.description}
	}
	return &MetadataServiceError{Status: answer.status, Code: answer.code, Description: answer.description}
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
	var found claims
	if _, _, err := jwt.NewParser().ParseUnverified(token.Token, &found); err != nil {
		// The parser's own error may quote the token.
		return TokenIdentity{}, errors.New("the access token cannot be read: it is not a JSON Web Token")
	}
	return TokenIdentity{found.AppID, found.ObjectID, found.TenantID, found.ResourceID, found.principalType()}, nil
}
