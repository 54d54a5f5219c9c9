// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"syscall"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// explained marks the errors of this package whose text is written for the user.
type explained interface {
	error
	explained()
}

// Describe returns the text by which a user understands an error: what ARM, Entra or IMDS said, what can be done about it
// where that is known, and the IDs by which Microsoft's support finds the request. It never holds a token, and no URL with
// a query.
func Describe(err error) string {
	if err == nil {
		return ""
	}
	parts := []string{scrub(summary(err))}
	if step := nextStep(err); step != "" {
		parts = append(parts, step)
	}
	if ids := requestIDs(err); ids != "" {
		parts = append(parts, ids)
	}
	return strings.Join(parts, "\n\n")
}

// summary is the error in the words of who caused it.
func summary(err error) string {
	if e, ok := errors.AsType[explained](err); ok {
		return e.Error()
	}
	if e, ok := asResponseError(err); ok {
		return answered(e)
	}
	if e, ok := errors.AsType[*azidentity.AuthenticationFailedError](err); ok {
		return loginRefused(e)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "The time for the operation is up, and Azure has not answered."
	}
	return scrub(err.Error())
}

// loginRefused is what Entra says when it gives no token (RFC 6749, section 5.2).
func loginRefused(e *azidentity.AuthenticationFailedError) string {
	if e.RawResponse == nil {
		return scrub(e.Error())
	}
	var answer struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	content, err := runtime.Payload(e.RawResponse)
	if err != nil || json.Unmarshal(content, &answer) != nil || answer.Error == "" {
		return "Microsoft Entra refused the login: HTTP status " + e.RawResponse.Status
	}
	// The rest of the description is IDs and a time stamp.
	description, _, _ := strings.Cut(answer.Description, " Trace ID:")
	return "Microsoft Entra refused the login: " + strings.TrimSpace(description) + " (" + answer.Error + ")"
}

// requestIDs names the request to Microsoft's support.
func requestIDs(err error) string {
	e, ok := asResponseError(err)
	if !ok || e.RawResponse == nil {
		return ""
	}
	correlation := e.RawResponse.Header.Get(headerCorrelationID)
	if correlation == "" && e.RawResponse.Request != nil {
		correlation = e.RawResponse.Request.Header.Get(headerCorrelationID)
	}
	var ids []string
	if correlation != "" {
		ids = append(ids, "Correlation ID: "+correlation)
	}
	if id := e.RawResponse.Header.Get("X-Ms-Request-Id"); id != "" {
		ids = append(ids, "Request ID: "+id)
	}
	return strings.Join(ids, "\n")
}

var (
	queryPattern = regexp.MustCompile(`(https?://[^\s"'?]+)\?[^\s"']*`)
	tokenPattern = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}(\.[A-Za-z0-9_-]*)*`)
	// secretPattern finds the values of a form or JSON object that carry one.
	secretPattern = regexp.MustCompile(`(?i)((?:client_secret|client_assertion|access_token|refresh_token|accesstoken)["']?\s*[=:]\s*["']?)[^\s"'&,}]+`)
)

// scrub takes out of a text what nobody but Azure may read.
func scrub(text string) string {
	text = queryPattern.ReplaceAllString(text, "$1")
	text = tokenPattern.ReplaceAllString(text, "(token)")
	return secretPattern.ReplaceAllString(text, "${1}(secret)")
}

// nextStep says what to do about an error, "" where that is not known.
func nextStep(err error) string {
	if _, ok := errors.AsType[*AccessRefusedError](err); ok {
		return "" // it says so itself
	}
	if _, ok := errors.AsType[*noExpressionsError](err); ok {
		return nextStepWithoutExpressions
	}
	if e, ok := asResponseError(err); ok {
		return nextStepByCode(e)
	}
	text := err.Error()
	if e, ok := errors.AsType[*azidentity.AuthenticationFailedError](err); ok && e.RawResponse != nil {
		return nextStepOfLogin(loginRefused(e))
	}
	switch {
	case isUntrusted(err) || strings.Contains(text, "certificate signed by unknown authority"):
		return "The certificate of the endpoint is signed by an authority that this machine does not trust. If a proxy or a mock stands in between, name its CA certificate in ca_certificate_file (ARM_CA_CERTIFICATE_FILE)."
	case errors.Is(err, syscall.ECONNREFUSED) || strings.Contains(text, "connection refused"):
		return "Nothing listens at that address. Check the endpoints of the provider configuration, and the proxy settings (HTTPS_PROXY) of this machine."
	case strings.Contains(text, "no such host"):
		return "The name of the endpoint cannot be resolved. Check the endpoints of the provider configuration, and the DNS and proxy settings (HTTPS_PROXY) of this machine."
	case strings.Contains(text, "AzureCLICredential"):
		return "Run \"az login\", and check with \"az account show\" that it is the right tenant; or configure another way to log in."
	case strings.Contains(text, "AzureDeveloperCLICredential"):
		return "Run \"azd auth login\"; or configure another way to log in."
	}
	return ""
}

func isUntrusted(err error) bool {
	_, ok := errors.AsType[x509.UnknownAuthorityError](err)
	return ok
}

func nextStepByCode(e *azcore.ResponseError) string {
	switch message := errorMessage(e); {
	case e.ErrorCode == "AuthorizationFailed":
		return nextStepOfRefusal(message)
	case e.ErrorCode == "LinkedAuthorizationFailed" && strings.Contains(message, "is not authorized to access linked subscription"):
		return nextStepOfForeignTenant
	}
	return nextSteps[e.ErrorCode]
}
