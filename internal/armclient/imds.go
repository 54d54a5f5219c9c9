// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// imdsHost is where every Azure machine finds the instance metadata service (IMDS).
const imdsHost = "169.254.169.254"

// metadataService is the way to IMDS. It goes through no proxy, which would see the tokens and could not reach the
// machine's own IMDS anyway, and follows no redirect.
type metadataService struct {
	host   string // instead of imdsHost, "" for that
	client *http.Client
}

// newMetadataService takes only addresses that do not leave the machine or its link: what answers there is trusted with
// the question for a token, and a free choice would make the provider a means to call internal services.
func newMetadataService(endpoint string, transport http.RoundTripper) (*metadataService, error) {
	m := &metadataService{}
	if endpoint != "" {
		u, err := url.Parse(endpoint)
		if err != nil {
			return nil, fmt.Errorf("the IMDS endpoint (ARM_MSI_ENDPOINT) is not a URL: %w", err)
		}
		if u.Scheme != "http" || !isLocal(u.Hostname()) {
			return nil, fmt.Errorf("the IMDS endpoint (ARM_MSI_ENDPOINT) %s is not an http URL of a loopback or link-local address", u.Redacted())
		}
		m.host = u.Host
	}
	if transport == nil {
		transport = newHostNetwork()
	}
	m.client = &http.Client{Transport: transport, CheckRedirect: refuseRedirect}
	return m, nil
}

// newHostNetwork is the way to what is on the host itself: without a proxy, and without much patience. Where there is no
// IMDS, packets to its address often vanish. Three seconds leave room for one lost packet.
func newHostNetwork() *http.Transport {
	dialer := &net.Dialer{Timeout: 3 * time.Second}
	return &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: 4, IdleConnTimeout: 30 * time.Second, ResponseHeaderTimeout: time.Minute}
}

func isLocal(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && (addr.IsLoopback() || addr.IsLinkLocalUnicast())
}

// Do implements policy.Transporter.
func (m *metadataService) Do(req *http.Request) (*http.Response, error) {
	if m.host != "" && req.URL.Hostname() == imdsHost {
		// The Host header stays as it is: IMDS knows itself by that name.
		req = req.Clone(req.Context())
		req.Host = imdsHost
		req.URL.Host = m.host
	}
	resp, err := m.client.Do(req)
	if err != nil {
		if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" && req.Context().Err() == nil {
			return nil, &NoMetadataServiceError{Endpoint: req.URL.Host, Err: op.Err}
		}
		return nil, err
	}
	if resp.Request == nil {
		resp.Request = req
	}
	if resp.StatusCode == http.StatusForbidden {
		return resp, m.asProxy(resp)
	}
	return resp, nil
}

// asProxy recognises Docker Desktop's proxy, which answers in place of an IMDS that is not there.
func (m *metadataService) asProxy(resp *http.Response) error {
	content, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return fmt.Errorf("reading IMDS's answer: %w", err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(content))
	if strings.Contains(string(content), "unreachable") {
		return &NoMetadataServiceError{Endpoint: resp.Request.URL.Host, Err: errors.New("a proxy answers that it is unreachable")}
	}
	return nil
}

// get asks IMDS for something, with the retries that it wants.
func (m *metadataService) get(ctx context.Context, path string, query url.Values) (*http.Response, error) {
	req, err := runtime.NewRequest(ctx, http.MethodGet, "http://"+imdsHost+path)
	if err != nil {
		return nil, fmt.Errorf("preparing the request: %w", err)
	}
	req.Raw().Header.Set("Metadata", "true")
	req.Raw().URL.RawQuery = query.Encode()
	pipeline := runtime.NewPipeline("armclient", "v1.0.0", runtime.PipelineOptions{}, &policy.ClientOptions{Transport: m, Retry: imdsRetry, Logging: readable})
	resp, err := pipeline.Do(req)
	if err != nil && ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return resp, err
}

// instance returns the part of IMDS that describes the machine.
func (m *metadataService) instance(ctx context.Context) (instance, error) {
	resp, err := m.get(ctx, "/metadata/instance", url.Values{"api-version": {"2021-02-01"}, "format": {"json"}})
	if err != nil {
		return instance{}, fmt.Errorf("asking IMDS about the machine: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		content, err := runtime.Payload(resp)
		if err != nil {
			return instance{}, fmt.Errorf("reading what IMDS says about the machine: %w", err)
		}
		answer := readHostAnswer(resp.StatusCode, content)
		return instance{}, &MetadataServiceError{answer.status, answer.code, answer.description, machineHost}
	}
	var found instance
	if err := runtime.UnmarshalAsJSON(resp, &found); err != nil {
		return instance{}, fmt.Errorf("reading what IMDS says about the machine: %w", err)
	}
	return found, nil
}

// imdsRetry are the retries that Microsoft asks for: on 404, 410 (for up to 70 seconds, while IMDS is updated), 429 and
// 5xx, with growing pauses; on no other answer (Microsoft Learn: how-to-use-vm-token).
var imdsRetry = policy.RetryOptions{
	MaxRetries:    6,
	RetryDelay:    2 * time.Second,
	MaxRetryDelay: 25 * time.Second,
	StatusCodes: []int{
		http.StatusNotFound, http.StatusGone, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
	},
}

// instance is the machine that the process runs on, as IMDS knows it.
type instance struct {
	Compute struct {
		SubscriptionID string `json:"subscriptionId"`
		ResourceID     string `json:"resourceId"`
	} `json:"compute"`
}
