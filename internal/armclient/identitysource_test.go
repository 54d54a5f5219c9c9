// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"errors"
	"strings"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/managedidentity"
)

// around are surroundings with variables in which azidentity recognises a host.
func around(detected managedidentity.Source, variables map[string]string) surroundings {
	return surroundings{
		func(name string) string { return variables[name] },
		func() (managedidentity.Source, error) { return detected, nil },
	}
}

var inAPod = WorkloadIdentity{TokenFile: "/var/run/secrets/azure/tokens/azure-identity-token", ClientID: principal, TenantID: principal}

func TestWhereIdentitiesComeFrom(t *testing.T) {
	t.Parallel()
	app := map[string]string{"IDENTITY_ENDPOINT": "http://localhost:42356/msi/token", "IDENTITY_HEADER": "secret"}
	for name, c := range map[string]struct {
		endpoint string
		pod      WorkloadIdentity
		around   surroundings
		want     *identityHost
		because  string
	}{
		"nothing tells":                {"", WorkloadIdentity{}, around(managedidentity.DefaultToIMDS, nil), machineHost, "no other kind of host is recognised"},
		"an endpoint is configured":    {"http://127.0.0.1:4711", inAPod, around(managedidentity.AppService, app), machineHost, "msi_endpoint (ARM_MSI_ENDPOINT) is set"},
		"a pod":                        {"", inAPod, around(managedidentity.DefaultToIMDS, nil), workloadHost, "AZURE_FEDERATED_TOKEN_FILE is set"},
		"a pod of an app":              {"", inAPod, around(managedidentity.AppService, app), workloadHost, "AZURE_FEDERATED_TOKEN_FILE is set"},
		"an app":                       {"", WorkloadIdentity{}, around(managedidentity.AppService, app), appServiceHost, "IDENTITY_ENDPOINT and IDENTITY_HEADER"},
		"an application of a cluster":  {"", WorkloadIdentity{}, around(managedidentity.ServiceFabric, map[string]string{"IDENTITY_ENDPOINT": "https://node:2377/metadata/identity/oauth2/token"}), serviceFabricHost, "IDENTITY_SERVER_THUMBPRINT"},
		"a compute":                    {"", WorkloadIdentity{}, around(managedidentity.AzureML, map[string]string{"MSI_ENDPOINT": "http://127.0.0.1:46808/MSI/auth"}), azureMLHost, "MSI_ENDPOINT and MSI_SECRET"},
		"a shell":                      {"", WorkloadIdentity{}, around(managedidentity.CloudShell, map[string]string{"MSI_ENDPOINT": "http://localhost:50342/oauth2/token"}), cloudShellHost, "MSI_ENDPOINT"},
		"a server":                     {"", WorkloadIdentity{}, around(managedidentity.AzureArc, map[string]string{"IDENTITY_ENDPOINT": "http://127.0.0.1:40342/metadata/identity/oauth2/token"}), arcHost, "IMDS_ENDPOINT"},
		"a server without variables":   {"", WorkloadIdentity{}, around(managedidentity.AzureArc, nil), arcHost, "agent is installed"},
		"an app at a private address":  {"", WorkloadIdentity{}, around(managedidentity.AppService, map[string]string{"IDENTITY_ENDPOINT": "http://172.16.2.6:8081/msi/token"}), appServiceHost, ""},
		"an app at a link-local one":   {"", WorkloadIdentity{}, around(managedidentity.AppService, map[string]string{"IDENTITY_ENDPOINT": "http://169.254.129.3:8081/msi/token"}), appServiceHost, ""},
		"an app at loopback by number": {"", WorkloadIdentity{}, around(managedidentity.AppService, map[string]string{"IDENTITY_ENDPOINT": "http://127.0.0.1:41741/MSI/token/"}), appServiceHost, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := c.around.source(c.endpoint, c.pod)
			if err != nil || got.host != c.want || !strings.Contains(got.reason, c.because) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestNoTokenIsAskedForAnywhere(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{
		"http://metadata.example/token", "http://20.1.2.3/msi/token", "http://127.0.0.1.evil.example/msi/token",
		"http://127.0.0.1@evil.example/msi/token", "http://user:word@127.0.0.1/msi/token", "file:///etc/passwd", "localhost:42356", "http://%zz", "https:///token",
	} {
		for source, variable := range map[managedidentity.Source]string{managedidentity.AppService: "IDENTITY_ENDPOINT", managedidentity.CloudShell: "MSI_ENDPOINT"} {
			_, err := around(source, map[string]string{variable: endpoint}).source("", WorkloadIdentity{})
			if err == nil || !strings.Contains(err.Error(), variable) || strings.Contains(err.Error(), "word") {
				t.Errorf("%s=%s: error %v", variable, endpoint, err)
			}
		}
	}
	failing := surroundings{func(string) string { return "" }, func() (managedidentity.Source, error) { return "", errors.New("hidden") }}
	if _, err := failing.source("", WorkloadIdentity{}); err == nil {
		t.Error("a failure is not told")
	}
	if _, err := around("Mainframe", nil).source("", WorkloadIdentity{}); err == nil || !strings.Contains(err.Error(), "Mainframe") {
		t.Errorf("a new kind of host: %v", err)
	}
}

// Users of azurerm on Container Apps set ARM_MSI_ENDPOINT to $MSI_ENDPOINT, since azurerm finds no other host than IMDS.
func TestAHostsOwnEndpointIsNoOther(t *testing.T) {
	t.Parallel()
	s := around(managedidentity.AppService, map[string]string{"IDENTITY_ENDPOINT": "http://172.16.2.6:8081/msi/token/", "MSI_ENDPOINT": "http://172.16.2.6:8081/old"})
	for endpoint, own := range map[string]bool{
		"http://172.16.2.6:8081/msi/token": true, "http://172.16.2.6:8081/old": true, "http://172.16.2.6:8081/": false, "": false,
	} {
		if s.isOwnEndpoint(endpoint) != own {
			t.Errorf("%q is its own: %t", endpoint, !own)
		}
	}
}

func TestWhatAHostLetsChoose(t *testing.T) {
	t.Parallel()
	selectors := map[string]IdentitySelector{"client_id": {ClientID: principal}, "principal_id": {PrincipalID: principal}, "user_assigned_identity_id": {ResourceID: reader}}
	_, cfg := newMock(t)
	cfg.WorkloadIdentity = inAPod
	c := newClient(t, cfg)
	for host, names := range map[*identityHost]string{
		machineHost: "client_id principal_id user_assigned_identity_id", appServiceHost: "client_id principal_id user_assigned_identity_id",
		arcHost: "client_id principal_id user_assigned_identity_id", azureMLHost: "client_id", workloadHost: "client_id",
		cloudShellHost: "", serviceFabricHost: "",
	} {
		for name, selector := range selectors {
			if want := strings.Contains(" "+names+" ", " "+name+" "); host.accepts(selector) != want {
				t.Errorf("%s accepts %s: %t", host.name, name, !want)
			} else if want {
				continue
			}
			_, err := c.identityCredential(host, selector)
			if refused, ok := errors.AsType[*SelectorRefusedError](err); !ok || !strings.Contains(Describe(refused), host.name) || !strings.Contains(Describe(refused), host.onlyOne) {
				t.Errorf("%s refuses %s with %v", host.name, name, err)
			}
		}
		if !host.accepts(IdentitySelector{}) {
			t.Errorf("%s has no default", host.name)
		}
	}
}
