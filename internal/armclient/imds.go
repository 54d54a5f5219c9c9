// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"bytes"
	"context"
	"encoding/json"
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
		// Where there is no IMDS, packets to its address often vanish. Three seconds leave room for one lost packet.
		dialer := &net.Dialer{Timeout: 3 * time.Second}
		transport = &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: 4, IdleConnTimeout: 30 * time.Second, ResponseHeaderTimeout: time.Minute}
	}
	m.client = &http.Client{Transport: transport, CheckRedirect: refuseRedirect}
	return m, nil
}

func isLocal(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && (addr.IsLoopback() || addr.IsLinkLocalUnicast())
}

// metadataAnswer is what IMDS said last. azidentity's errors do not wrap their causes, so it is carried past them.
type metadataAnswer struct {
	err         error
	status      int
	code        string
	description string
}

type metadataAnswerKey struct{}

// Do implements policy.Transporter.
func (m *metadataService) Do(req *http.Request) (*http.Response, error) {
	if m.host != "" && req.URL.Hostname() == imdsHost {
		// The Host header stays as it is: IMDS knows itself by that name.
		req = req.Clone(req.Context())
		req.Host = imdsHost
		req.URL.Host = m.host
	}
	answer, ok := req.Context().Value(metadataAnswerKey{}).(*metadataAnswer)
	if !ok {
		answer = &metadataAnswer{}
	}
	resp, err := m.client.Do(req)
	if err != nil {
		if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" && req.Context().Err() == nil {
			err = &NoMetadataServiceError{Endpoint: req.URL.Host, Err: op.Err}
		}
		*answer = metadataAnswer{err: err}
		return nil, err
	}
	if resp.Request == nil {
		resp.Request = req
	}
	if resp.StatusCode == http.StatusOK {
		*answer = metadataAnswer{status: resp.StatusCode}
		return resp, nil
	}
	content, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if closeErr := resp.Body.Close(); err != nil || closeErr != nil {
		*answer = metadataAnswer{err: errors.Join(err, closeErr), status: resp.StatusCode}
		return nil, answer.err
	}
	resp.Body = io.NopCloser(bytes.NewReader(content))
	*answer = readMetadataAnswer(resp.StatusCode, content)
	if resp.StatusCode == http.StatusForbidden && strings.Contains(string(content), "unreachable") {
		// Docker Desktop's proxy answers so in place of an IMDS that is not there.
		answer.err = &NoMetadataServiceError{Endpoint: req.URL.Host, Err: errors.New("a proxy answers that it is unreachable")}
	}
	return resp, nil
}

func readMetadataAnswer(status int, content []byte) metadataAnswer {
	var body struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if json.Unmarshal(content, &body) != nil {
		return metadataAnswer{status: status}
	}
	// Entra's errors come through with lines of IDs.
	description, _, _ := strings.Cut(body.Description, "\r\n")
	return metadataAnswer{status: status, code: body.Error, description: description}
}

// instance returns the part of IMDS that describes the machine.
func (m *metadataService) instance(ctx context.Context) (instance, error) {
	answer := &metadataAnswer{}
	ctx = context.WithValue(ctx, metadataAnswerKey{}, answer)
	req, err := runtime.NewRequest(ctx, http.MethodGet, "http://"+imdsHost+"/metadata/instance")
	if err != nil {
		return instance{}, fmt.Errorf("preparing to ask IMDS about the machine: %w", err)
	}
	req.Raw().Header.Set("Metadata", "true")
	req.Raw().URL.RawQuery = url.Values{"api-version": {"2021-02-01"}, "format": {"json"}}.Encode()
	pipeline := runtime.NewPipeline("armclient", "v1.0.0", runtime.PipelineOptions{}, &policy.ClientOptions{Transport: m, Retry: imdsRetry})
	resp, err := pipeline.Do(req)
	if err != nil {
		return instance{}, fmt.Errorf("asking IMDS about the machine: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return instance{}, &MetadataServiceError{Status: answer.status, Code: answer.code, Description: answer.description}
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
