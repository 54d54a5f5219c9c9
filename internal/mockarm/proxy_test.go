// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// noProxyOfTheUsers is the environment of a user without a proxy.
func noProxyOfTheUsers(*http.Request) (*url.URL, error) { return nil, nil }

// startProxy serves a proxy of the mock for the default machine.
func (a *azure) startProxy(t *testing.T, former func(*http.Request) (*url.URL, error)) *url.URL {
	t.Helper()
	server := httptest.NewServer(&proxy{server: a.Server, imds: a.imdsHandler(DefaultMachineID), former: former})
	t.Cleanup(server.Close)
	return parsed(t, server.URL)
}

func parsed(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	return made(t, u, err)
}

// through asks for a URL through a proxy, and returns status and body.
func through(t *testing.T, proxy *url.URL, roots *x509.CertPool, target string, headers ...string) (int, string) {
	t.Helper()
	transport := &http.Transport{
		Proxy:           func(*http.Request) (*url.URL, error) { return proxy, nil }, // Loopback, too.
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
	}
	defer transport.CloseIdleConnections()
	outgoing := newRequest(t, http.MethodGet, target, "")
	for i := 0; i+1 < len(headers); i += 2 {
		outgoing.Header.Set(headers[i], headers[i+1])
	}
	incoming, err := transport.RoundTrip(outgoing)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = incoming.Body.Close() }()
	body, err := io.ReadAll(incoming.Body)
	return incoming.StatusCode, string(made(t, body, err))
}

const literalIMDS = "http://169.254.169.254/metadata/identity/info?api-version=2018-02-01"

func TestProxyAnswersForTheMetadataServiceOnly(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	proxy := a.startProxy(t, noProxyOfTheUsers)
	for target, want := range map[string]struct {
		status int
		body   string
	}{
		literalIMDS:                        {http.StatusOK, `{"tenantId":"` + DefaultTenantID + `"}`},
		"http://169.254.169.254:8080/":     {http.StatusNotFound, "Not found"},
		"http://example.invalid/metadata/": {http.StatusForbidden, "add example.invalid to NO_PROXY"},
	} {
		if status, body := through(t, proxy, nil, target, "Metadata", "true"); status != want.status || !strings.Contains(body, want.body) {
			t.Errorf("%s: %d %s, want %d %s", target, status, body, want.status, want.body)
		}
	}
	if status, _ := through(t, proxy, nil, literalIMDS); status != http.StatusBadRequest {
		t.Errorf("without the header Metadata: %d", status)
	}
	if status, body := through(t, proxy, nil, "https://169.254.169.254/"); status != 0 || !strings.Contains(body, "Bad Gateway") {
		t.Errorf("a tunnel to the metadata service: %d %s", status, body)
	}
	if received := roundTrip(t, http.DefaultTransport, newRequest(t, http.MethodGet, proxy.String(), "")); received.status != http.StatusBadRequest {
		t.Errorf("asked itself it answers %d %s", received.status, received.text)
	}
}

func TestProxyOfTheUserIsPassedOnTo(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	former := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s %s forwarded for %q", r.Method, r.RequestURI, r.Header.Get("X-Forwarded-For"))
	}))
	defer former.Close()
	next := func(*http.Request) (*url.URL, error) { return parsed(t, former.URL), nil }
	status, body := through(t, a.startProxy(t, next), nil, "http://example.invalid/a?b=c")
	if status != http.StatusOK || body != `GET http://example.invalid/a?b=c forwarded for ""` {
		t.Errorf("passed on: %d %s", status, body)
	}
	if status, body := through(t, a.startProxy(t, next), nil, literalIMDS, "Metadata", "true"); status != http.StatusOK || !strings.Contains(body, DefaultTenantID) {
		t.Errorf("the metadata service: %d %s", status, body)
	}
	// Without a machine there is nobody to answer; the request must not reach Azure's own service either.
	nobody := httptest.NewServer(&proxy{server: a.Server, former: next})
	defer nobody.Close()
	if status, body := through(t, parsed(t, nobody.URL), nil, literalIMDS, "Metadata", "true"); status != http.StatusForbidden || !strings.Contains(body, "--vm") {
		t.Errorf("without a machine: %d %s", status, body)
	}
	former.Close()
	if status, _ := through(t, a.startProxy(t, next), nil, "http://example.invalid/"); status != http.StatusBadGateway {
		t.Errorf("a proxy that is down: %d", status)
	}
}

func TestTunnelsLeadWhereTheyWouldHaveLed(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "elsewhere") }))
	defer elsewhere.Close()
	roots := x509.NewCertPool()
	roots.AddCert(elsewhere.Certificate())
	a := newAzure(t)
	direct := a.startProxy(t, noProxyOfTheUsers)
	chained := a.startProxy(t, http.ProxyURL(direct))
	down := a.startProxy(t, http.ProxyURL(&url.URL{Scheme: "http", Host: "127.0.0.1:1"}))
	strange := a.startProxy(t, http.ProxyURL(&url.URL{Scheme: "gopher", Host: "127.0.0.1:1"}))
	refusing := httptest.NewServer(http.NotFoundHandler())
	defer refusing.Close()
	for name, c := range map[string]struct {
		proxy  *url.URL
		status int
		body   string
	}{
		"directly":                  {direct, http.StatusOK, "elsewhere"},
		"by the user's proxy":       {chained, http.StatusOK, "elsewhere"},
		"by one that is down":       {down, 0, "Bad Gateway"},
		"by one of another kind":    {strange, 0, "Bad Gateway"},
		"by one that will not have": {a.startProxy(t, http.ProxyURL(parsed(t, refusing.URL))), 0, "Bad Gateway"},
	} {
		if status, body := through(t, c.proxy, roots, elsewhere.URL); status != c.status || !strings.Contains(body, c.body) {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
}

func TestUsersProxyIsLoggedInTo(t *testing.T) {
	t.Parallel()
	told := make(chan string, 1)
	former := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		told <- r.Method + " " + r.Host + " " + r.Header.Get("Proxy-Authorization")
		http.Error(w, "no", http.StatusForbidden)
	}))
	defer former.Close()
	next := parsed(t, former.URL)
	next.User = url.UserPassword("user", "pass")
	if _, err := dialThrough(t.Context(), next, "example.invalid:443"); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("got %v", err)
	}
	if got := <-told; got != "CONNECT example.invalid:443 Basic dXNlcjpwYXNz" {
		t.Errorf("asked for %q", got)
	}
}

// standIn is a mock that answers as the public hosts, with the roots to trust.
func standIn(t *testing.T) (*azure, *x509.CertPool) {
	t.Helper()
	a := newAzure(t)
	a.ServePublicHosts()
	if err := a.Listen(); err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(a.CACertificate())
	return a, roots
}

func TestPublicHostsAreStoodInFor(t *testing.T) {
	t.Parallel()
	a, roots := standIn(t)
	proxy := a.startProxy(t, noProxyOfTheUsers)
	token := "Bearer " + a.operator(t).token
	for target, want := range map[string]struct {
		status int
		body   string
	}{
		"https://management.azure.com" + testGroup + "?api-version=2022-09-01":      {http.StatusOK, testGroup},
		"https://MANAGEMENT.azure.com" + testGroup + "?api-version=2022-09-01":      {http.StatusOK, testGroup},
		"https://login.microsoftonline.com" + testGroup + "?api-version=2022-09-01": {http.StatusNotFound, "AADSTS90002"},
		"https://login.microsoftonline.com/common/discovery/instance":               {http.StatusOK, "login.microsoftonline.com"},
		"https://management.azure.com/" + DefaultTenantID + "/discovery/keys":       {http.StatusNotFound, "does not name a resource"},
		"https://management.azure.com/_mock/state":                                  {http.StatusForbidden, "loopback"},
		"https://graph.microsoft.com/v1.0/servicePrincipals":                        {http.StatusNotFound, "no Microsoft Graph"},
		"https://management.azure.com/metadata/endpoints?api-version=2022-09-01":    {http.StatusOK, `"loginEndpoint":"https://login.microsoftonline.com"`},
		a.URL() + "/metadata/endpoints?api-version=2022-09-01":                      {http.StatusOK, `"name":"AzureMock"`},
	} {
		if status, body := through(t, proxy, roots, target, "Authorization", token); status != want.status || !strings.Contains(body, want.body) {
			t.Errorf("%s: %d %s, want %d %s", target, status, body, want.status, want.body)
		}
	}
}

func TestPublicHostsAreLeftAloneUnlessAskedFor(t *testing.T) {
	t.Parallel()
	a, _ := listening(t)
	led := make(chan string, 1)
	proxy := a.startProxy(t, func(r *http.Request) (*url.URL, error) {
		led <- r.URL.Host
		return nil, fmt.Errorf("no way out")
	})
	if status, _ := through(t, proxy, nil, "https://management.azure.com/"); status != 0 {
		t.Errorf("answered with %d", status)
	}
	if host := <-led; host != "management.azure.com:443" {
		t.Errorf("the way out was asked for with %q", host)
	}
	block, err := x509.ParseCertificate(a.authority.server.Certificate[0])
	if err != nil || block.VerifyHostname("management.azure.com") == nil {
		t.Errorf("the certificate is for a public host, %v", err)
	}
}

func TestCloseEndsTunnels(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	endpoint, err := a.ProxyEndpoint(DefaultMachineID)
	if again, _ := a.ProxyEndpoint(strings.ToUpper(DefaultMachineID)); err != nil || again != endpoint {
		t.Fatalf("two proxies for one machine: %q and %q, %v", endpoint, again, err)
	}
	if _, err := a.ProxyEndpoint(DefaultMachineID + "0"); err == nil {
		t.Error("there is a proxy for a machine that is not there")
	}
	// The far end stays, so that it is the mock that ends the tunnel.
	far, err := net.Listen("tcp", "127.0.0.1:0")
	far = made(t, far, err)
	defer func() { _ = far.Close() }()
	connection, err := net.Dial("tcp", parsed(t, endpoint).Host)
	connection = made(t, connection, err)
	defer func() { _ = connection.Close() }()
	_ = connection.SetDeadline(time.Now().Add(10 * time.Second)) // Against hanging.
	if _, err := fmt.Fprintf(connection, "CONNECT %[1]s HTTP/1.1\r\nHost: %[1]s\r\n\r\n", far.Addr()); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(connection)
	for line := ""; line != "\r\n"; {
		if line, err = reader.ReadString('\n'); err != nil || strings.HasPrefix(line, "HTTP/") && !strings.Contains(line, " 200 ") {
			t.Fatalf("the tunnel: %q, %v", line, err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(reader); err != nil || len(rest) > 0 {
		t.Errorf("the tunnel ended with %q, %v", rest, err)
	}
}
