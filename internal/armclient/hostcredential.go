// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// hostCredential gets tokens of an identity of a host that is no virtual machine. azidentity speaks the host's protocol; it
// finds the host in the environment of the process.
type hostCredential struct {
	host     *identityHost
	selector IdentitySelector
	source   *azidentity.ManagedIdentityCredential
}

// hostRetry is what Service Fabric asks for, the only one of these hosts that asks for something (Microsoft Learn:
// how-to-managed-identity-service-fabric-app-code, "Retry guidance").
var hostRetry = policy.RetryOptions{MaxRetries: 5, RetryDelay: time.Second, MaxRetryDelay: 16 * time.Second}

func newHostCredential(host *identityHost, s IdentitySelector) (*hostCredential, error) {
	id, err := s.id()
	if err != nil {
		return nil, err
	}
	source, err := azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{
		ID: id,
		ClientOptions: policy.ClientOptions{
			// No proxy and no redirects. For Service Fabric it must be these very types: the certificate of the endpoint is pinned
			// in them.
			Transport:        &http.Client{Transport: newHostNetwork(), CheckRedirect: refuseRedirect},
			Retry:            hostRetry,
			Logging:          readable,
			PerRetryPolicies: []policy.Policy{hostWatch{host}},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("preparing to use the managed identity %s of %s: %w", s, host.name, err)
	}
	return &hostCredential{host, s, source}, nil
}

// GetToken implements azcore.TokenCredential.
//
// The library underneath keeps the tokens of managed identities for the whole process, by selector: a token would outlive
// the identity on the host, and pass from one client to another. Claims make it ask the host each time; they are not sent
// there, since no host knows claims.
func (c *hostCredential) GetToken(ctx context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	heard := &heard{}
	options.Claims = "{}"
	token, err := c.source.GetToken(context.WithValue(ctx, heardKey{}, heard), options)
	switch {
	case err == nil:
		return token, nil
	case ctx.Err() != nil:
		return azcore.AccessToken{}, context.Cause(ctx)
	case heard.err != nil:
		return azcore.AccessToken{}, fmt.Errorf("asking %s for a token of the managed identity %s: %w", c.host.service, c.selector, heard.err)
	}
	return azcore.AccessToken{}, c.refusal(heard.answer, err)
}

// refusal makes of a host's answer, or of what azidentity did not like of it, an error that says what to do.
func (c *hostCredential) refusal(answer hostAnswer, err error) error {
	failed, ok := errors.AsType[*azidentity.AuthenticationFailedError](err)
	byHost := !ok || failed.RawResponse != nil
	switch {
	case c.host == arcHost && answer.status == http.StatusUnauthorized && !byHost:
		return &ArcKeyError{Err: err}
	case c.host == arcHost && answer.status == http.StatusOK && c.selector != (IdentitySelector{}):
		// azidentity has seen that the token is another identity's.
		return &IdentityUnavailableError{Selector: c.selector, Description: "it gives out a token of another identity", host: c.host}
	case answer.status == http.StatusOK || answer.status == 0:
		return fmt.Errorf("asking %s for a token of the managed identity %s: %w", c.host.service, c.selector, err)
	}
	return refusalOf(c.host, c.selector, answer)
}

// refusalOf makes of a host's answer an error that says what to do.
func refusalOf(host *identityHost, s IdentitySelector, answer hostAnswer) error {
	if host.lacks != nil && host.lacks(answer) {
		return &IdentityUnavailableError{Selector: s, Description: answer.description, host: host}
	}
	return &MetadataServiceError{answer.status, answer.code, answer.description, host}
}

// heard is what came of the last request to a host. azidentity's errors do not wrap their causes, so it is carried past them.
type heard struct {
	answer hostAnswer
	err    error
}

type heardKey struct{}

// hostWatch listens to the answers of a host.
type hostWatch struct{ host *identityHost }

// Do implements policy.Policy.
func (w hostWatch) Do(req *policy.Request) (*http.Response, error) {
	last, ok := req.Raw().Context().Value(heardKey{}).(*heard)
	if !ok {
		last = &heard{}
	}
	resp, err := req.Next()
	if err != nil {
		*last = heard{err: w.judge(req, err)}
		return nil, last.err
	}
	content := []byte(nil)
	if resp.StatusCode != http.StatusOK {
		if content, err = runtime.Payload(resp); err != nil {
			*last = heard{err: err}
			return nil, err
		}
	}
	*last = heard{answer: readHostAnswer(resp.StatusCode, content)}
	return resp, nil
}

// judge tells failures that pass from those that stay: nobody there, and whatever is not the network's, such as a certificate
// that is not the one that the environment tells of.
func (w hostWatch) judge(req *policy.Request, err error) error {
	op, ok := errors.AsType[*net.OpError](err)
	switch {
	case req.Raw().Context().Err() != nil:
		return err
	case ok && op.Op == "dial":
		return &NoHostEndpointError{Endpoint: req.Raw().URL.Host, Err: op.Err, host: w.host}
	case ok || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return err
	}
	return &permanentError{err}
}
