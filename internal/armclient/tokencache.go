// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/azuremi/terraform-provider-azuremi/internal/coalesce"
)

// tokenSource is a credential. The name keeps apart what fetches a token from what keeps it.
type tokenSource = azcore.TokenCredential

const (
	// refreshAhead is how long before its end a token is replaced, unless the authority says when to.
	refreshAhead = 5 * time.Minute
	// refreshPause is how long a token that is still good is kept after its replacement failed.
	refreshPause = 30 * time.Second
)

// tokenCache is a credential that keeps its tokens, one per audience and tenant. Every generated client has a token policy
// of its own, and azidentity's AzureCLICredential starts a process for each token that it is asked for; with the cache in
// between there is one request for a token, however many clients there are.
type tokenCache struct {
	source  tokenSource
	mu      sync.Mutex
	tokens  map[string]cachedToken
	flights coalesce.Flights[azcore.AccessToken]
}

type cachedToken struct {
	azcore.AccessToken

	refresh time.Time // when to look for a newer one
}

// GetToken implements azcore.TokenCredential.
func (c *tokenCache) GetToken(ctx context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	key := strings.Join(options.Scopes, " ") + "|" + options.TenantID
	// Claims are a challenge: the token at hand has just been refused (continuous access evaluation), so that the answer
	// takes its place.
	if options.Claims != "" {
		return c.fetch(ctx, key, options)
	}
	held := c.held(key)
	now := time.Now()
	if now.Before(held.refresh) {
		return held.AccessToken, nil
	}
	token, err := c.flights.Do(ctx, key, func(ctx context.Context) (azcore.AccessToken, error) {
		if held := c.held(key); time.Now().Before(held.refresh) {
			return held.AccessToken, nil
		}
		return c.fetch(ctx, key, options)
	})
	if err != nil && now.Before(held.ExpiresOn) && ctx.Err() == nil {
		held.refresh = now.Add(refreshPause)
		c.hold(key, held)
		return held.AccessToken, nil
	}
	return token, err
}

func (c *tokenCache) fetch(ctx context.Context, key string, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, err := c.source.GetToken(ctx, options)
	if err != nil {
		return azcore.AccessToken{}, err
	}
	refresh := token.RefreshOn
	if refresh.IsZero() {
		refresh = token.ExpiresOn.Add(-refreshAhead)
	}
	c.hold(key, cachedToken{token, refresh})
	return token, nil
}

func (c *tokenCache) held(key string) cachedToken {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tokens[key]
}

func (c *tokenCache) hold(key string, token cachedToken) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tokens == nil {
		c.tokens = map[string]cachedToken{}
	}
	c.tokens[key] = token
}

// forget drops every token, for when one was refused.
func (c *tokenCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.tokens)
}

// lazyCredential is built when it is first needed.
type lazyCredential struct {
	build func() (tokenSource, error)

	once   sync.Once
	source tokenSource
	err    error
}

// GetToken implements azcore.TokenCredential.
func (l *lazyCredential) GetToken(ctx context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	l.once.Do(func() { l.source, l.err = l.build() })
	if l.err != nil {
		return azcore.AccessToken{}, l.err
	}
	return l.source.GetToken(ctx, options)
}
