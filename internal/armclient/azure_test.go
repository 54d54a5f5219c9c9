// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

const (
	mockURL      = "https://mockarm.invalid"
	mockAudience = "https://management.azure.com"
	operatorKey  = "mock-operator-secret"
)

// newMock returns a mock Azure, and a configuration that reaches it without a socket as the owner of its subscription.
func newMock(t *testing.T, change ...func(*mockarm.Seed)) (*mockarm.Server, Config) {
	t.Helper()
	seed := mockarm.DefaultSeed()
	for _, f := range change {
		f(&seed)
	}
	world, err := mockarm.NewWorld(seed, &mockarm.Clock{})
	if err != nil {
		t.Fatal(err)
	}
	server := mockarm.NewServer(world)
	return server, Config{
		Cloud: Cloud{
			Name: "custom", AuthorityHost: mockURL, ResourceManagerEndpoint: mockURL, ResourceManagerAudience: mockAudience,
		},
		SubscriptionID:           mockarm.DefaultSubscriptionID,
		TenantID:                 mockarm.DefaultTenantID,
		Credential:               CredentialOptions{ClientID: mockarm.DefaultOperatorAppID, ClientSecret: operatorKey},
		DisableInstanceDiscovery: true,
		Transport:                server.Transport(),
		IMDSTransport:            server.IMDSTransport(mockarm.DefaultMachineID),
	}
}

func newClient(t *testing.T, cfg Config) *Client {
	t.Helper()
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newIdentityClient(t *testing.T, c *Client, s IdentitySelector) *ManagedIdentity {
	t.Helper()
	m, err := c.ManagedIdentity(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func parse(t *testing.T, text string) armid.ID {
	t.Helper()
	id, err := armid.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// The IDs of the default world.
var (
	devTest = armid.ResourceGroup(mockarm.DefaultSubscriptionID, "DevTest")
	reader  = armid.UserAssignedIdentity(mockarm.DefaultSubscriptionID, "DevTest", "id-reader")
)

// roundTripper is a function as a transport.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answer makes the answer to a request.
func answer(r *http.Request, status int, header map[string]string, content string) *http.Response {
	resp := &http.Response{
		Status: http.StatusText(status), StatusCode: status, Request: r, Header: http.Header{},
		Body: io.NopCloser(strings.NewReader(content)), ContentLength: int64(len(content)),
	}
	if content != "" {
		resp.Header.Set("Content-Type", "application/json")
	}
	for name, text := range header {
		resp.Header.Set(name, text)
	}
	return resp
}

// armError is an error in ARM's envelope.
func armError(code, message string) string {
	return `{"error":{"code":"` + code + `","message":"` + message + `"}}`
}

// A wire stands between client and mock. It keeps every request, and lets a test answer in the mock's place.
type wire struct {
	next http.RoundTripper
	// instead answers a request, or returns nil to let it through. It sees requests to ARM only.
	instead func(*http.Request) (*http.Response, error)

	mu       sync.Mutex
	requests []*http.Request
	bodies   [][]byte
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	var content []byte
	if r.Body != nil {
		var err error
		if content, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(content))
	}
	w.mu.Lock()
	w.requests, w.bodies = append(w.requests, r.Clone(context.WithoutCancel(r.Context()))), append(w.bodies, content)
	w.mu.Unlock()
	if w.instead != nil && r.Header.Get("Authorization") != "" {
		if resp, err := w.instead(r); resp != nil || err != nil {
			return resp, err
		}
	}
	return w.next.RoundTrip(r)
}

// seen lists the requests to ARM as METHOD PATH, without what leads to a group's resources.
func (w *wire) seen() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var lines []string
	for _, r := range w.requests {
		if r.Header.Get("Authorization") != "" {
			lines = append(lines, r.Method+" "+r.URL.Path)
		}
	}
	return lines
}

func (w *wire) count(match func(*http.Request) bool) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, r := range w.requests {
		if match(r) {
			n++
		}
	}
	return n
}

func isTokenRequest(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/token") }

// tap puts a wire between a configuration and its mock.
func tap(cfg *Config, instead func(*http.Request) (*http.Response, error)) *wire {
	w := &wire{next: cfg.Transport, instead: instead}
	cfg.Transport = w
	return w
}

// within is a context with that much time.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// tokensOfIMDS counts how often the mock's IMDS was asked for a token.
func tokensOfIMDS(s *mockarm.Server) int {
	return len(slices.DeleteFunc(s.Requests(), func(r mockarm.RequestRecord) bool {
		return r.Kind != mockarm.IMDSRequest || r.Path != "/metadata/identity/oauth2/token"
	}))
}

// forMockARM asks for the token that ARM's clients ask for.
var forMockARM = policy.TokenRequestOptions{Scopes: []string{mockAudience + "/.default"}, EnableCAE: true}
