// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// tokenExchangeAudience is whom an assertion must be for, so that Entra takes it. It is the same in azurerm, and the default
// of azuremi_federated_identity_credential (Microsoft Learn: workload-identity-federation-create-trust).
const tokenExchangeAudience = "api://AzureADTokenExchange"

// A buildService vouches for its jobs when they ask for it.
type buildService struct {
	name         string
	url, token   argument
	method       string
	query        func(CredentialOptions) url.Values
	header       map[string]string
	member       string // of the answer, which holds the assertion
	whenRefused  string
	whenNotFound string
}

var (
	// GitHub Docs: "OpenID Connect reference", "Methods for requesting the OIDC token".
	gitHubActions = buildService{
		name: "GitHub Actions", url: gitHubURL, token: gitHubToken, method: http.MethodGet, member: "value",
		query: func(CredentialOptions) url.Values { return url.Values{"audience": {tokenExchangeAudience}} },
		whenRefused: "The request token of a job is good for as long as the job runs. Give the job the permission \"id-token: write\", and let oidc_request_url and oidc_request_token " +
			"come from ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN of the same job.",
		whenNotFound: "Check oidc_request_url (ARM_OIDC_REQUEST_URL), which is best left to ACTIONS_ID_TOKEN_REQUEST_URL. For a job of Azure Pipelines set " +
			"ado_pipeline_service_connection_id (ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID).",
	}
	// Microsoft Learn: rest/api/azure/devops/distributedtask/oidctoken/create.
	azurePipelines = buildService{
		name: "Azure Pipelines", url: pipelinesURL, token: pipelinesToken, method: http.MethodPost, member: "oidcToken",
		query: func(o CredentialOptions) url.Values {
			return url.Values{"api-version": {"7.1"}, "serviceConnectionId": {o.ServiceConnectionID}}
		},
		// The service answers who is not known with a redirect to a page for people, unless it is asked not to.
		header: map[string]string{"X-TFS-FedAuthRedirect": "Suppress"},
		whenRefused: "Map $(System.AccessToken) to SYSTEM_ACCESSTOKEN under env: of the step, and permit the pipeline to use the service connection of " +
			"ado_pipeline_service_connection_id (ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID).",
		whenNotFound: "Check ado_pipeline_service_connection_id (ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID): it is the ID of a service connection of the pipeline's own project, with workload " +
			"identity federation. Let oidc_request_url come from SYSTEM_OIDCREQUESTURI.",
	}
)

func gitHubActionsCredential(cfg Config) (credentialBuilder, error) {
	return gitHubActions.credential(cfg, cfg.Credential.GitHubActions)
}

func azurePipelinesCredential(cfg Config) (credentialBuilder, error) {
	return azurePipelines.credential(cfg, cfg.Credential.AzurePipelines)
}

// credential logs in with what the service says of the job. azidentity's AzurePipelinesCredential does so, too, but takes
// the URL from the environment of the process only, and there is none for GitHub.
func (s buildService) credential(cfg Config, at OIDCRequest) (credentialBuilder, error) {
	id, err := cfg.Credential.clientID()
	if err != nil {
		return nil, err
	}
	endpoint, err := s.endpoint(cfg.Credential, at.URL)
	if err != nil {
		return nil, err
	}
	return func(c *Client) (tokenSource, error) {
		pipeline := runtime.NewPipeline("azuremi", "", runtime.PipelineOptions{}, &policy.ClientOptions{Transport: c.http})
		return newAssertionCredential(c, id, func(ctx context.Context) (string, error) { return s.ask(ctx, pipeline, endpoint, at.Token) })
	}, nil
}

// endpoint is where the job asks. The request carries a token, and so it must be encrypted wherever it leaves the machine.
func (s buildService) endpoint(o CredentialOptions, text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil {
		return "", s.url.wrong("is no URL") // The parser's own error quotes it, with a query that is nobody's business.
	}
	encrypted := u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname())
	if u.Host == "" || u.User != nil || !encrypted {
		return "", s.url.wrong("is %q, which is not an https URL", u.Scheme+"://"+u.Host)
	}
	query := u.Query()
	maps.Copy(query, s.query(o))
	u.RawQuery = query.Encode()
	return u.String(), nil
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && address.IsLoopback()
}

// ask gets an assertion for the job. Redirects are not followed: they would take the job's token along.
func (s buildService) ask(ctx context.Context, pipeline runtime.Pipeline, endpoint, token string) (string, error) {
	req, err := runtime.NewRequest(ctx, s.method, endpoint)
	if err != nil {
		return "", fmt.Errorf("asking %s for a token: %w", s.name, err)
	}
	req.Raw().Header.Set("Authorization", "Bearer "+token)
	req.Raw().Header.Set("Accept", "application/json")
	for name, value := range s.header {
		req.Raw().Header.Set(name, value)
	}
	resp, err := pipeline.Do(req)
	if err != nil {
		return "", s.refused(0, "", err)
	}
	switch {
	case resp.StatusCode == http.StatusOK:
	case resp.StatusCode == http.StatusNotFound:
		return "", s.refused(resp.StatusCode, s.whenNotFound, nil)
	case resp.StatusCode < 500:
		return "", s.refused(resp.StatusCode, s.whenRefused, nil)
	default:
		return "", s.refused(resp.StatusCode, "Run again later.", nil)
	}
	var answer map[string]any
	if err := runtime.UnmarshalAsJSON(resp, &answer); err != nil {
		return "", s.refused(resp.StatusCode, s.whenNotFound, errors.New("the answer is not JSON"))
	}
	assertion, _ := answer[s.member].(string)
	if assertion == "" {
		return "", s.refused(resp.StatusCode, s.whenNotFound, fmt.Errorf("the answer has no %q", s.member))
	}
	return assertion, nil
}

func (s buildService) refused(status int, step string, cause error) error {
	return &AssertionRefusedError{Service: s.name, Status: status, Step: step, Cause: cause}
}

// AssertionRefusedError says that a build service did not vouch for the job.
type AssertionRefusedError struct {
	Service string
	Status  int    // 0 if there was no answer
	Step    string // what to do
	Cause   error
}

// Error implements error.
func (e *AssertionRefusedError) Error() string {
	text := e.Service + " gave no token for the job"
	if e.Status != 0 && e.Status != http.StatusOK {
		text += fmt.Sprintf(": HTTP status %d %s", e.Status, http.StatusText(e.Status))
	}
	if e.Cause != nil {
		text += ": " + scrub(e.Cause.Error())
	}
	return strings.TrimSpace(text + ". " + e.Step)
}

// Unwrap returns the cause.
func (e *AssertionRefusedError) Unwrap() error { return e.Cause }

// NonRetriable marks the error for azcore: the request has been repeated already.
func (*AssertionRefusedError) NonRetriable() {}

func (*AssertionRefusedError) explained() {}
