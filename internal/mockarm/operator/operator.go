// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Package operator is somebody else who works in a mock Azure: tests use it to do behind Terraform's back what people,
// policies and other tools do. It speaks plain ARM, as "az rest" does, and has no part of the provider's own client.
package operator

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	armruntime "github.com/Azure/azure-sdk-for-go/sdk/azcore/arm/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

// Operator is logged in to a mock Azure as a service principal.
type Operator struct {
	url      string
	pipeline runtime.Pipeline
}

// New logs in as the operator of the server's world, in process if the server has no socket.
func New(server *mockarm.Server) (*Operator, error) {
	transport := server.Transport()
	if socket := server.SocketTransport(); socket != nil {
		transport = socket
	}
	options := policy.ClientOptions{
		Transport: &http.Client{Transport: transport},
		Cloud: cloud.Configuration{
			ActiveDirectoryAuthorityHost: server.URL() + "/",
			Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
				cloud.ResourceManager: {Endpoint: server.URL(), Audience: "https://management.azure.com"},
			},
		},
	}
	who := server.World().Operator()
	credential, err := azidentity.NewClientSecretCredential(who.TenantID, who.AppID, who.Secret,
		&azidentity.ClientSecretCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true})
	if err != nil {
		return nil, fmt.Errorf("logging in as the operator: %w", err)
	}
	pipeline, err := armruntime.NewPipeline("operator", "v1.0.0", credential, runtime.PipelineOptions{}, &arm.ClientOptions{ClientOptions: options})
	if err != nil {
		return nil, fmt.Errorf("logging in as the operator: %w", err)
	}
	return &Operator{url: server.URL(), pipeline: pipeline}, nil
}

// apiVersions are those that the operator speaks, by lower-case namespace, or by namespace and type.
var apiVersions = map[string]string{
	"microsoft.managedidentity": "2024-11-30",
	"microsoft.compute":         "2025-04-01",
	"microsoft.authorization":   "2022-04-01",
	"microsoft.resources":       "2022-09-01",
	"microsoft.management":      "2023-04-01",

	// Locks have versions of their own.
	"microsoft.authorization/locks": "2020-05-01",
}

// apiVersion returns the version to ask with: that of the last provider in the path, since an extension resource belongs to
// the service whose type it is.
func apiVersion(path string) string {
	lower := strings.ToLower(path)
	i := strings.LastIndex(lower, "/providers/")
	if i < 0 {
		return apiVersions["microsoft.resources"]
	}
	namespace, rest, _ := strings.Cut(lower[i+len("/providers/"):], "/")
	kind, _, _ := strings.Cut(rest, "/")
	return cmp.Or(apiVersions[namespace+"/"+kind], apiVersions[namespace])
}

// Do sends a request to ARM, waits for the operation that it begins, if any, and returns the body of the first answer, nil
// for an empty one. The body of the request is JSON, "" for none. An answer of 4xx or 5xx is an *azcore.ResponseError.
func (o *Operator) Do(ctx context.Context, method, path, body string) (map[string]any, error) {
	return o.do(ctx, method, path, body, "")
}

// DoIfMatch is [Operator.Do] on the condition that the resource still has an etag; "" for none.
func (o *Operator) DoIfMatch(ctx context.Context, method, path, body, etag string) error {
	_, err := o.do(ctx, method, path, body, etag)
	return err
}

func (o *Operator) do(ctx context.Context, method, path, body, etag string) (map[string]any, error) {
	resp, err := o.send(ctx, method, path, body, etag)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	answer, err := decode(resp)
	if err != nil {
		return nil, fmt.Errorf("%s %s: reading the answer: %w", method, path, err)
	}
	if resp.Header.Get("Azure-AsyncOperation") == "" && resp.StatusCode != http.StatusAccepted {
		return answer, nil
	}
	poller, err := runtime.NewPoller[any](resp, o.pipeline, nil)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if _, err := poller.PollUntilDone(ctx, &runtime.PollUntilDoneOptions{Frequency: time.Second}); err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	return answer, nil
}

// Begin is [Operator.Do] without the wait.
func (o *Operator) Begin(ctx context.Context, method, path, body string) error {
	if _, err := o.send(ctx, method, path, body, ""); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

func (o *Operator) send(ctx context.Context, method, path, body, etag string) (*http.Response, error) {
	req, err := runtime.NewRequest(ctx, method, o.url+path)
	if err != nil {
		return nil, err
	}
	query := req.Raw().URL.Query()
	if !query.Has("api-version") { // A path may ask for one, such as a preview.
		query.Set("api-version", apiVersion(path))
	}
	req.Raw().URL.RawQuery = query.Encode()
	if etag != "" {
		req.Raw().Header.Set("If-Match", etag)
	}
	if body != "" {
		if err := req.SetBody(streaming.NopCloser(strings.NewReader(body)), "application/json"); err != nil {
			return nil, err
		}
	}
	resp, err := o.pipeline.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return nil, runtime.NewResponseError(resp)
	}
	return resp, nil
}

func decode(resp *http.Response) (map[string]any, error) {
	content, err := runtime.Payload(resp)
	if err != nil || len(content) == 0 {
		return nil, err
	}
	var answer map[string]any
	if err := json.Unmarshal(content, &answer); err != nil {
		return nil, err
	}
	return answer, nil
}
