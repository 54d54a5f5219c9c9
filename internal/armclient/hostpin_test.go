// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

// TestNoOtherHostGetsAToken leads the client away by every means that an answer has.
func TestNoOtherHostGetsAToken(t *testing.T) {
	t.Parallel()
	const evil = "https://evil.example"
	for name, c := range map[string]struct {
		lead func(*http.Request) *http.Response
		call func(*testing.T, *Client) error
		// refused tells that the answer is an error of ARM, not a request that was held back.
		refused bool
	}{
		"by a next page": {
			lead: func(r *http.Request) *http.Response {
				return answer(r, http.StatusOK, nil, `{"value":[],"nextLink":"`+evil+`/more"}`)
			},
			call: func(t *testing.T, c *Client) error {
				t.Helper()
				_, err := c.RoleByName(t.Context(), devTest, "Reader")
				return err
			},
		},
		"by the URL of an operation": {
			lead: func(r *http.Request) *http.Response {
				if r.Method != http.MethodPatch {
					return nil
				}
				return answer(r, http.StatusOK, map[string]string{"Azure-AsyncOperation": evil + "/operation"}, `{"properties":{"provisioningState":"Updating"}}`)
			},
			call: func(t *testing.T, c *Client) error {
				t.Helper()
				_, err := c.AssignIdentity(t.Context(), parse(t, mockarm.DefaultMachineID), armid.ID{})
				return err
			},
		},
		"by a redirect": {
			lead: func(r *http.Request) *http.Response {
				return answer(r, http.StatusTemporaryRedirect, map[string]string{"Location": evil + r.URL.Path}, "")
			},
			call: func(t *testing.T, c *Client) error {
				t.Helper()
				_, err := c.Identity(t.Context(), reader)
				return err
			},
			refused: true,
		},
		"by a redirect to plain http": {
			lead: func(r *http.Request) *http.Response {
				return answer(r, http.StatusFound, map[string]string{"Location": "http://" + r.URL.Host + r.URL.Path}, "")
			},
			call: func(t *testing.T, c *Client) error {
				t.Helper()
				_, err := c.Identity(t.Context(), reader)
				return err
			},
			refused: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, cfg := newMock(t)
				w := tap(&cfg, func(r *http.Request) (*http.Response, error) { return c.lead(r), nil })
				err := c.call(t, newClient(t, cfg))
				foreign, ok := errors.AsType[*ForeignHostError](err)
				if err == nil || ok == c.refused || ok && !strings.Contains(foreign.Host, "evil.example") {
					t.Errorf("error %v", err)
				}
				if n := w.count(func(r *http.Request) bool { return origin(r.URL) != origin(mustURL(t, mockURL)) }); n > 0 {
					t.Errorf("%d requests went astray", n)
				}
			})
		})
	}
}

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestOriginsComparedByMeaning(t *testing.T) {
	t.Parallel()
	pin := newHostPin("https://Management.Azure.com")
	for text, same := range map[string]bool{
		"https://management.azure.com/x":          true,
		"https://MANAGEMENT.azure.COM:443/x":      true,
		"https://management.azure.com./x":         true,
		"http://management.azure.com/x":           false,
		"https://management.azure.com:8443/x":     false,
		"https://management.azure.com.evil.com/x": false,
		"https://management.azure.com@evil.com/x": false,
		"https://eastus.management.azure.com/x":   false,
	} {
		if got := origin(mustURL(t, text)) == pin.origin; got != same {
			t.Errorf("%s: same origin %t, want %t", text, got, same)
		}
	}
}
