// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"bytes"
	"crypto/x509"
	"os"
	"strings"
	"testing"
)

func TestEnvironmentLeadsClientsToTheMock(t *testing.T) {
	t.Parallel()
	a, _ := listening(t)
	files, err := a.WriteCertificates(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	environment, err := a.Environment(files, DefaultMachineID)
	if err != nil {
		t.Fatal(err)
	}
	endpoint, err := a.IMDSEndpoint(DefaultMachineID)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"ARM_CLIENT_ID": DefaultOperatorAppID, "ARM_CLIENT_SECRET": a.world.Operator().Secret, "ARM_TENANT_ID": DefaultTenantID,
		"ARM_SUBSCRIPTION_ID": DefaultSubscriptionID, "ARM_ENVIRONMENT": "custom", "ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST": a.URL(),
		"ARM_RESOURCE_MANAGER_ENDPOINT": a.URL(), "ARM_RESOURCE_MANAGER_AUDIENCE": "https://management.azure.com",
		"ARM_DISABLE_INSTANCE_DISCOVERY": "true", "ARM_METADATA_HOSTNAME": strings.TrimPrefix(a.URL(), "https://"),
		"ARM_CA_CERTIFICATE_FILE": files.CA, "SSL_CERT_FILE": files.Roots, "AZURE_CLIENT_ID": DefaultOperatorAppID,
		"AZURE_CLIENT_SECRET": a.world.Operator().Secret, "AZURE_TENANT_ID": DefaultTenantID, "AZURE_SUBSCRIPTION_ID": DefaultSubscriptionID,
		"AZURE_AUTHORITY_HOST": a.URL(), "ARM_MSI_ENDPOINT": endpoint, "MOCKARM_URL": a.URL(),
	} {
		if environment[name] != want {
			t.Errorf("%s=%q, want %q", name, environment[name], want)
		}
	}
	ca, err := os.ReadFile(files.CA)
	if err != nil {
		t.Fatal(err)
	}
	roots, err := os.ReadFile(files.Roots)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(ca, a.CACertificate()) || !bytes.HasSuffix(roots, ca) || !x509.NewCertPool().AppendCertsFromPEM(roots) {
		t.Error("the certificate files do not hold the CA")
	}
	if without, err := a.Environment(files, ""); err != nil || without["ARM_MSI_ENDPOINT"] != "" {
		t.Errorf("without a machine: %q, %v", without["ARM_MSI_ENDPOINT"], err)
	}
}

func TestEnvironmentLeadsOtherClientsToTheMock(t *testing.T) {
	t.Parallel()
	a, _ := listening(t)
	files, err := a.WriteCertificates(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	environment, err := a.Environment(files, DefaultMachineID)
	if err != nil {
		t.Fatal(err)
	}
	proxy, err := a.ProxyEndpoint(DefaultMachineID)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"NODE_EXTRA_CA_CERTS": files.CA, "REQUESTS_CA_BUNDLE": files.Roots, "CURL_CA_BUNDLE": files.Roots,
		"HTTP_PROXY": proxy, "http_proxy": proxy, "HTTPS_PROXY": "", "https_proxy": "",
		"AZURE_POD_IDENTITY_AUTHORITY_HOST": strings.TrimSuffix(environment["ARM_MSI_ENDPOINT"], "/metadata/identity/oauth2/token"),
		"ARM_CLOUD_METADATA_URL":            a.URL() + "/metadata/endpoints?api-version=2019-05-01",
		"AZURE_CLOUD_NAME":                  "AzureMock", "AZURE_CORE_INSTANCE_DISCOVERY": "false",
	} {
		if environment[name] != want {
			t.Errorf("%s=%q, want %q", name, environment[name], want)
		}
	}
	without, err := a.Environment(files, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "AZURE_POD_IDENTITY_AUTHORITY_HOST"} {
		if _, set := without[name]; set {
			t.Errorf("without a machine: %s=%q", name, without[name])
		}
	}
	public, _ := standIn(t)
	if environment, err = public.Environment(files, ""); err != nil || environment["HTTPS_PROXY"] == "" || environment["HTTPS_PROXY"] != environment["http_proxy"] {
		t.Errorf("for the public hosts: HTTPS_PROXY=%q, http_proxy=%q, %v", environment["HTTPS_PROXY"], environment["http_proxy"], err)
	}
}

func TestNothingLeadsPastTheProxy(t *testing.T) {
	t.Parallel()
	for existing, want := range map[string]string{
		"169.254.169.254,corp.example":                "corp.example",
		"169.254.0.0/16,10.0.0.0/8":                   "10.0.0.0/8",
		".azure.com,*.azure.com,MANAGEMENT.azure.com": "",
		"azure.com,notazure.com,vault.azure.net":      "notazure.com,vault.azure.net",
		"*":                                           "*",
	} {
		got := noProxy([]string{imdsAddress, publicARM}, existing)
		if got = strings.TrimSuffix(strings.TrimSuffix(got, "127.0.0.1,localhost,::1"), ","); got != want {
			t.Errorf("noProxy(%q) keeps %q, want %q", existing, got, want)
		}
	}
}

func TestLoopbackNeedsNoProxy(t *testing.T) {
	t.Parallel()
	for existing, want := range map[string]string{
		"":                     "127.0.0.1,localhost,::1",
		"example.com, 10.0.0.": "example.com,10.0.0.,127.0.0.1,localhost,::1",
		"LOCALHOST":            "LOCALHOST,127.0.0.1,::1",
	} {
		if got := noProxy(nil, existing, existing); got != want {
			t.Errorf("noProxy(%q) = %q, want %q", existing, got, want)
		}
	}
}

func TestMachineIsFoundByName(t *testing.T) {
	t.Parallel()
	seed := DefaultSeed()
	seed.ResourceGroups = append(seed.ResourceGroups, SeedResourceGroup{Name: "other", Location: "westus"})
	seed.VirtualMachines = append(seed.VirtualMachines,
		SeedMachine{ResourceGroup: "other", Name: "vm-linux"}, SeedMachine{ResourceGroup: "other", Name: "vm-2"})
	several, err := NewWorld(seed, &Clock{})
	if err != nil {
		t.Fatal(err)
	}
	single := DefaultWorld(&Clock{})
	cases := map[string]struct {
		world      *World
		name, want string
		fails      bool
	}{
		"the only one":        {single, "", DefaultMachineID, false},
		"by name":             {single, "VM-Linux", DefaultMachineID, false},
		"by ARM ID":           {several, strings.ToUpper(DefaultMachineID), DefaultMachineID, false},
		"not there":           {single, "vm-3", "", true},
		"none of several":     {several, "", "", false},
		"several of one name": {several, "vm-linux", "", true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := c.world.FindMachine(c.name); got != c.want || (err != nil) != c.fails {
				t.Errorf("FindMachine(%q) = %q, %v", c.name, got, err)
			}
		})
	}
}
