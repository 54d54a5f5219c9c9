// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// AccessToken is a token to hand out.
type AccessToken struct {
	Token     string
	Audience  string // what it is for
	ExpiresOn time.Time
	IssuedTo  *TokenIdentity // nil if the token is opaque
}

// AccessToken gets a token for an audience, "" for ARM's. It is not one that is kept here, but the host may have kept it;
// one that ends within five minutes is asked for again, and not handed out.
func (m *ManagedIdentity) AccessToken(ctx context.Context, audience string) (AccessToken, error) {
	// The form with "/.default" is that of scopes. Hosts know resources only.
	audience = strings.TrimSuffix(cmp.Or(audience, m.client.cloud.ResourceManagerAudience), "/.default")
	token, err := m.newToken(ctx, audience)
	if err == nil && time.Until(token.ExpiresOn) < refreshAhead {
		token, err = m.newToken(context.WithValue(ctx, freshKey{}, true), audience)
	}
	switch {
	case err != nil:
		return AccessToken{}, err
	case time.Until(token.ExpiresOn) < refreshAhead:
		return AccessToken{}, &TokenEndsError{On: token.ExpiresOn}
	}
	handed := AccessToken{Token: token.Token, Audience: audience, ExpiresOn: token.ExpiresOn.UTC()}
	if who, ok := identityOf(token.Token); ok {
		handed.IssuedTo = &who
	}
	return handed, nil
}

// newToken asks the host, past what is kept here.
func (m *ManagedIdentity) newToken(ctx context.Context, audience string) (azcore.AccessToken, error) {
	token, err := m.credential.source.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{audience + "/.default"}})
	if err != nil && ctx.Err() != nil {
		return azcore.AccessToken{}, context.Cause(ctx)
	}
	return token, err
}

// WaitForAccessToken gets a token as [ManagedIdentity.AccessToken] does, and tries again until ctx ends while the host does
// not have the identity yet. progress is told before each pause for how long it has waited; it may be nil.
func (m *ManagedIdentity) WaitForAccessToken(ctx context.Context, audience string, progress func(why string, waited time.Duration)) (AccessToken, error) {
	var token AccessToken
	err := m.persist(ctx, progress, func(ctx context.Context) (err error) {
		token, err = m.AccessToken(ctx, audience)
		return err
	})
	return token, err
}

// persist tries again until ctx ends while something is missing that time may bring.
func (m *ManagedIdentity) persist(ctx context.Context, progress func(why string, waited time.Duration), try func(context.Context) error) error {
	began := time.Now()
	var pending error
	for delay := minAccessDelay; ; delay = min(2*delay, maxAccessDelay) {
		err := try(ctx)
		why := waitsFor(err)
		switch {
		case why != "":
			pending = err
		case err != nil && ctx.Err() != nil && pending != nil: // the time ended in the middle of a try
			return &AccessTimeoutError{Waited: time.Since(began), Err: pending}
		default:
			return err
		}
		if progress != nil {
			progress(why, time.Since(began))
		}
		if sleep(ctx, delay) != nil {
			return &AccessTimeoutError{Waited: time.Since(began), Err: pending}
		}
		// The next try gets a new token: the one at hand may be of an identity that was on the machine before, and the
		// machine's default may change.
		m.credential.forget()
	}
}

// The pauses between two tries with an identity that is still on its way to the machine, or its role to ARM.
const (
	minAccessDelay = 2 * time.Second
	maxAccessDelay = 15 * time.Second
)

// waitsFor says what an error lacks that time may bring, "" if time will not help.
func waitsFor(err error) string {
	if _, ok := errors.AsType[*IdentityUnavailableError](err); ok {
		return "the identity to reach the machine"
	}
	if _, ok := errors.AsType[*AccessRefusedError](err); ok {
		return "the role to take effect"
	}
	return ""
}

// AccessTimeoutError says that the wait for an identity or its role was in vain.
type AccessTimeoutError struct {
	Waited time.Duration
	Err    error // what the last try ended with
}

// Error implements error.
func (e *AccessTimeoutError) Error() string {
	return fmt.Sprintf("Waited for %s for %s, in vain. %s", e.Waited.Round(time.Second), waitsFor(e.Err), summary(e.Err))
}

// Unwrap returns what the last try ended with.
func (e *AccessTimeoutError) Unwrap() error { return e.Err }

func (*AccessTimeoutError) explained() {}

// TokenEndsError says that the host has only a token that is about to end.
type TokenEndsError struct{ On time.Time }

// Error implements error.
func (e *TokenEndsError) Error() string {
	return fmt.Sprintf("The host gives out a token that ends on %s, within five minutes, and no newer one. Run again after that.", e.On.UTC().Format(time.RFC3339))
}

func (*TokenEndsError) explained() {}
