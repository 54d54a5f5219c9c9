// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

const (
	readerApp = "aaaaaaaa-0000-4000-8000-000000000001"
	writerApp = "aaaaaaaa-0000-4000-8000-000000000002"
	account   = "system:serviceaccount:default:app"
)

// trusting seeds two identities. The first trusts a service account of a cluster, and may read; the second trusts it as well.
func trusting(s *mockarm.Seed) {
	trust := []mockarm.SeedFederatedCredential{{Name: "cluster", Issuer: mockURL + "/_issuer/cluster", Subject: account}}
	s.Identities = []mockarm.SeedIdentity{
		{ResourceGroup: "DevTest", Name: "id-reader", ClientID: readerApp, FederatedCredentials: trust},
		{ResourceGroup: "DevTest", Name: "id-writer", ClientID: writerApp, FederatedCredentials: trust},
	}
	granted(reader)(s)
}

// pod is what a pod has whose service account is the subject.
func pod(t *testing.T, server *mockarm.Server, subject string) WorkloadIdentity {
	t.Helper()
	assertion, err := server.Assertion("cluster", subject, "")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "azure-identity-token")
	if err := os.WriteFile(file, []byte(assertion), 0o600); err != nil {
		t.Fatal(err)
	}
	return WorkloadIdentity{TokenFile: file, ClientID: readerApp, TenantID: mockarm.DefaultTenantID}
}

func TestInAPodAnIdentityReads(t *testing.T) {
	t.Parallel()
	server, cfg := newMock(t, trusting)
	cfg.Credential, cfg.WorkloadIdentity = CredentialOptions{}, pod(t, server, account)
	w := tap(&cfg, nil)
	m := newIdentityClient(t, newClient(t, cfg), IdentitySelector{})
	if group, who, err := m.ResourceGroup(t.Context(), devTest); err != nil || value(group.Name) != "DevTest" || who.ClientID != readerApp {
		t.Errorf("read %v as %+v, %v", group.Name, who, err)
	}
	if !strings.Contains(m.Source(), "AZURE_FEDERATED_TOKEN_FILE") {
		t.Errorf("the log says %s", m.Source())
	}
	// Another identity that trusts the service account is chosen by its client ID.
	if who, err := newIdentityClient(t, newClient(t, cfg), IdentitySelector{ClientID: writerApp}).Identity(t.Context()); err != nil || who.ClientID != writerApp {
		t.Errorf("it is %+v, %v", who, err)
	}
	// A token to hand out is a new one.
	before := w.count(isTokenRequest)
	for range 2 {
		if token, err := m.AccessToken(t.Context(), "https://vault.azure.net"); err != nil || token.IssuedTo.ClientID != readerApp {
			t.Errorf("%+v, %v", token.IssuedTo, err)
		}
	}
	if n := w.count(isTokenRequest) - before; n != 2 {
		t.Errorf("Entra was asked %d times", n)
	}
}

func TestAServiceAccountThatIsNotTrustedIsExplained(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		subject, client string
		waits           bool
		says            []string
	}{
		"not trusted":           {"system:serviceaccount:default:other", readerApp, true, []string{"AADSTS700213", "azuremi_federated_identity_credential", "the service account of this pod", "wait_for_access"}},
		"trusted in other case": {strings.ToUpper(account), readerApp, false, []string{"AADSTS7002138", "case"}},
		"of nobody":             {account, principal, true, []string{"AADSTS700016", principal}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, cfg := newMock(t, trusting)
			cfg.WorkloadIdentity = pod(t, server, c.subject)
			cfg.WorkloadIdentity.ClientID = c.client
			_, err := newIdentityClient(t, newClient(t, cfg), IdentitySelector{}).Identity(t.Context())
			for _, want := range c.says {
				if !strings.Contains(Describe(err), want) {
					t.Errorf("%q is not in the text:\n%s", want, Describe(err))
				}
			}
			if (waitsFor(err) != "") != c.waits || strings.Contains(Describe(err), "eyJ") {
				t.Errorf("it waits for %q: %v", waitsFor(err), err)
			}
		})
	}
}

func TestAPodLacksNothingUnnoticed(t *testing.T) {
	t.Parallel()
	server, cfg := newMock(t, trusting)
	whole := pod(t, server, account)
	for name, change := range map[string]func(*WorkloadIdentity){
		"AZURE_CLIENT_ID":            func(w *WorkloadIdentity) { w.ClientID = "" },
		"AZURE_TENANT_ID":            func(w *WorkloadIdentity) { w.TenantID = "" },
		"AZURE_FEDERATED_TOKEN_FILE": func(w *WorkloadIdentity) { w.TokenFile += ".gone" },
	} {
		cfg.WorkloadIdentity = whole
		change(&cfg.WorkloadIdentity)
		m, err := newClient(t, cfg).ManagedIdentity(IdentitySelector{})
		if err == nil {
			_, err = m.Identity(t.Context())
		}
		if !strings.Contains(Describe(err), name) {
			t.Errorf("without %s the text is:\n%s", name, Describe(err))
		}
	}
	// The client ID of the pod is one, that of the configuration another.
	cfg.WorkloadIdentity = whole
	cfg.WorkloadIdentity.ClientID = ""
	if who, err := newIdentityClient(t, newClient(t, cfg), IdentitySelector{ClientID: readerApp}).Identity(t.Context()); err != nil || who.ClientID != readerApp {
		t.Errorf("it is %+v, %v", who, err)
	}
}
