// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

func TestIMDSIsLocal(t *testing.T) {
	t.Parallel()
	for endpoint, good := range map[string]bool{
		"":                       true,
		"http://127.0.0.1:50342": true,
		"http://127.0.0.1:50342/metadata/identity/oauth2/token": true,
		"http://[::1]:50342":         true,
		"http://localhost:50342":     true,
		"http://169.254.169.254":     true,
		"http://[fe80::1]:80":        true,
		"https://127.0.0.1:50342":    false,
		"http://10.0.0.1":            false,
		"http://metadata.example":    false,
		"http://127.0.0.1.evil.com":  false,
		"http://localhost.evil.com":  false,
		"http://127.0.0.1@evil.com/": false,
		"127.0.0.1:50342":            false,
		"file:///etc/passwd":         false,
	} {
		_, err := New(Config{IMDSEndpoint: endpoint})
		if (err == nil) != good {
			t.Errorf("%q: error %v", endpoint, err)
		}
		if err != nil && !strings.Contains(err.Error(), "ARM_MSI_ENDPOINT") {
			t.Errorf("%q: the error does not name its origin: %v", endpoint, err)
		}
	}
}

func TestOnlyIMDSsOwnAddressIsReplaced(t *testing.T) {
	t.Parallel()
	var went, host string
	m, err := newMetadataService("http://127.0.0.1:4711/metadata/identity/oauth2/token", roundTripper(func(r *http.Request) (*http.Response, error) {
		went, host = r.URL.String(), r.Host
		return answer(r, http.StatusOK, nil, ""), nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]string{
		"http://169.254.169.254/metadata/instance?a=b": "http://127.0.0.1:4711/metadata/instance?a=b",
		"http://localhost:8081/msi/token":              "http://localhost:8081/msi/token", // an App Service's own
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := m.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
		if went != want || req.URL.String() != url || host != req.Host {
			t.Errorf("%s went to %s for %s", url, went, host)
		}
	}
}

func TestIMDSIsAskedWithoutAProxy(t *testing.T) {
	t.Parallel()
	m, err := newMetadataService("", nil)
	if err != nil {
		t.Fatal(err)
	}
	if transport, ok := m.client.Transport.(*http.Transport); !ok || transport.Proxy != nil {
		t.Errorf("the transport is %T, with a proxy", m.client.Transport)
	}
}

func TestARedirectOfIMDSIsNotFollowed(t *testing.T) {
	t.Parallel()
	_, cfg := newMock(t)
	asked := 0
	cfg.IMDSTransport = roundTripper(func(r *http.Request) (*http.Response, error) {
		asked++
		return answer(r, http.StatusFound, map[string]string{"Location": "http://evil.example/"}, ""), nil
	})
	_, err := newIdentityClient(t, newClient(t, cfg), IdentitySelector{}).Identity(t.Context())
	if refusal, ok := errors.AsType[*MetadataServiceError](err); !ok || refusal.Status != http.StatusFound || asked != 1 {
		t.Errorf("error %v after %d requests", err, asked)
	}
}

func TestWithoutIMDSItFailsFast(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fail func(*http.Request) (*http.Response, error)
		says string
	}{
		"refused": {func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
		}, "connection refused"},
		"no route": {func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.EHOSTUNREACH}
		}, "no route to host"},
		"Docker Desktop": {func(r *http.Request) (*http.Response, error) {
			return answer(r, http.StatusForbidden, nil, "connecting to 169.254.169.254:80: connect: host unreachable"), nil
		}, "unreachable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, cfg := newMock(t)
				asked := 0
				cfg.IMDSTransport = roundTripper(func(r *http.Request) (*http.Response, error) { asked++; return c.fail(r) })
				m := newIdentityClient(t, newClient(t, cfg), IdentitySelector{})
				_, errToken := m.Identity(t.Context())
				_, _, errGroup := m.ResourceGroup(t.Context(), devTest)
				for _, err := range []error{errToken, errGroup} {
					if text := Describe(err); !is[*NoMetadataServiceError](err) || !strings.Contains(text, "Is this an Azure virtual machine?") || !strings.Contains(text, c.says) ||
						!strings.Contains(text, "Container Apps (IDENTITY_ENDPOINT and IDENTITY_HEADER)") || !strings.Contains(text, "AZURE_FEDERATED_TOKEN_FILE") {
						t.Errorf("the text of %v is:\n%s", err, text)
					}
				}
				if asked != 2 {
					t.Errorf("IMDS was asked %d times", asked)
				}
			})
		})
	}
}

func TestASilentAddressIsGivenUpInSeconds(t *testing.T) {
	t.Parallel()
	m, err := newMetadataService("http://127.0.0.1:1", nil)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if _, err := m.instance(t.Context()); !is[*NoMetadataServiceError](err) || time.Since(began) > 5*time.Second {
		t.Errorf("error %v after %s", err, time.Since(began))
	}
}

// TestIMDSIsAskedAgainAsMicrosoftAsks has IMDS answer otherwise twice before it answers.
func TestIMDSIsAskedAgainAsMicrosoftAsks(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusNotFound, http.StatusGone, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, cfg := newMock(t, carrying(reader))
				direct := cfg.IMDSTransport
				asked, failures := 0, 2
				cfg.IMDSTransport = roundTripper(func(r *http.Request) (*http.Response, error) {
					if asked++; asked <= failures {
						return answer(r, status, nil, `{"error":"temporary"}`), nil
					}
					return direct.RoundTrip(r)
				})
				c := newClient(t, cfg)
				began := time.Now()
				m := newIdentityClient(t, c, IdentitySelector{})
				if _, err := m.Identity(t.Context()); err != nil || asked != 3 || time.Since(began) > 15*time.Second {
					t.Errorf("error %v after %d requests in %s", err, asked, time.Since(began))
				}
				asked = 0
				if got, err := m.SubscriptionID(t.Context()); err != nil || got != mockarm.DefaultSubscriptionID || asked != 3 {
					t.Errorf("the subscription is %q, %v, after %d requests", got, err, asked)
				}

				// IMDS is away for up to 70 seconds when it is updated, but not for ever.
				asked, failures, began = 0, 1000, time.Now()
				_, err := newIdentityClient(t, c, IdentitySelector{}).Identity(t.Context())
				took := time.Since(began)
				if refusal, ok := errors.AsType[*MetadataServiceError](err); !ok || refusal.Status != status || took < 70*time.Second || took > 3*time.Minute {
					t.Errorf("error %v after %s", err, took)
				}
			})
		})
	}
}

func TestTheTimeForIMDSIsTheCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, cfg := newMock(t)
		cfg.IMDSTransport = roundTripper(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		began := time.Now()
		_, err := newIdentityClient(t, newClient(t, cfg), IdentitySelector{}).Identity(within(t, 10*time.Second))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 10*time.Second {
			t.Errorf("error %v after %s", err, time.Since(began))
		}
	})
}
