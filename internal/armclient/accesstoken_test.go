// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

// imdsAnswering has IMDS answer tokens that end after some time; one that is asked for past the caches ends after another.
func imdsAnswering(t *testing.T, token string, kept, fresh time.Duration) (*Client, *int) {
	t.Helper()
	_, cfg := newMock(t)
	asked := new(int)
	cfg.IMDSTransport = roundTripper(func(r *http.Request) (*http.Response, error) {
		*asked++
		life := kept
		if r.URL.Query().Get("bypass_cache") == "true" {
			life = fresh
		}
		return answer(r, http.StatusOK, nil, fmt.Sprintf(`{"access_token":%q,"expires_on":"%d","resource":"x","token_type":"Bearer"}`, token, time.Now().Add(life).Unix())), nil
	})
	return newClient(t, cfg), asked
}

func TestATokenThatIsAboutToEndIsNotHandedOut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kept, fresh time.Duration
		asked       int
		good        bool
	}{
		"a good one":            {time.Hour, 24 * time.Hour, 1, true},
		"one that the host has": {4 * time.Minute, 24 * time.Hour, 2, true},
		"no better one":         {4 * time.Minute, 4 * time.Minute, 2, false},
		"one that has ended":    {-time.Minute, -time.Minute, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, asked := imdsAnswering(t, "opaque", c.kept, c.fresh)
				token, err := newIdentityClient(t, client, IdentitySelector{}).AccessToken(t.Context(), "https://vault.azure.net")
				if (err == nil) != c.good || *asked != c.asked || c.good && time.Until(token.ExpiresOn) < refreshAhead {
					t.Errorf("it ends on %s, %v, after %d requests", token.ExpiresOn, err, *asked)
				}
				if !c.good && (!is[*TokenEndsError](err) || !strings.Contains(Describe(err), "Run again")) {
					t.Errorf("the text is:\n%s", Describe(err))
				}
			})
		})
	}
}

func TestAnOpaqueTokenIsHandedOutAsItIs(t *testing.T) {
	t.Parallel()
	client, _ := imdsAnswering(t, "opaque", time.Hour, time.Hour)
	token, err := newIdentityClient(t, client, IdentitySelector{}).AccessToken(t.Context(), "https://vault.azure.net")
	if err != nil || token.Token != "opaque" || token.IssuedTo != nil {
		t.Errorf("%+v, %v", token, err)
	}
}

func TestATokenIsAskedForEachTime(t *testing.T) {
	t.Parallel()
	server, cfg := newMock(t, carrying(reader))
	m := newIdentityClient(t, newClient(t, cfg), IdentitySelector{})
	if _, err := m.Identity(t.Context()); err != nil {
		t.Fatal(err)
	}
	first, err := m.AccessToken(t.Context(), "")
	if err != nil || first.Audience != mockAudience || first.IssuedTo == nil {
		t.Errorf("%+v, %v", first, err)
	}
	second, err := m.AccessToken(t.Context(), mockAudience+"/.default")
	if err != nil || first.Token == second.Token || tokensOfIMDS(server) != 3 {
		t.Errorf("%v, after %d tokens", err, tokensOfIMDS(server))
	}
}

func TestIMDSTellsOfItsTokensInNumbersOrTexts(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	for content, want := range map[string]struct{ ends, refresh time.Duration }{
		`{"access_token":"t","expires_on":"1782993600","expires_in":"86399"}`: {24 * time.Hour, 12 * time.Hour},
		`{"access_token":"t","expires_on":1782993600,"refresh_in":3600}`:      {24 * time.Hour, time.Hour},
		`{"access_token":"t","expires_in":"3599"}`:                            {3599 * time.Second, 0},
		`{"access_token":"t"}`:                         {},
		`{"access_token":"t","expires_on":"tomorrow"}`: {},
		`{"access_token":""}`:                          {},
		`<html>secret</html>`:                          {},
	} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(now)) // The bubble's.
			_, cfg := newMock(t)
			cfg.IMDSTransport = roundTripper(func(r *http.Request) (*http.Response, error) { return answer(r, http.StatusOK, nil, content), nil })
			token, err := (&imdsCredential{newClient(t, cfg).imds, IdentitySelector{}}).GetToken(t.Context(), forMockARM)
			if want.ends == 0 {
				if err == nil || strings.Contains(Describe(err), "secret") {
					t.Errorf("%s: %+v, %v", content, token, err)
				}
				return
			}
			refresh := time.Time{}
			if want.refresh > 0 {
				refresh = now.Add(want.refresh)
			}
			if err != nil || !token.ExpiresOn.Equal(now.Add(want.ends)) || !token.RefreshOn.Equal(refresh) {
				t.Errorf("%s: %+v, %v", content, token, err)
			}
		})
	}
}

func TestTheWaitForAnIdentityIsTheCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, cfg := newMock(t, carrying())
		m := newIdentityClient(t, newClient(t, cfg), IdentitySelector{ResourceID: reader})
		told := 0
		_, err := m.WaitForAccessToken(within(t, time.Minute), "", func(why string, _ time.Duration) {
			if told++; why != "the identity to reach the machine" {
				t.Errorf("it waits for %s", why)
			}
		})
		if !is[*AccessTimeoutError](err) || told < 3 || tokensOfIMDS(server) != told {
			t.Errorf("error %v after %d pauses", err, told)
		}
		// What time does not mend is not waited for.
		_, cfg = newMock(t, carrying(reader, writer))
		began := time.Now()
		if _, err := newIdentityClient(t, newClient(t, cfg), IdentitySelector{}).WaitForAccessToken(within(t, time.Minute), "", nil); !is[*SeveralIdentitiesError](err) || time.Since(began) > 0 {
			t.Errorf("error %v after %s", err, time.Since(began))
		}
	})
}

// An IMDS that is as busy as Azure's lets it be is not the end.
func TestIMDSsLimitsAreLivedWith(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, cfg := newMock(t, carrying(reader))
		server.World().Configure(func(s *mockarm.Settings) { s.Throttle = true })
		c := newClient(t, cfg)
		for range 45 {
			if _, err := newIdentityClient(t, c, IdentitySelector{}).AccessToken(t.Context(), ""); err != nil {
				t.Fatal(err)
			}
		}
	})
}
