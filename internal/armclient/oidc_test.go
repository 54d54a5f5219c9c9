// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

const (
	deployerAppID = "cccccccc-0000-4000-8000-000000000001"
	mainBranch    = "repo:octo-org/octo-repo:ref:refs/heads/main"
	connection    = "sc://octo-org/octo-project/azure"
)

// federation is a world with an identity that a workflow, a pipeline and a pod may use, and that may make identities.
func federation(s *mockarm.Seed) {
	s.Issuers = append(s.Issuers, mockarm.SeedIssuer{Name: "devops", URL: "https://vstoken.dev.azure.com/octo-org"})
	deployer := devTest.String() + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-deployer"
	s.Identities = append(s.Identities, mockarm.SeedIdentity{
		ResourceGroup: "DevTest", Name: "id-deployer", ClientID: deployerAppID,
		FederatedCredentials: []mockarm.SeedFederatedCredential{
			{Name: "github", Issuer: "https://token.actions.githubusercontent.com", Subject: mainBranch},
			{Name: "devops", Issuer: "https://vstoken.dev.azure.com/octo-org", Subject: connection},
		},
	})
	s.RoleAssignments = append(s.RoleAssignments, mockarm.SeedRoleAssignment{Role: "Managed Identity Contributor", Principal: deployer, Scope: devTest.String()})
}

// gitHubJob is a job of GitHub Actions, and azurePipelinesJob one of Azure Pipelines.
func gitHubJob(t *testing.T, mock *mockarm.Server, subject string) OIDCRequest {
	t.Helper()
	job, err := mock.Job("github", subject)
	if err != nil {
		t.Fatal(err)
	}
	return OIDCRequest{job["ACTIONS_ID_TOKEN_REQUEST_URL"], job["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]}
}

func azurePipelinesJob(t *testing.T, mock *mockarm.Server, subject string) OIDCRequest {
	t.Helper()
	job, err := mock.Job("devops", subject)
	if err != nil {
		t.Fatal(err)
	}
	return OIDCRequest{job["SYSTEM_OIDCREQUESTURI"], job["SYSTEM_ACCESSTOKEN"]}
}

func TestAJobLogsInByWhatItsBuildServiceSays(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]func(*mockarm.Server) CredentialOptions{
		"GitHub Actions": func(mock *mockarm.Server) CredentialOptions {
			return CredentialOptions{GitHubActions: gitHubJob(t, mock, mainBranch)}
		},
		"Azure Pipelines": func(mock *mockarm.Server) CredentialOptions {
			return CredentialOptions{AzurePipelines: azurePipelinesJob(t, mock, connection), ServiceConnectionID: "a connection & more"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mock, cfg := newMock(t, federation)
			cfg.Credential = options(mock)
			cfg.Credential.UseOIDC, cfg.Credential.ClientID = true, deployerAppID
			if _, err := newClient(t, cfg).CreateIdentity(t.Context(), reader, armmsi.Identity{Location: new("westus")}); err != nil {
				t.Error(err)
			}
		})
	}
}

// Each of these is an answer of the build service, or of what stands before it.
func TestWhyAJobGetsNoToken(t *testing.T) {
	t.Parallel()
	const permission, connectionID = `"id-token: write"`, "ado_pipeline_service_connection_id (ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID)"
	for name, c := range map[string]struct {
		pipelines bool
		status    int
		header    map[string]string
		content   string
		err       error
		wants     []string
	}{
		"GitHub does not know the job":                 {false, 401, nil, "", nil, []string{"GitHub Actions gave no token for the job: HTTP status 401 Unauthorized", permission}},
		"GitHub forbids":                               {false, 403, nil, `{"message":"no"}`, nil, []string{"403 Forbidden", permission}},
		"GitHub has no such endpoint":                  {false, 404, nil, "", nil, []string{"404 Not Found", "oidc_request_url", connectionID}},
		"GitHub points elsewhere":                      {false, 302, map[string]string{"Location": "https://evil.example/"}, "", nil, []string{"302 Found"}},
		"GitHub is out of order":                       {false, 503, nil, "", nil, []string{"503 Service Unavailable", "Run again later"}},
		"GitHub is a page of a proxy":                  {false, 200, nil, "<html>", nil, []string{"the answer is not JSON"}},
		"GitHub answers without a token":               {false, 200, nil, `{"count":1}`, nil, []string{`the answer has no "value"`}},
		"GitHub answers with a number":                 {false, 200, nil, `{"value":7}`, nil, []string{`the answer has no "value"`}},
		"nothing answers":                              {false, 0, nil, "", errors.New("the cable is cut"), []string{"GitHub Actions gave no token", "the cable is cut"}},
		"Azure Pipelines does not know the job":        {true, 401, nil, "", nil, []string{"Azure Pipelines gave no token for the job: HTTP status 401", "Map $(System.AccessToken) to SYSTEM_ACCESSTOKEN"}},
		"Azure Pipelines forbids the connection":       {true, 403, nil, "", nil, []string{"403 Forbidden", connectionID, "permit the pipeline"}},
		"Azure Pipelines does not know the connection": {true, 404, nil, "", nil, []string{"404 Not Found", connectionID}},
		"Azure Pipelines sends to a page for people":   {true, 302, map[string]string{"Location": "https://evil.example/"}, "", nil, []string{"302 Found"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // The request is repeated, with pauses.
				mock, cfg := newMock(t, federation)
				job := OIDCRequest{"https://build.example/idtoken?api-version=2.0&key=hush-hush", "the request token"}
				cfg.Credential = CredentialOptions{UseOIDC: true, ClientID: deployerAppID, GitHubActions: job}
				if c.pipelines {
					cfg.Credential.AzurePipelines, cfg.Credential.ServiceConnectionID = job, "connection"
				}
				w := tap(&cfg, func(r *http.Request) (*http.Response, error) {
					if c.err != nil {
						return nil, c.err
					}
					return answer(r, c.status, c.header, c.content), nil
				})
				_, err := newClient(t, cfg).Identity(t.Context(), reader)
				refused, ok := errors.AsType[*AssertionRefusedError](err)
				if !ok || c.err != nil && !errors.Is(refused, c.err) {
					t.Fatalf("error %v", err)
				}
				described := Describe(err)
				for _, want := range c.wants {
					if !strings.Contains(described, want) {
						t.Errorf("the error lacks %q: %s", want, described)
					}
				}
				for _, secret := range []string{job.Token, "hush-hush"} {
					if strings.Contains(described+err.Error(), secret) {
						t.Errorf("%q is in the error: %v", secret, err)
					}
				}
				if n := w.count(func(r *http.Request) bool {
					return r.URL.Host != "build.example" && r.Header.Get("Authorization") != ""
				}); n > 0 {
					t.Errorf("%d requests with a token went elsewhere", n)
				}
				if asked := len(mock.Requests()); asked > 2 {
					t.Errorf("Azure was asked %+v", mock.Requests())
				}
			})
		})
	}
}

func TestTheRequestTokenLeavesTheMachineEncryptedOnly(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"http://build.example/idtoken?x=hush-hush": `oidc_request_url (ACTIONS_ID_TOKEN_REQUEST_URL) is "http://build.example", which is not an https URL`,
		"build.example/idtoken":                    "is not an https URL",
		"https://me:hush-hush@build.example":       "is not an https URL",
		"https://build.example/%zz?hush-hush":      "oidc_request_url (ACTIONS_ID_TOKEN_REQUEST_URL) is no URL",
		"https://build.example/":                   "",
		"http://127.0.0.1:8080/idtoken":            "",
		"http://[::1]:8080/idtoken":                "",
		"http://localhost:8080/idtoken":            "",
		"http://localhost.example/idtoken":         "is not an https URL",
	} {
		_, err := New(Config{
			TenantID:   mockarm.DefaultTenantID,
			Credential: CredentialOptions{UseOIDC: true, ClientID: deployerAppID, GitHubActions: OIDCRequest{url, "the request token"}},
		})
		if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hush-hush") {
			t.Errorf("%s: the error tells it: %v", url, err)
		}
	}
}

func TestWhatIsAskedOfABuildService(t *testing.T) {
	t.Parallel()
	o := CredentialOptions{ServiceConnectionID: "a connection & more"}
	for want, ask := range map[string]func() (string, error){
		"https://build.example/idtoken?api-version=2.0&audience=api%3A%2F%2FAzureADTokenExchange": func() (string, error) {
			return gitHubActions.endpoint(o, "https://build.example/idtoken?api-version=2.0")
		},
		"https://build.example/oidctoken?api-version=7.1&serviceConnectionId=a+connection+%26+more": func() (string, error) {
			return azurePipelines.endpoint(o, "https://build.example/oidctoken")
		},
	} {
		if got, err := ask(); got != want || err != nil {
			t.Errorf("got %s, want %s: %v", got, want, err)
		}
	}
}
