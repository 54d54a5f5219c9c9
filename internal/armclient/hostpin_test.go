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

// elsewhere are URLs that are not ARM's, though some look so.
var elsewhere = map[string]string{
	"another host":                             "https://evil.example",
	"plain http":                               "http://mockarm.invalid",
	"another port":                             "https://mockarm.invalid:8443",
	"a user name that looks like the host":     "https://mockarm.invalid@evil.example",
	"a host that begins as the right one":      "https://mockarm.invalid.evil.example",
	"a host below the right one":               "https://evil.mockarm.invalid",
	"a host with a letter of another alphabet": "https://mockаrm.invalid",
	"a host with a dot of another alphabet":    "https://mockarm。invalid",
}

// TestNoOtherHostGetsAToken leads the client away by every means that an answer has, to every host that is not ARM.
func TestNoOtherHostGetsAToken(t *testing.T) {
	t.Parallel()
	assign := func(t *testing.T, c *Client) error {
		t.Helper()
		_, err := c.AssignIdentity(t.Context(), parse(t, mockarm.DefaultMachineID), armid.ID{})
		return err
	}
	read := func(t *testing.T, c *Client) error {
		t.Helper()
		_, err := c.Identity(t.Context(), reader)
		return err
	}
	readAsTheMachine := func(t *testing.T, c *Client) error {
		t.Helper()
		_, _, err := newIdentityClient(t, c, IdentitySelector{}).ResourceGroup(t.Context(), devTest)
		return err
	}
	redirect := func(status int) func(r *http.Request, to string) *http.Response {
		return func(r *http.Request, to string) *http.Response {
			return answer(r, status, map[string]string{"Location": to + r.URL.Path}, "")
		}
	}
	for means, c := range map[string]struct {
		lead func(r *http.Request, to string) *http.Response
		call func(*testing.T, *Client) error
		// refused tells that the answer is an error of ARM, not a request that was held back.
		refused bool
	}{
		"by a next page": {
			lead: func(r *http.Request, to string) *http.Response {
				return answer(r, http.StatusOK, nil, `{"value":[],"nextLink":"`+to+`/more"}`)
			},
			call: func(t *testing.T, c *Client) error {
				t.Helper()
				_, err := c.RoleByName(t.Context(), devTest, "Reader")
				return err
			},
		},
		"by the URL of an operation": {
			lead: func(r *http.Request, to string) *http.Response {
				if r.Method != http.MethodPatch {
					return nil
				}
				return answer(r, http.StatusOK, map[string]string{"Azure-AsyncOperation": to + "/operation"}, `{"properties":{"provisioningState":"Updating"}}`)
			},
			call: assign,
		},
		"by the location of an operation": {
			lead: func(r *http.Request, to string) *http.Response {
				if r.Method != http.MethodPatch {
					return nil
				}
				return answer(r, http.StatusOK, map[string]string{"Location": to + "/operation"}, `{}`)
			},
			call: assign,
		},
		"by an operation that moves on": {
			lead: func(r *http.Request, to string) *http.Response {
				switch {
				case r.Method == http.MethodPatch:
					return answer(r, http.StatusOK, map[string]string{"Location": mockURL + "/operation"}, `{}`)
				case r.URL.Path == "/operation":
					return answer(r, http.StatusAccepted, map[string]string{"Location": to + "/operation"}, "")
				}
				return nil
			},
			call: assign,
		},
		"by a redirect": {lead: redirect(http.StatusTemporaryRedirect), call: read, refused: true},
		"by a redirect of a write": {
			lead: func(r *http.Request, to string) *http.Response {
				if r.Method != http.MethodPatch {
					return nil
				}
				return redirect(http.StatusPermanentRedirect)(r, to)
			},
			call: assign, refused: true,
		},
		"by a redirect, as the machine": {lead: redirect(http.StatusFound), call: readAsTheMachine, refused: true},
	} {
		for host, to := range elsewhere {
			t.Run(means+" to "+host, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					_, cfg := newMock(t, func(s *mockarm.Seed) {
						s.VirtualMachines[0].SystemAssigned = strings.HasSuffix(means, "as the machine")
					})
					w := tap(&cfg, func(r *http.Request) (*http.Response, error) {
						if origin(r.URL) != origin(mustURL(t, mockURL)) {
							return answer(r, http.StatusBadRequest, nil, armError("Astray", "Nobody asked.")), nil
						}
						return c.lead(r, to), nil
					})
					err := c.call(t, newClient(t, cfg))
					foreign, ok := errors.AsType[*ForeignHostError](err)
					if err == nil || ok == c.refused || ok && foreign.Host != origin(mustURL(t, to)) {
						t.Errorf("error %v", err)
					}
					if n := w.count(func(r *http.Request) bool { return origin(r.URL) != origin(mustURL(t, mockURL)) }); n > 0 {
						t.Errorf("%d requests went astray", n)
					}
				})
			})
		}
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
		"https://management.azure.com/x":           true,
		"https://MANAGEMENT.azure.COM:443/x":       true,
		"https://management.azure.com./x":          true,
		"http://management.azure.com/x":            false,
		"https://management.azure.com:8443/x":      false,
		"https://management.azure.com.evil.com/x":  false,
		"https://management.azure.com@evil.com/x":  false,
		"https://management.azure.com:80@evil.com": false,
		"https://management。azure.com/x":           false,
		"https://mаnagement.azure.com/x":           false,
		"https://[::1]/x":                          false,
		"https://eastus.management.azure.com/x":    false,
	} {
		if got := origin(mustURL(t, text)) == pin.origin; got != same {
			t.Errorf("%s: same origin %t, want %t", text, got, same)
		}
	}
}
