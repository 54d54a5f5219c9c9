// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/google/uuid"
)

const (
	// maxRetries leaves it to the caller's context to end the retries.
	maxRetries = math.MaxInt16
	// maxBackOff is the longest pause of azcore's own. It is also the longest that azcore lets the server ask for, before
	// it gives up at once; the throttle waits for longer ones.
	maxBackOff = 30 * time.Second
	// maxUnreachable is how many times in a row a connection may fail to come about: four pauses, some twenty seconds.
	// What is down for longer is more likely a wrong address than an outage.
	maxUnreachable = 5
)

// headerCorrelationID names the operation that a request belongs to, in ARM's logs and in the activity log of the
// subscription (ARM RPC, common-api-details.md).
const headerCorrelationID = "X-Ms-Correlation-Request-Id"

type correlationKey struct{}

// withCorrelationID gives all requests of ctx one correlation ID, unless they have one already.
func withCorrelationID(ctx context.Context) context.Context {
	if _, ok := ctx.Value(correlationKey{}).(string); ok {
		return ctx
	}
	return context.WithValue(ctx, correlationKey{}, uuid.NewString())
}

// A call is what the attempts at one request know of each other.
type call struct {
	last        error     // what came of the last attempt, if it is worth another
	unreachable int       // attempts in a row that found no connection
	notBefore   time.Time // when the server wants to be asked again
}

// callPolicy stands around all attempts at a request.
type callPolicy struct{ userAgent string }

// Do implements policy.Policy.
func (p *callPolicy) Do(req *policy.Request) (*http.Response, error) {
	raw := req.Raw()
	id, ok := raw.Context().Value(correlationKey{}).(string)
	if !ok {
		id = uuid.NewString()
	}
	raw.Header.Set(headerCorrelationID, id)
	if p.userAgent != "" {
		raw.Header.Set("User-Agent", p.userAgent+" "+raw.Header.Get("User-Agent"))
	}
	state := &call{}
	req.SetOperationValue(state)
	resp, err := req.Next()
	if resp != nil && resp.Request == nil {
		resp.Request = raw // not every transport binds the request, and errors name it
	}
	if err != nil && raw.Context().Err() != nil && state.last != nil && !isContextError(state.last) {
		return resp, &TimeUpError{Cause: err, Last: state.last}
	}
	return resp, err
}

// attemptPolicy stands around each attempt at a request.
type attemptPolicy struct {
	credential *tokenCache
	throttle   *throttle
}

// Do implements policy.Policy.
func (p *attemptPolicy) Do(req *policy.Request) (*http.Response, error) {
	var state *call
	if !req.OperationValue(&state) {
		state = &call{}
	}
	if err := p.throttle.wait(req, state); err != nil {
		return nil, err
	}
	resp, err := req.Next()
	if err != nil {
		state.last = err
		return nil, p.judge(state, err)
	}
	state.unreachable, state.last = 0, nil
	switch resp.StatusCode {
	case http.StatusUnauthorized:
		p.credential.forget()
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		// These are the ones that azcore tries again.
		state.last = runtime.NewResponseError(resp)
		if err := p.throttle.note(req, resp, state); err != nil {
			return nil, err
		}
	}
	return resp, nil
}

// judge tells failures of the network that pass from those that stay.
func (p *attemptPolicy) judge(state *call, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errTruncated
	}
	dial, dialing := errors.AsType[*net.OpError](err)
	dialing = dialing && (dial.Op == "dial" || dial.Op == "proxyconnect" || dial.Op == "socks connect")
	dns, resolving := errors.AsType[*net.DNSError](err)
	if dialing || resolving {
		state.unreachable++
	} else {
		state.unreachable = 0
	}
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	_, hostname := errors.AsType[x509.HostnameError](err)
	_, certificate := errors.AsType[x509.CertificateInvalidError](err)
	if authority || hostname || certificate || resolving && dns.IsNotFound || state.unreachable >= maxUnreachable {
		return &permanentError{err}
	}
	return err
}

// errTruncated says that an answer broke off. azcore would leave it at that, since the request may have taken effect; but
// each of ours is safe to repeat: a PUT says the same again, a PATCH carries the etag, a DELETE finds nothing.
var errTruncated = fmt.Errorf("the answer broke off: %w", io.ErrUnexpectedEOF)

// permanentError keeps azcore from trying again.
type permanentError struct{ error }

func (e *permanentError) Unwrap() error { return e.error }

// NonRetriable marks the error for azcore.
func (*permanentError) NonRetriable() {}

// TimeUpError says that the caller's time ended while a request was being tried again.
type TimeUpError struct {
	Cause error // of the context
	Last  error // what the last attempt ended with
}

// Error implements error.
func (e *TimeUpError) Error() string {
	return fmt.Sprintf("The time for the operation is up. Azure could not be brought to do it until then; the last attempt ended with: %s", summary(e.Last))
}

// Unwrap gives both causes, so that the code of ARM's last answer can be read.
func (e *TimeUpError) Unwrap() []error { return []error{e.Cause, e.Last} }

func (*TimeUpError) explained() {}

func isContextError(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
