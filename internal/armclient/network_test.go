// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

// listen puts a mock on real sockets, and returns the configuration that reaches it there.
func listen(t *testing.T, change ...func(*mockarm.Seed)) (*mockarm.Server, Config) {
	t.Helper()
	server, cfg := newMock(t, change...)
	if err := server.Listen(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	endpoint, err := server.IMDSEndpoint(mockarm.DefaultMachineID)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Cloud.AuthorityHost, cfg.Cloud.ResourceManagerEndpoint = server.URL(), server.URL()
	cfg.CACertificates = server.CACertificate()
	cfg.IMDSEndpoint = endpoint
	cfg.Transport, cfg.IMDSTransport = nil, nil
	return server, cfg
}

func TestOverRealSockets(t *testing.T) {
	t.Parallel()
	_, cfg := listen(t, func(s *mockarm.Seed) {
		s.VirtualMachines[0].SystemAssigned = true
		s.RoleAssignments = append(s.RoleAssignments, mockarm.SeedRoleAssignment{Role: "Reader", Principal: mockarm.DefaultMachineID, Scope: devTest.String()})
	})
	c := newClient(t, cfg)
	if _, err := c.Identity(t.Context(), reader); !IsNotFound(err) {
		t.Error(err)
	}
	m := newIdentityClient(t, c, IdentitySelector{})
	if group, who, err := m.ResourceGroup(t.Context(), devTest); err != nil || value(group.Name) != "DevTest" || who.ResourceID != mockarm.DefaultMachineID {
		t.Errorf("read %+v as %+v, %v", group, who, err)
	}
	if subscription, err := m.SubscriptionID(t.Context()); err != nil || subscription != mockarm.DefaultSubscriptionID {
		t.Errorf("the machine is in %q, %v", subscription, err)
	}
}

func TestTheNetworkSpeaksHTTP2(t *testing.T) {
	t.Parallel()
	server, cfg := listen(t)
	c := newClient(t, cfg)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL()+"/metadata/endpoints?api-version=2022-09-01", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Error(err)
	}
	if resp.ProtoMajor != 2 || resp.TLS == nil {
		t.Errorf("the answer came by %s", resp.Proto)
	}
}

func TestAnUnknownAuthorityIsExplainedAtOnce(t *testing.T) {
	t.Parallel()
	_, cfg := listen(t)
	cfg.CACertificates = nil
	for _, source := range []tokenSource{nil, &countingSource{}} { // Entra's certificate is the first to be seen, ARM's the next
		c := newClient(t, cfg)
		if source != nil {
			c.credential.source = source
		}
		began := time.Now()
		_, err := c.Identity(t.Context(), reader)
		if text := Describe(err); !strings.Contains(text, "ca_certificate_file") || time.Since(began) > 3*time.Second {
			t.Errorf("after %s, the text is:\n%s", time.Since(began), text)
		}
	}
	if _, err := New(Config{CACertificates: []byte("not PEM")}); err == nil {
		t.Error("a CA file without a certificate is taken")
	}
}
