// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package provider_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
)

const (
	deployerAppID   = "eeeeeeee-0000-4000-8000-000000000001"
	deployerOID     = "eeeeeeee-0000-4000-8000-000000000002"
	deployerID      = group + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-deployer"
	certifiedAppID  = "ffffffff-0000-4000-8000-000000000001"
	certifiedOID    = "ffffffff-0000-4000-8000-000000000002"
	archivePassword = "the password of the archive"
	mainBranch      = "repo:octo-org/octo-repo:ref:refs/heads/main"
	connection      = "sc://octo-org/octo-project/azure"
	serviceAccount  = "system:serviceaccount:default:terraform"
	gitLabProject   = "project_path:octo-group/octo-project:ref_type:branch:ref:main"
)

// A certified application logs in with a certificate.
type certified struct{ pem, archive []byte }

func newCertified(t *testing.T) certified {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "certified"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	archive, err := pkcs12.Modern2023.Encode(key, certificate, nil, archivePassword)
	if err != nil {
		t.Fatal(err)
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return certified{append(block, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})...), archive}
}

// everybody is a world in which there is somebody for each way to log in, who may make identities in the group.
func everybody(app certified) func(*mockarm.Seed) {
	return func(s *mockarm.Seed) {
		principals(s)
		certificate, _ := pem.Decode(app.pem)
		s.Principals = append(s.Principals, mockarm.SeedPrincipal{
			ObjectID: certifiedOID, AppID: certifiedAppID, DisplayName: "certified", Certificates: []string{string(pem.EncodeToMemory(certificate))},
		})
		s.Issuers = append(s.Issuers,
			mockarm.SeedIssuer{Name: "devops", URL: "https://vstoken.dev.azure.com/octo-org"},
			mockarm.SeedIssuer{Name: "gitlab", URL: "https://gitlab.com"},
			mockarm.SeedIssuer{Name: "cluster", URL: "https://oidc.example/cluster/"})
		s.Identities = append(s.Identities, mockarm.SeedIdentity{
			ResourceGroup: "DevTest", Name: "id-deployer", ClientID: deployerAppID, PrincipalID: deployerOID,
			FederatedCredentials: []mockarm.SeedFederatedCredential{
				{Name: "github", Issuer: "https://token.actions.githubusercontent.com", Subject: mainBranch},
				{Name: "devops", Issuer: "https://vstoken.dev.azure.com/octo-org", Subject: connection},
				{Name: "gitlab", Issuer: "https://gitlab.com", Subject: gitLabProject},
				{Name: "cluster", Issuer: "https://oidc.example/cluster/", Subject: serviceAccount},
			},
		})
		s.VirtualMachines[0].UserAssignedIdentities = append(s.VirtualMachines[0].UserAssignedIdentities, deployerID)
		for _, principal := range []string{aliceOID, certifiedOID, deployerID, mockarm.DefaultMachineID} {
			s.RoleAssignments = append(s.RoleAssignments, mockarm.SeedRoleAssignment{Role: "Managed Identity Contributor", Principal: principal, Scope: group})
		}
	}
}

// A kind of login is what somebody puts into the provider's block, or into the environment, to log in as a principal. The
// variables beside it are those that the place itself sets.
type login struct {
	arguments prototest.Object
	beside    environment
	want      string // object ID of the principal
}

// logins has one of each kind, for a mock. Files go into a folder.
func logins(t *testing.T, mock *mockarm.Server, app certified, dir string) map[string]login {
	t.Helper()
	type object = prototest.Object
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	vouch := func(issuer, subject string) []byte {
		assertion, err := mock.Assertion(issuer, subject, "")
		if err != nil {
			t.Fatal(err)
		}
		return []byte(assertion)
	}
	job := func(issuer, subject string, names ...string) environment {
		all, err := mock.Job(issuer, subject)
		if err != nil {
			t.Fatal(err)
		}
		maps.DeleteFunc(all, func(name string, _ string) bool { return !slices.Contains(names, name) })
		return all
	}
	workflow := job("github", mainBranch, "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
	pipeline := job("devops", connection, "SYSTEM_OIDCREQUESTURI", "SYSTEM_ACCESSTOKEN")
	alice := object{"tenant_id": mockarm.DefaultTenantID, "client_id": aliceAppID}
	application := object{"tenant_id": mockarm.DefaultTenantID, "client_id": certifiedAppID}
	federated := object{"tenant_id": mockarm.DefaultTenantID, "client_id": deployerAppID, "use_oidc": true}
	machine := mock.World().State().VirtualMachines[0].SystemAssigned.PrincipalID
	return map[string]login{
		"a client certificate":                   {application.With(object{"client_certificate_path": file("app.pfx", app.archive), "client_certificate_password": archivePassword}), nil, certifiedOID},
		"a client certificate in PEM":            {application.With(object{"client_certificate_path": file("app.pem", app.pem)}), nil, certifiedOID},
		"a client certificate inline":            {application.With(object{"client_certificate": base64.StdEncoding.EncodeToString(app.archive), "client_certificate_password": archivePassword}), nil, certifiedOID},
		"a client secret":                        {alice.With(object{"client_secret": aliceSecret}), nil, aliceOID},
		"a client secret and ID in files":        {object{"tenant_id": mockarm.DefaultTenantID, "client_id_file_path": file("id", []byte(aliceAppID)), "client_secret_file_path": file("secret", []byte(aliceSecret))}, nil, aliceOID},
		"an OIDC token":                          {federated.With(object{"oidc_token": string(vouch("gitlab", gitLabProject))}), nil, deployerOID},
		"an OIDC token in a file":                {federated.With(object{"oidc_token_file_path": file("token", vouch("gitlab", gitLabProject))}), nil, deployerOID},
		"GitHub Actions":                         {federated, workflow, deployerOID},
		"GitHub Actions by arguments":            {federated.With(object{"oidc_request_url": workflow["ACTIONS_ID_TOKEN_REQUEST_URL"], "oidc_request_token": workflow["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]}), nil, deployerOID},
		"Azure Pipelines":                        {federated.With(object{"ado_pipeline_service_connection_id": nobody}), pipeline, deployerOID},
		"Azure Pipelines by arguments":           {federated.With(object{"ado_pipeline_service_connection_id": nobody, "oidc_request_url": pipeline["SYSTEM_OIDCREQUESTURI"], "oidc_request_token": pipeline["SYSTEM_ACCESSTOKEN"]}), nil, deployerOID},
		"Azure Pipelines under its other name":   {federated, pipeline.with(environment{"ARM_OIDC_AZURE_SERVICE_CONNECTION_ID": nobody}), deployerOID},
		"AKS workload identity":                  {object{"use_aks_workload_identity": true}, environment{"AZURE_CLIENT_ID": deployerAppID, "AZURE_TENANT_ID": mockarm.DefaultTenantID, "AZURE_FEDERATED_TOKEN_FILE": file("pod", vouch("cluster", serviceAccount))}, deployerOID},
		"AKS workload identity by arguments":     {object{"use_aks_workload_identity": true, "tenant_id": mockarm.DefaultTenantID, "client_id": deployerAppID, "oidc_token_file_path": file("pod", vouch("cluster", serviceAccount))}, environment{"AZURE_CLIENT_ID": nobody, "AZURE_TENANT_ID": nobody, "AZURE_FEDERATED_TOKEN_FILE": "/none"}, deployerOID},
		"the machine's own identity":             {object{"use_msi": true}, nil, machine},
		"a managed identity by its client ID":    {object{"use_msi": true, "client_id": deployerAppID}, nil, deployerOID},
		"a managed identity by its object ID":    {object{"use_msi": true, "msi_object_id": deployerOID}, nil, deployerOID},
		"a managed identity by its resource ID":  {object{"use_msi": true, "msi_resource_id": deployerID}, nil, deployerOID},
		"the Azure CLI":                          {object{"use_cli": true}, nil, aliceOID},
		"the Azure CLI in a tenant":              {object{"use_cli": true, "tenant_id": mockarm.DefaultTenantID}, nil, aliceOID},
		"the Azure Developer CLI":                {object{"use_dev_cli": true}, nil, aliceOID},
		"the Azure Developer CLI, in its tenant": {object{"use_dev_cli": true, "tenant_id": mockarm.DefaultTenantID}, nil, aliceOID},
	}
}

// inEnvironment is the same as arguments, in variables.
func inEnvironment(arguments prototest.Object) environment {
	variables := environment{}
	for name, value := range arguments {
		variables["ARM_"+strings.ToUpper(name)] = fmt.Sprint(value)
	}
	return variables
}

// TestEveryWayToLogInMakesSomething logs in by each kind, once by what the configuration says and once by the environment,
// and makes an identity. The processes of the Azure CLI and its like are scripts on the PATH, so that nothing is parallel.
func TestEveryWayToLogInMakesSomething(t *testing.T) {
	dir := t.TempDir()
	loggedInAsAlice(t, dir)
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	app := newCertified(t)
	seed := mockarm.DefaultSeed()
	everybody(app)(&seed)
	world, err := mockarm.NewWorld(seed, &mockarm.Clock{})
	if err != nil {
		t.Fatal(err)
	}
	mock := mockarm.NewServer(world)
	for name, kind := range logins(t, mock, app, dir) {
		for where, options := range map[string][]prototest.Option{
			"in the configuration": {prototest.Environment(nowhere.with(kind.beside)), prototest.Configuration(kind.arguments)},
			"in the environment":   {prototest.Environment(nowhere.with(kind.beside).with(inEnvironment(kind.arguments)))},
		} {
			mock.Reset()
			p, diags := prototest.Configure(t, append(options, prototest.With(mock))...)
			if diags.HasError() {
				t.Errorf("%s, %s: %s", name, where, diags)
				continue
			}
			r := p.Resource("azuremi_user_assigned_identity")
			if diags := r.Apply(prototest.Object{"name": "id-new", "resource_group_name": "DevTest", "location": "westus"}); diags.HasError() {
				t.Errorf("%s, %s: %s", name, where, diags)
				continue
			}
			if maker := makerOf(mock, "/id-new"); maker != kind.want {
				t.Errorf("%s, %s: the mock saw %q, want %q", name, where, maker, kind.want)
			}
		}
	}
}

// nowhere is an environment that tells nothing to log in with, neither in azurerm's words nor in those of the Azure SDKs.
var nowhere = noLogin.with(environment{"AZURE_CLIENT_ID": "", "AZURE_CLIENT_SECRET": "", "AZURE_TENANT_ID": ""})

// makerOf is the object ID of the principal that has put what a path ends in.
func makerOf(mock *mockarm.Server, suffix string) string {
	for _, request := range mock.Requests() {
		if request.Kind == mockarm.ARMRequest && request.Method == http.MethodPut && strings.HasSuffix(request.Path, suffix) {
			return request.Caller
		}
	}
	return ""
}
