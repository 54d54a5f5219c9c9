// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

// The tests of this file run one after the other, since azidentity finds the host in the environment of the process.

// settle has this process run on a kind of host, as a user of a machine of the mock.
func settle(t *testing.T, server *mockarm.Server, host mockarm.IdentityHost) {
	t.Helper()
	variables, err := server.IdentityEnvironment(host, mockarm.DefaultMachineID, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range variables {
		t.Setenv(name, value)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
}

// hosts are those that are recognised by variables alone. Arc's agent has its keys at a place of its own.
var hosts = []mockarm.IdentityHost{mockarm.AppServiceHost, mockarm.AzureMLHost, mockarm.CloudShellHost, mockarm.ServiceFabricHost}

func withSystemAssigned(s *mockarm.Seed) {
	s.VirtualMachines[0].SystemAssigned = true
	s.RoleAssignments = append(s.RoleAssignments, mockarm.SeedRoleAssignment{Role: "Reader", Principal: mockarm.DefaultMachineID, Scope: devTest.String()})
}

//nolint:paralleltest // It changes the environment of the process.
func TestOnEveryHostAnIdentityReads(t *testing.T) {
	for _, host := range hosts {
		t.Run(string(host), func(t *testing.T) {
			server, cfg := newMock(t, withSystemAssigned)
			cfg.Credential = CredentialOptions{}
			settle(t, server, host)
			m := newIdentityClient(t, newClient(t, cfg), IdentitySelector{})
			if group, who, err := m.ResourceGroup(t.Context(), devTest); err != nil || value(group.Name) != "DevTest" || who.ResourceID != mockarm.DefaultMachineID {
				t.Errorf("read %+v as %+v, %v", group.Name, who, err)
			}
			asked := slices.DeleteFunc(server.Requests(), func(r mockarm.RequestRecord) bool { return r.Kind != mockarm.RequestKind(host) })
			if len(asked) != 1 {
				t.Errorf("asked %d times", len(asked))
			}
			for _, r := range asked {
				// What makes the library ask each time is not for the host.
				if query, err := url.ParseQuery(r.Query); err != nil || query.Has("claims") || query.Has("token_sha256_to_refresh") || query.Has("bypass_cache") {
					t.Errorf("asked %s", r.Query)
				}
			}
			if source := m.Source(); !strings.Contains(source, "_ENDPOINT") {
				t.Errorf("the log says %s", source)
			}
			if _, err := m.SubscriptionID(t.Context()); !is[*NoSubscriptionError](err) || !strings.Contains(Describe(err), "ARM_SUBSCRIPTION_ID") {
				t.Errorf("the subscription: %v", err)
			}
		})
	}
}

// The library underneath has one cache for the whole process, by selector: the second Azure would get the first one's token.
//
//nolint:paralleltest // It changes the environment of the process.
func TestTokensOfHostsStayInTheirAzure(t *testing.T) {
	for _, host := range hosts {
		t.Run(string(host), func(t *testing.T) {
			var who [2]TokenIdentity
			for i := range who {
				server, cfg := newMock(t, func(s *mockarm.Seed) {
					s.VirtualMachines[0].SystemAssigned = true
					s.Tenants[0].ID = "aaaaaaaa-0000-4000-8000-00000000000" + string(rune('0'+i))
				})
				settle(t, server, host)
				var err error
				if who[i], err = newIdentityClient(t, newClient(t, cfg), IdentitySelector{}).Identity(t.Context()); err != nil {
					t.Fatal(err)
				}
				if own := server.World().State().VirtualMachines[0].SystemAssigned; who[i].TenantID[35] != byte('0'+i) || who[i].ClientID != own.ClientID {
					t.Errorf("in Azure %d the identity is %+v, not %+v", i, who[i], own)
				}
			}
		})
	}
}

//nolint:paralleltest // It changes the environment of the process.
func TestHostsHaveTheirSelectors(t *testing.T) {
	for host, selectors := range map[mockarm.IdentityHost]func(mockarm.IdentityState) []IdentitySelector{
		mockarm.AppServiceHost: func(i mockarm.IdentityState) []IdentitySelector {
			return []IdentitySelector{{ClientID: i.ClientID}, {PrincipalID: i.PrincipalID}, {ResourceID: reader}}
		},
		mockarm.AzureMLHost: func(i mockarm.IdentityState) []IdentitySelector { return []IdentitySelector{{ClientID: i.ClientID}} },
	} {
		t.Run(string(host), func(t *testing.T) {
			server, cfg := newMock(t, withSystemAssigned, carrying(reader, writer))
			settle(t, server, host)
			stored := server.World().State().Identities[0]
			for _, selector := range selectors(stored) {
				if who, err := newIdentityClient(t, newClient(t, cfg), selector).Identity(t.Context()); err != nil || who.PrincipalID != stored.PrincipalID {
					t.Errorf("%s is %+v, %v", selector, who, err)
				}
			}
		})
	}
}

//nolint:paralleltest // It changes the environment of the process.
func TestRefusalsOfHostsSayWhatToDo(t *testing.T) {
	for name, c := range map[string]struct {
		host     mockarm.IdentityHost
		seed     func(*mockarm.Seed)
		selector IdentitySelector
		fault    mockarm.Fault
		is       func(error) bool
		says     []string
	}{
		"an app without the identity": {
			mockarm.AppServiceHost, carrying(reader),
			IdentitySelector{ResourceID: writer},
			mockarm.Fault{},
			is[*IdentityUnavailableError],
			[]string{writer.String(), "az webapp identity assign", "az containerapp identity assign", "App Service says: No User Assigned", "wait_for_access"},
		},
		"an app without a system-assigned identity": {
			mockarm.AppServiceHost, carrying(reader),
			IdentitySelector{},
			mockarm.Fault{},
			is[*IdentityUnavailableError],
			[]string{"This app has no managed identity to take without a choice", "client_id", "switch it on"},
		},
		"a compute without the identity": {
			mockarm.AzureMLHost, withSystemAssigned,
			IdentitySelector{ClientID: principal},
			mockarm.Fault{},
			is[*IdentityUnavailableError],
			[]string{"az ml compute update", principal},
		},
		"an application without an identity": {
			mockarm.ServiceFabricHost, carrying(),
			IdentitySelector{},
			mockarm.Fault{},
			is[*IdentityUnavailableError],
			[]string{"This application has no managed identity", "ApplicationManifest.xml"},
		},
		"a shell in trouble": {
			mockarm.CloudShellHost, withSystemAssigned,
			IdentitySelector{},
			mockarm.Fault{Kind: "cloud-shell", Status: http.StatusForbidden, Code: "NoConsole", Message: "Not now."},
			is[*MetadataServiceError],
			[]string{"Cloud Shell answers with HTTP status 403 Forbidden: NoConsole: Not now."},
		},
		"keys that are somewhere else": {
			mockarm.ArcHost, withSystemAssigned,
			IdentitySelector{},
			mockarm.Fault{},
			is[*ArcKeyError],
			[]string{"usermod -aG himds", "Hybrid agent extension applications", "invalid file path"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			server, cfg := newMock(t, c.seed)
			settle(t, server, c.host)
			if c.fault.Status != 0 {
				if err := server.Inject(c.fault); err != nil {
					t.Fatal(err)
				}
			}
			_, err := newIdentityClient(t, newClient(t, cfg), c.selector).Identity(t.Context())
			if !c.is(err) {
				t.Errorf("error %v", err)
			}
			for _, want := range c.says {
				if !strings.Contains(Describe(err), want) {
					t.Errorf("%q is not in the text:\n%s", want, Describe(err))
				}
			}
		})
	}
}

//nolint:paralleltest // It changes the environment of the process.
func TestAnAudienceThatAHostDoesNotKnowIsExplained(t *testing.T) {
	server, cfg := newMock(t, withSystemAssigned)
	settle(t, server, mockarm.CloudShellHost)
	m := newIdentityClient(t, newClient(t, cfg), IdentitySelector{})
	if _, err := m.AccessToken(t.Context(), "https://x.example"); err == nil || !strings.Contains(Describe(err), "AudienceNotSupported") || !strings.Contains(Describe(err), "Check the audience") {
		t.Errorf("the text is:\n%s", Describe(err))
	}
}

func TestAHostThatIsNotThereIsGivenUpAtOnce(t *testing.T) {
	t.Setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:1/msi/token")
	t.Setenv("IDENTITY_HEADER", "the-header-of-this-app")
	_, cfg := newMock(t)
	began := time.Now()
	_, err := newIdentityClient(t, newClient(t, cfg), IdentitySelector{}).Identity(t.Context())
	text := Describe(err)
	if !is[*NoHostEndpointError](err) || !strings.Contains(text, "127.0.0.1:1") || !strings.Contains(text, "IDENTITY_ENDPOINT") || strings.Contains(text, "the-header-of-this-app") || time.Since(began) > 3*time.Second {
		t.Errorf("after %s, the text is:\n%s", time.Since(began), text)
	}
}

func TestAnotherCertificateOfServiceFabricIsNotTrusted(t *testing.T) {
	server, cfg := newMock(t, withSystemAssigned)
	settle(t, server, mockarm.ServiceFabricHost)
	t.Setenv("IDENTITY_SERVER_THUMBPRINT", strings.Repeat("ab", 20))
	began := time.Now()
	_, err := newIdentityClient(t, newClient(t, cfg), IdentitySelector{}).Identity(t.Context())
	if err == nil || !strings.Contains(Describe(err), "thumbprint") || time.Since(began) > 3*time.Second {
		t.Errorf("after %s, error %v", time.Since(began), err)
	}
	if n := len(server.Requests()); n > 0 {
		t.Errorf("%d requests with the secret were sent", n)
	}
}

// A host is asked without a proxy, which would see its secrets, and its redirects are not followed.
func TestHostsAreAskedThemselves(t *testing.T) {
	asked := 0
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer elsewhere.Close()
	redirecting := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusFound))
	defer redirecting.Close()
	t.Setenv("HTTP_PROXY", elsewhere.URL)
	t.Setenv("IDENTITY_ENDPOINT", redirecting.URL)
	t.Setenv("IDENTITY_HEADER", "the-header-of-this-app")
	_, cfg := newMock(t)
	_, err := newIdentityClient(t, newClient(t, cfg), IdentitySelector{}).Identity(t.Context())
	if refusal, ok := errors.AsType[*MetadataServiceError](err); !ok || refusal.Status != http.StatusFound || asked > 0 {
		t.Errorf("error %v, and %d requests went elsewhere", err, asked)
	}
	if newHostNetwork().Proxy != nil {
		t.Error("a host is asked through a proxy")
	}
}

//nolint:paralleltest // It changes the environment of the process.
func TestAHostThatIsBusyIsAskedAgain(t *testing.T) {
	server, cfg := newMock(t, withSystemAssigned)
	settle(t, server, mockarm.AppServiceHost)
	if err := server.Inject(mockarm.Fault{Kind: "app-service", Count: 1, Status: http.StatusTooManyRequests}); err != nil {
		t.Fatal(err)
	}
	if _, err := newIdentityClient(t, newClient(t, cfg), IdentitySelector{}).Identity(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAConfiguredEndpointCountsOverTheHost(t *testing.T) {
	server, cfg := listen(t, func(s *mockarm.Seed) { s.VirtualMachines[0].SystemAssigned = true })
	t.Setenv("MSI_ENDPOINT", "http://127.0.0.1:1/oauth2/token") // as in a Cloud Shell
	if who, err := newIdentityClient(t, newClient(t, cfg), IdentitySelector{}).Identity(t.Context()); err != nil || who.ResourceID != mockarm.DefaultMachineID {
		t.Errorf("it is %+v, %v", who, err)
	}
	// Unless it is the host's own.
	variables, err := server.IdentityEnvironment(mockarm.AppServiceHost, mockarm.DefaultMachineID, "")
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range variables {
		t.Setenv(name, value)
	}
	cfg.IMDSEndpoint = variables["IDENTITY_ENDPOINT"]
	m := newIdentityClient(t, newClient(t, cfg), IdentitySelector{})
	if _, err := m.Identity(t.Context()); err != nil || m.source.host != appServiceHost {
		t.Errorf("%s: %v", m.Source(), err)
	}
}

// The provider's own login by use_msi is that of the host, but never that of a pod, which has a switch of its own.
//
//nolint:paralleltest // It changes the environment of the process.
func TestUseMSIIsTheHosts(t *testing.T) {
	server, cfg := newMock(t, withSystemAssigned)
	settle(t, server, mockarm.AppServiceHost)
	cfg.Credential, cfg.TenantID = CredentialOptions{UseManagedIdentity: true}, ""
	cfg.WorkloadIdentity = inAPod
	if tenant, err := newClient(t, cfg).TenantID(t.Context()); err != nil || tenant != mockarm.DefaultTenantID {
		t.Errorf("the tenant is %q, %v", tenant, err)
	}
}
