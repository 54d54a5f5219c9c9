// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package acctest_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"maps"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/azuremi/terraform-provider-azuremi/internal/acctest"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

// somewhere is the environment of a place that has no credentials of its own: a job, or a pod.
func somewhere(variables ...acctest.Environment) acctest.Environment {
	env := maps.Clone(onTheMachine)
	env["ARM_SUBSCRIPTION_ID"], env["ARM_MSI_ENDPOINT"] = mockarm.DefaultSubscriptionID, ""
	for _, more := range variables {
		maps.Copy(env, more)
	}
	return env
}

// A place is where the issuer of an example lets its subjects log in.
type place struct {
	trust     string   // folder of the configuration that makes the identity, its federated credential and its grant
	variables []string // of that
	use       string   // folder of the configuration that is run there
	subject   string
	env       func(t *testing.T, azure *acctest.Azure, subject, clientID, tenantID string) acctest.Environment
	// wrong are other subjects, with what the error says of the part that differs.
	wrong map[string][]string
}

func jobOf(issuer string, more acctest.Environment) func(*testing.T, *acctest.Azure, string, string, string) acctest.Environment {
	return func(t *testing.T, azure *acctest.Azure, subject, clientID, tenantID string) acctest.Environment {
		t.Helper()
		job, err := azure.Job(issuer, subject)
		if err != nil {
			t.Fatal(err)
		}
		return somewhere(job, acctest.Environment{"ARM_CLIENT_ID": clientID, "ARM_TENANT_ID": tenantID}, more)
	}
}

func vouchedFor(t *testing.T, azure *acctest.Azure, issuer, subject string) string {
	t.Helper()
	assertion, err := azure.Assertion(issuer, subject, "")
	if err != nil {
		t.Fatal(err)
	}
	return assertion
}

var places = map[string]place{
	"GitHub Actions": {
		"examples/github-actions",
		[]string{"repository=octo-org/octo-repo"},
		"examples/github-actions/job",
		"repo:octo-org/octo-repo:ref:refs/heads/main", jobOf("github", nil),
		map[string][]string{
			"repo:octo-org/octo-repo:pull_request":                      {"AADSTS700213", `"pull_request", which says that the job runs for a pull request; a credential for a branch does not match it`},
			"repo:octo-org/octo-repo:environment:production":            {"AADSTS700213", `the job names the environment "production"`},
			"repo:octo-org@123456/octo-repo@456789:ref:refs/heads/main": {"AADSTS700213", `owner "octo-org@123456"`, "They have IDs in them"},
			"repo:Octo-Org/octo-repo:ref:refs/heads/main":               {"AADSTS7002138", "they differ in case", `owner "Octo-Org"`},
		},
	},
	"Azure Pipelines": {
		"examples/azure-pipelines/trust",
		[]string{"issuer=https://vstoken.dev.azure.com/octo-org", "subject=sc://octo-org/octo-project/azure"},
		"examples/azure-pipelines/job",
		"sc://octo-org/octo-project/azure", jobOf("devops", acctest.Environment{"ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID": "12121212-0000-4000-8000-000000000001"}),
		map[string][]string{"sc://octo-org/other-project/azure": {"AADSTS700213", `project "other-project"`}},
	},
	"GitLab": {
		"examples/gitlab/trust",
		[]string{"project=octo-group/octo-project"},
		"examples/gitlab/job",
		"project_path:octo-group/octo-project:ref_type:branch:ref:main",
		func(t *testing.T, azure *acctest.Azure, subject, clientID, tenantID string) acctest.Environment {
			t.Helper()
			return somewhere(acctest.Environment{"ARM_CLIENT_ID": clientID, "ARM_TENANT_ID": tenantID, "ARM_OIDC_TOKEN": vouchedFor(t, azure, "gitlab", subject)})
		},
		map[string][]string{"project_path:octo-group/octo-project:ref_type:branch:ref:feature": {"AADSTS700213", `reference "feature"`}},
	},
	"AKS": {
		"examples/aks-workload-identity/trust",
		[]string{"oidc_issuer_url=https://oidc.example/cluster/"},
		"examples/aks-workload-identity/pod",
		"system:serviceaccount:default:terraform",
		func(t *testing.T, azure *acctest.Azure, subject, clientID, tenantID string) acctest.Environment {
			t.Helper()
			file := filepath.Join(t.TempDir(), "token")
			if err := os.WriteFile(file, []byte(vouchedFor(t, azure, "cluster", subject)), 0o600); err != nil {
				t.Fatal(err)
			}
			return somewhere(acctest.Environment{"AZURE_CLIENT_ID": clientID, "AZURE_TENANT_ID": tenantID, "AZURE_FEDERATED_TOKEN_FILE": file})
		},
		map[string][]string{"system:serviceaccount:other:terraform": {"AADSTS700213", `namespace "other"`}},
	},
}

// TestAJobIsTheIdentityThatAnotherConfigurationMade is the whole story: one apply makes identity, trust and grant, and the
// provider logs in by them elsewhere.
func TestAJobIsTheIdentityThatAnotherConfigurationMade(t *testing.T) {
	t.Parallel()
	for name, place := range places {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			azure := acctest.New(t, func(s *mockarm.Seed) {
				s.Issuers = append(s.Issuers,
					mockarm.SeedIssuer{Name: "devops", URL: "https://vstoken.dev.azure.com/octo-org"},
					mockarm.SeedIssuer{Name: "gitlab", URL: "https://gitlab.com"},
					mockarm.SeedIssuer{Name: "cluster", URL: "https://oidc.example/cluster/"})
			})
			trust := azure.Terraform(place.trust)
			variables := append([]string{subscription}, place.variables...)
			trust.Apply(variables...)
			var clientID, tenantID string
			trust.Output("client_id", &clientID)
			trust.Output("tenant_id", &tenantID)
			identity := azure.World().State().Identities[0]

			const group = "resource_group_id=" + groupID
			use := azure.Terraform(place.use, place.env(t, azure, place.subject, clientID, tenantID))
			use.Apply(group)
			var roles []string
			if use.Output("roles", &roles); len(roles) != 1 || roles[0] != identity.PrincipalID+": Reader" {
				t.Errorf("it read %q", roles)
			}
			if last := lastReader(azure); last != identity.PrincipalID {
				t.Errorf("%q read, and not the identity", last)
			}
			for subject, wants := range place.wrong {
				stranger := azure.Terraform(place.use, place.env(t, azure, subject, clientID, tenantID))
				says(t, "for "+subject, stranger.TryApply(group), append(wants, "'"+subject+"'")...)
			}
			trust.Destroy(variables...)
			clean(t, azure)
		})
	}
}

// lastReader is who sent the last request to ARM.
func lastReader(azure *acctest.Azure) string {
	last := ""
	for _, request := range azure.Requests() {
		if request.Kind == mockarm.ARMRequest && request.Method == http.MethodGet {
			last = request.Caller
		}
	}
	return last
}

const certifiedAppID, certifiedOID = "ffffffff-0000-4000-8000-000000000001", "ffffffff-0000-4000-8000-000000000002"

// TestACertificateLogsIn logs in with one that is in a file, and with the same in the environment.
func TestACertificateLogsIn(t *testing.T) {
	t.Parallel()
	const password = "the password of the archive"
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "certified"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	archive, err := pkcs12.Modern2023.Encode(key, certificate, nil, password)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "app.pfx")
	if err := os.WriteFile(file, archive, 0o600); err != nil {
		t.Fatal(err)
	}
	azure := acctest.New(t, func(s *mockarm.Seed) {
		s.Principals = append(s.Principals, mockarm.SeedPrincipal{
			ObjectID: certifiedOID, AppID: certifiedAppID, DisplayName: "certified",
			Certificates: []string{string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))},
		})
		s.RoleAssignments = append(s.RoleAssignments, mockarm.SeedRoleAssignment{Role: "Reader", Principal: certifiedOID, Scope: groupID})
	})
	azure.Keep(strings.TrimSpace(string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))))
	azure.Keep(base64.StdEncoding.EncodeToString(archive))
	app := acctest.Environment{"ARM_CLIENT_ID": certifiedAppID, "ARM_TENANT_ID": mockarm.DefaultTenantID, "ARM_CLIENT_CERTIFICATE_PASSWORD": password}
	for where, env := range map[string]acctest.Environment{
		"in a file":          {"ARM_CLIENT_CERTIFICATE_PATH": file},
		"in the environment": {"ARM_CLIENT_CERTIFICATE": base64.StdEncoding.EncodeToString(archive)},
	} {
		azure.Terraform(whoMayWhat, somewhere(app, env)).Apply()
		if last := lastReader(azure); last != certifiedOID {
			t.Errorf("%s: %q read", where, last)
		}
	}
	refused(t, "with a wrong password", azure.Terraform(whoMayWhat, somewhere(app, acctest.Environment{"ARM_CLIENT_CERTIFICATE_PATH": file, "ARM_CLIENT_CERTIFICATE_PASSWORD": "not the password"})),
		"client_certificate_password (ARM_CLIENT_CERTIFICATE_PASSWORD) does not open")
}

// TestACloudIsDiscoveredOverTLS has the host of Resource Manager tell the rest, which only those believe who trust its CA.
func TestACloudIsDiscoveredOverTLS(t *testing.T) {
	t.Parallel()
	azure := acctest.New(t)
	discovered := acctest.Environment{
		"ARM_ENVIRONMENT": "", "ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST": "", "ARM_RESOURCE_MANAGER_ENDPOINT": "", "ARM_RESOURCE_MANAGER_AUDIENCE": "",
		"SSL_CERT_FILE": "",
	}
	azure.Terraform(whoMayWhat, discovered).Apply()
	asked := 0
	for _, request := range azure.Requests() {
		if request.Kind == mockarm.MetadataRequest {
			asked++
		}
	}
	if asked == 0 || lastReader(azure) != mockarm.DefaultOperatorID {
		t.Errorf("the host was asked %d times, and %q read", asked, lastReader(azure))
	}
	refused(t, "without the CA", azure.Terraform(whoMayWhat, discovered, acctest.Environment{"ARM_CA_CERTIFICATE_FILE": ""}),
		"metadata_host (ARM_METADATA_HOSTNAME)", "ca_certificate_file (ARM_CA_CERTIFICATE_FILE)")
}

// whoMayWhat reads with the provider's own credential.
const whoMayWhat = `
terraform {
  required_providers {
    azuremi = {
      source = "azuremi/azuremi"
    }
  }
}

data "azuremi_role_assignments" "here" {
  scope = "` + groupID + `"
}
`
