// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// authorityOf writes the certificate of a server to a file.
func authorityOf(t *testing.T, server *httptest.Server) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	content := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestTheMockIsAskedOverItsOwnAuthority(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answers := map[string]string{
			"/_mock/state":    `{"identities": [{"id": "ID"}], "subscriptions": []}`,
			"/_mock/requests": `[{"kind": "arm", "method": "GET", "path": "/x", "status": 200, "caller": "C", "duration": 1}]`,
		}
		answer, ok := answers[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusTeapot)
		}
		if _, err := w.Write([]byte(answer)); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	m, err := newMock(server.URL, authorityOf(t, server))
	if err != nil {
		t.Fatal(err)
	}
	if s, err := m.state(t.Context()); err != nil || len(s.Identities) != 1 || s.Identities[0].ID != "ID" {
		t.Errorf("the state is %+v, %v", s, err)
	}
	if all, err := m.requests(t.Context()); err != nil || len(all) != 1 || all[0] != (request{"arm", "GET", "/x", 200, "C"}) {
		t.Errorf("the requests are %+v, %v", all, err)
	}
	if err := m.get(t.Context(), "nothing", &state{}); err == nil || !strings.Contains(err.Error(), "asking the mock for its nothing: it answers 418") {
		t.Errorf("the error is %v", err)
	}
}

func TestWithoutAMockThereIsNoDemo(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ url, authority, want string }{
		{"", empty, "MOCKARM_URL is not set"},
		{"https://127.0.0.1:1", empty + "er", "reading the mock's certificate authority (ARM_CA_CERTIFICATE_FILE)"},
		{"https://127.0.0.1:1", empty, "holds no certificate"},
	} {
		if _, err := newMock(c.url, c.authority); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("the error is %v, want %q", err, c.want)
		}
	}
}
