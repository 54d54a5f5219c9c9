// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// Fault is something that goes wrong with some of the requests: an answer that is an error, a connection that breaks, an
// answer that comes late or cut short, or an operation that does not end well. The world stays as it should be: what a
// fault does can happen to any client of Azure.
//
// Kind, Method, Path and Caller say which requests it is about; all of them if they are empty. Nth, Every, Count and
// Probability say which of these it strikes; all of them if they are zero, and those on which all agree if several are set.
type Fault struct {
	// Kind is the part of Azure that is asked.
	Kind RequestKind `json:"kind,omitempty"`
	// Method is that of HTTP.
	Method string `json:"method,omitempty"`
	// Path is a pattern of the whole path without the query, compared without regard to case as ARM does: "*" stands for
	// any run of characters within a segment and "**" for any run across segments.
	Path string `json:"path,omitempty"`
	// Caller is the object ID of the principal whose token the request carries; of a request to an IMDS, the ARM ID of the
	// machine. Requests to Entra have no caller yet.
	Caller string `json:"caller,omitempty"`

	// Nth strikes the n-th of the requests only, counted from one.
	Nth int `json:"nth,omitempty"`
	// Every strikes every k-th of the requests.
	Every int `json:"every,omitempty"`
	// Count is how often the fault strikes at most.
	Count int `json:"count,omitempty"`
	// Probability strikes that share of the requests. Whether it strikes depends on Seed, on method, path and caller, and
	// on how many requests of the same method, path and caller came before; not on what other requests came in between,
	// and so not on chance or on the order of concurrent requests.
	Probability float64 `json:"probability,omitempty"`
	Seed        uint64  `json:"seed,omitempty"`

	// Delay is how long the request is on its way. If its sender gives up before, it has no effect (a slow network). It
	// finds clients without timeouts.
	Delay time.Duration `json:"delay,omitempty"`
	// AnswerDelay is how long the answer is on its way. The request has its effect at once, also if its sender gives up
	// before the answer comes. It finds clients that take a timeout for a proof that nothing has happened.
	AnswerDelay time.Duration `json:"answerDelay,omitempty"`

	// Status is an error that is answered instead of what the request is there for; it has no effect then. Code and Message
	// are those of ARM's error envelope, and have fitting values if left out (ARM RPC, common-api-details.md, "Error
	// Response Content"). 429 and 503 find clients that do not retry, 500 to 504 on writes those that retry what is not
	// idempotent, 409 those that do not read again before they repeat themselves.
	Status  int    `json:"status,omitempty"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	// RetryAfter is the header of that name, in whole seconds, along with Status (Microsoft Learn: request-limits-and-
	// throttling). More than a minute finds clients on azcore's defaults, which give up at once.
	RetryAfter time.Duration `json:"retryAfter,omitempty"`

	// Reset breaks the connection before or after the request takes effect. Before finds clients that do not retry; after,
	// those whose second attempt meets the effect of the first: a role assignment under a random name, say.
	Reset ResetPoint `json:"reset,omitempty"`
	// Truncate breaks the connection in the middle of the answer's body. The request has had its effect. It finds clients
	// that take an unreadable answer for a failed write.
	Truncate bool `json:"truncate,omitempty"`

	// Operation is how the long-running operations end that the requests begin; Code and Message are those of its error. A
	// fault with Operation or OperationDuration counts operations, not requests.
	Operation OperationOutcome `json:"operation,omitempty"`
	// OperationDuration is how long such an operation takes. It finds clients that stop polling too early, and those that
	// poll so often that Compute throttles them.
	OperationDuration time.Duration `json:"operationDuration,omitempty"`
}

// ResetPoint is when a connection breaks.
type ResetPoint string

// The points at which a connection breaks.
const (
	ResetBefore ResetPoint = "before" // the request has had no effect
	ResetAfter  ResetPoint = "after"  // it has
)

// ofOperations tells whether a fault is about operations and not about the requests themselves.
func (f *Fault) ofOperations() bool { return f.Operation != "" || f.OperationDuration != 0 }

// check refuses a fault that cannot be, or does nothing.
func (f *Fault) check() error {
	ofRequests := f.Delay != 0 || f.AnswerDelay != 0 || f.Status != 0 || f.Reset != "" || f.Truncate
	switch {
	case !ofRequests && !f.ofOperations():
		return errors.New("it does nothing: set status, reset, truncate, a delay, or what is to become of operations")
	case ofRequests && f.ofOperations():
		return errors.New("operation: one fault cannot be about requests and about operations")
	case f.Status != 0 && (f.Status < 400 || f.Status > 599):
		return fmt.Errorf("status: %d is not an error", f.Status)
	case f.Status != 0 && (f.Reset != "" || f.Truncate), f.Reset != "" && f.Truncate:
		return errors.New("status: there can be only one of status, reset and truncate")
	case f.Status == 0 && f.RetryAfter != 0:
		return errors.New("retryAfter: it goes with a status")
	case f.Status == 0 && f.Operation == "" && f.Code+f.Message != "":
		return errors.New("code: it goes with a status or an operation")
	case f.Reset != "" && f.Reset != ResetBefore && f.Reset != ResetAfter:
		return fmt.Errorf("reset: %q is neither %s nor %s", f.Reset, ResetBefore, ResetAfter)
	case f.Nth < 0 || f.Every < 0 || f.Count < 0:
		return errors.New("nth: nth, every and count are not negative")
	case f.Delay < 0 || f.AnswerDelay < 0 || f.RetryAfter < 0 || f.OperationDuration < 0:
		return errors.New("delay: no duration is negative")
	case f.Probability < 0 || f.Probability > 1:
		return fmt.Errorf("probability: %v is not between 0 and 1", f.Probability)
	case f.Path != "" && !strings.HasPrefix(f.Path, "/") && !strings.HasPrefix(f.Path, "*"):
		return fmt.Errorf("path: %q begins neither with a slash nor with a wildcard", f.Path)
	case f.Kind != "" && f.Kind != ARMRequest && f.Kind != EntraRequest && f.Kind != IMDSRequest && f.Kind != MetadataRequest && f.Kind != IssuerRequest:
		return fmt.Errorf("kind: there are no requests of kind %q", f.Kind)
	}
	return f.Operation.check()
}

// pathPattern is the regular expression of the pattern of a path.
func pathPattern(pattern string) *regexp.Regexp {
	if pattern == "" {
		pattern = "**"
	}
	var expression strings.Builder
	for i, across := range strings.Split(strings.TrimSuffix(pattern, "/"), "**") {
		if i > 0 {
			expression.WriteString(".*")
		}
		for j, within := range strings.Split(across, "*") {
			if j > 0 {
				expression.WriteString("[^/]*")
			}
			expression.WriteString(regexp.QuoteMeta(within))
		}
	}
	return regexp.MustCompile("(?is)^" + expression.String() + "$") // Always one: all else is quoted.
}

// code is the error code of the fault's answer.
func (f *Fault) code() string {
	if f.Code != "" {
		return f.Code
	}
	return strings.ReplaceAll(http.StatusText(f.Status), " ", "") // "TooManyRequests", "ServiceUnavailable"
}

// message is the error message of the fault's answer.
func (f *Fault) message() string {
	switch {
	case f.Message != "":
		return f.Message
	case f.Status == http.StatusTooManyRequests:
		return "The request is being throttled."
	default:
		return "The request has been struck by a fault that was injected into the mock."
	}
}
