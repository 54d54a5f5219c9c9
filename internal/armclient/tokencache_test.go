// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// countingSource takes a second for a token that is good for an hour, unless it is told otherwise.
type countingSource struct {
	calls     atomic.Int32
	err       atomic.Pointer[error]
	refreshIn time.Duration
}

func (s *countingSource) GetToken(ctx context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	n := s.calls.Add(1)
	if err := sleep(ctx, time.Second); err != nil {
		return azcore.AccessToken{}, err
	}
	if err := s.err.Load(); err != nil {
		return azcore.AccessToken{}, *err
	}
	token := azcore.AccessToken{Token: fmt.Sprintf("%s-%d", options.Scopes[0], n), ExpiresOn: time.Now().Add(time.Hour)}
	if s.refreshIn > 0 {
		token.RefreshOn = time.Now().Add(s.refreshIn)
	}
	return token, nil
}

var forARM = policy.TokenRequestOptions{Scopes: []string{"arm"}, EnableCAE: true}

func TestCallersShareOneToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := &countingSource{}
		cache := &tokenCache{source: source}
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				if token, err := cache.GetToken(t.Context(), forARM); err != nil || token.Token != "arm-1" {
					t.Errorf("got %q, %v", token.Token, err)
				}
			})
		}
		group.Wait()
		if n := source.calls.Load(); n != 1 {
			t.Errorf("%d tokens were fetched", n)
		}
		// Another audience and another tenant have tokens of their own.
		for _, options := range []policy.TokenRequestOptions{{Scopes: []string{"vault"}}, {Scopes: []string{"arm"}, TenantID: "other"}} {
			if token, err := cache.GetToken(t.Context(), options); err != nil || token.Token == "arm-1" {
				t.Errorf("%+v: got %q, %v", options, token.Token, err)
			}
		}
	})
}

func TestATokenIsReplacedAheadOfItsEnd(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name            string
		refreshIn, good time.Duration
	}{
		{"five minutes ahead", 0, 55 * time.Minute},
		{"when the authority says", 20 * time.Minute, 20 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				source := &countingSource{refreshIn: c.refreshIn}
				cache := &tokenCache{source: source}
				get := func(want string) {
					t.Helper()
					if token, err := cache.GetToken(t.Context(), forARM); err != nil || token.Token != want {
						t.Errorf("got %q, %v, want %q", token.Token, err, want)
					}
				}
				get("arm-1")
				advance(t, c.good-time.Second)
				get("arm-1")
				advance(t, 2*time.Second)
				get("arm-2")
				get("arm-2")
			})
		})
	}
}

// advance lets the bubble's time pass.
func advance(t *testing.T, d time.Duration) {
	t.Helper()
	if err := sleep(t.Context(), d); err != nil {
		t.Error(err)
	}
}

func TestATokenThatIsStillGoodOutlivesAFailedReplacement(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := &countingSource{}
		cache := &tokenCache{source: source}
		if _, err := cache.GetToken(t.Context(), forARM); err != nil {
			t.Fatal(err)
		}
		source.err.Store(new(errors.New("Entra is down")))
		advance(t, 56*time.Minute)
		for range 5 {
			if token, err := cache.GetToken(t.Context(), forARM); err != nil || token.Token != "arm-1" {
				t.Errorf("got %q, %v", token.Token, err)
			}
		}
		if n := source.calls.Load(); n != 2 {
			t.Errorf("%d fetches, want the first and one replacement within %s", n, refreshPause)
		}
		advance(t, 5*time.Minute)
		if token, err := cache.GetToken(t.Context(), forARM); err == nil {
			t.Errorf("a token that has ended is given out: %q", token.Token)
		}
	})
}

func TestAChallengeReplacesTheToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cache := &tokenCache{source: &countingSource{}}
		challenged := forARM
		challenged.Claims = `{"access_token":{"nbf":{"essential":true}}}`
		for _, step := range []struct {
			options policy.TokenRequestOptions
			want    string
		}{{forARM, "arm-1"}, {challenged, "arm-2"}, {forARM, "arm-2"}} {
			if token, err := cache.GetToken(t.Context(), step.options); err != nil || token.Token != step.want {
				t.Errorf("got %q, %v, want %q", token.Token, err, step.want)
			}
		}
		cache.forget()
		if token, err := cache.GetToken(t.Context(), forARM); err != nil || token.Token != "arm-3" {
			t.Errorf("after it was refused, got %q, %v", token.Token, err)
		}
	})
}

func TestACallerThatLeavesDoesNotSpoilIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := &countingSource{}
		cache := &tokenCache{source: source}
		hasty, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() {
			if _, err := cache.GetToken(hasty, forARM); !errors.Is(err, context.Canceled) {
				t.Errorf("the caller that left got %v", err)
			}
		})
		synctest.Wait()
		for range 3 {
			group.Go(func() {
				if token, err := cache.GetToken(t.Context(), forARM); err != nil || token.Token != "arm-2" {
					t.Errorf("one that stayed got %q, %v", token.Token, err)
				}
			})
		}
		synctest.Wait()
		cancel()
		group.Wait()
		if n := source.calls.Load(); n != 2 {
			t.Errorf("%d fetches, want the one that was given up and one more", n)
		}
	})
}

func TestCallersShareAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := &countingSource{}
		source.err.Store(new(errors.New("not logged in")))
		cache := &tokenCache{source: source}
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() {
				if _, err := cache.GetToken(t.Context(), forARM); err == nil || err.Error() != "not logged in" {
					t.Errorf("error %v", err)
				}
			})
		}
		group.Wait()
		if n := source.calls.Load(); n != 1 {
			t.Errorf("%d fetches", n)
		}
	})
}
