// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// newRequest makes a request for a transport.
func newRequest(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// roundTrip sends a request and reads the answer; what is not a JSON object is in its text only.
func roundTrip(t *testing.T, transport http.RoundTripper, outgoing *http.Request) answer {
	t.Helper()
	incoming, err := transport.RoundTrip(outgoing)
	if err != nil {
		t.Fatalf("%s %s: %v", outgoing.Method, outgoing.URL, err)
	}
	defer func() { _ = incoming.Body.Close() }()
	raw, err := io.ReadAll(incoming.Body)
	if err != nil {
		t.Fatalf("reading the answer: %v", err)
	}
	received := answer{status: incoming.StatusCode, header: incoming.Header, text: string(raw)}
	if strings.HasPrefix(received.text, "{") {
		if err := json.Unmarshal(raw, &received.body); err != nil {
			t.Fatalf("%s %s answered no JSON: %v\n%s", outgoing.Method, outgoing.URL, err, raw)
		}
	}
	return received
}

// answers tells whether there is any answer from a URL.
func answers(t *testing.T, transport http.RoundTripper, url string) bool {
	t.Helper()
	response, err := transport.RoundTrip(newRequest(t, http.MethodGet, url, ""))
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return true
}

// listening is a default world on a socket, and a client that trusts its CA.
func listening(t *testing.T) (*azure, *http.Client) {
	t.Helper()
	a := newAzure(t)
	if err := a.Listen(); err != nil {
		t.Fatal(err)
	}
	transport := a.SocketTransport()
	t.Cleanup(transport.CloseIdleConnections)
	return a, &http.Client{Transport: transport}
}

func TestServerSpeaksHTTP2AndTakesSpacesInQueries(t *testing.T) {
	t.Parallel()
	a, client := listening(t)
	r := newRequest(t, http.MethodGet, a.URL()+testGroup+"/providers/Microsoft.Authorization/roleAssignments", "")
	// The Go SDK sends this filter unescaped.
	r.URL.RawQuery = "api-version=2022-04-01&$filter=principalId eq '" + DefaultOperatorID + "'"
	r.Header.Set("Authorization", "Bearer "+a.operator(t).token)
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.ProtoMajor != 2 || response.StatusCode != http.StatusOK || !strings.Contains(string(body), DefaultOperatorID) {
		t.Errorf("%s %d %s", response.Proto, response.StatusCode, body)
	}
}

func TestServerIsTrustedByItsCAOnly(t *testing.T) {
	t.Parallel()
	a, _ := listening(t)
	other, client := listening(t)
	if a.URL() == other.URL() {
		t.Fatal("two servers at one address")
	}
	if answers(t, client.Transport, a.URL()+"/metadata/endpoints") {
		t.Error("the CA of one server vouches for another")
	}
}

func TestServerListensOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	for _, address := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "example.com:443", "nonsense"} {
		if err := a.ListenOn(address); err == nil {
			t.Errorf("listening on %q", address)
		}
	}
	if err := a.ListenOn("localhost:0"); err != nil {
		t.Errorf("localhost: %v", err)
	}
	if err := a.Listen(); err == nil {
		t.Error("listening twice")
	}
}

func TestClosedServerAnswersNobody(t *testing.T) {
	t.Parallel()
	a, client := listening(t)
	url := a.URL() + "/metadata/endpoints?api-version=2022-09-01"
	endpoint, err := a.IMDSEndpoint(DefaultMachineID)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{url, endpoint} {
		if answers(t, client.Transport, url) {
			t.Errorf("%s answers", url)
		}
	}
}

func TestTransportWorksInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAzure(t)
		s := a.operator(t)
		s.must(http.StatusOK, http.MethodGet, testGroup, "")
		time.Sleep(25 * time.Hour) // The bubble's time, and so the clock's.
		s.refused(http.StatusUnauthorized, "ExpiredAuthenticationToken", http.MethodGet, testGroup, "")
	})
}

func TestTransportKeepsToTheContract(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	r := newRequest(t, http.MethodGet, "https://management.azure.com/metadata/endpoints?api-version=2022-09-01", "")
	response, err := a.Transport().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.Request != r {
		t.Error("Response.Request is not the request")
	}
	if answers(t, a.Transport(), "http://management.azure.com/") {
		t.Error("a token would have gone over plain HTTP")
	}
}
