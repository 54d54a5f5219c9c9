// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// responseError is the error that the SDK makes of an answer.
func responseError(t *testing.T, status int, header map[string]string, content string) error {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, mockURL+"/subscriptions/x?api-version=1&sig=hush-hush", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer eyJhbGciOiJub25lIn0.eyJ0b2tlbiI6Im9mIHJlcXVlc3QifQ.sig")
	return runtime.NewResponseError(answer(req, status, header, content))
}

func TestNotFoundIsSaidOfTheThingItself(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status  int
		content string
		want    bool
	}{
		"the resource":               {404, armError("ResourceNotFound", "x"), true},
		"its group":                  {404, armError("ResourceGroupNotFound", "x"), true},
		"its parent":                 {404, armError("ParentResourceNotFound", "x"), true},
		"a role assignment":          {404, armError("RoleAssignmentNotFound", "x"), true},
		"no body":                    {404, "", true},
		"the subscription":           {404, armError("SubscriptionNotFound", "x"), false},
		"the type":                   {404, armError("InvalidResourceType", "x"), false},
		"a proxy's page":             {404, "<html>not found</html>", false},
		"no right":                   {403, armError("AuthorizationFailed", "x"), false},
		"a role of a new assignment": {400, armError("RoleDefinitionDoesNotExist", "x"), false},
		"an operation that failed":   {200, `{"status":"Failed","error":{"code":"ResourceNotFound","message":"x"}}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := fmt.Errorf("reading: %w", responseError(t, c.status, nil, c.content))
			if got := IsNotFound(err); got != c.want {
				t.Errorf("IsNotFound is %t", got)
			}
		})
	}
	if IsNotFound(nil) || IsNotFound(errors.New("404")) {
		t.Error("what is no answer of ARM says that something is gone")
	}
}

func TestErrorCode(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"FailedIdentityOperation": responseError(t, 200, nil, `{"status":"Failed","error":{"code":"FailedIdentityOperation","message":"x"}}`),
		"ScopeLocked":             fmt.Errorf("deleting: %w", responseError(t, 409, nil, armError("ScopeLocked", "x"))),
		"":                        errors.New("x"),
	} {
		if got := ErrorCode(err); got != want {
			t.Errorf("the code of %v is %q, want %q", err, got, want)
		}
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	ids := map[string]string{"X-Ms-Correlation-Request-Id": "corr-1", "X-Ms-Request-Id": "req-1"}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"nothing": {nil, ""},
		"a refusal with its role": {
			fmt.Errorf("creating: %w", responseError(t, 403, ids, armError("AuthorizationFailed", "The client 'c' with object id 'o' does not have authorization to perform action 'Microsoft.Authorization/roleAssignments/write' over scope '/subscriptions/s' or the scope is invalid."))),
			"AuthorizationFailed: The client 'c' with object id 'o' does not have authorization to perform action 'Microsoft.Authorization/roleAssignments/write' over scope '/subscriptions/s' or the scope is invalid.\n\n" +
				"What is missing is likely the role \"Role Based Access Control Administrator\" at the scope /subscriptions/s, or at one above it. A new grant can take up to ten minutes to take effect.\n\n" +
				"Correlation ID: corr-1\nRequest ID: req-1",
		},
		"an operation that failed": {
			responseError(t, 200, nil, `{"status":"Failed","error":{"code":"ScopeLocked","message":"The scope is locked."}}`),
			"ScopeLocked: The scope is locked.\n\n" + nextSteps["ScopeLocked"],
		},
		"details": {
			responseError(t, 400, nil, `{"error":{"code":"Bad","message":"It is bad.","details":[{"code":"Worse","message":"It is worse."},{"code":"Same","message":"It is bad."}]}}`),
			"Bad: It is bad.\nWorse: It is worse.",
		},
		"a proxy's page": {
			responseError(t, 502, map[string]string{"Content-Type": "text/html"}, "<html>oops</html>"),
			"HTTP status 502 Bad Gateway, with a body (text/html) that is not Azure Resource Manager's; it may come from a proxy or gateway on the way",
		},
		"no body": {responseError(t, 500, nil, ""), "HTTP status 500 Internal Server Error"},
		"the end of the time": {
			fmt.Errorf("waiting: %w", context.DeadlineExceeded),
			"The time for the operation is up, and Azure has not answered.",
		},
		"our own": {
			fmt.Errorf("x: %w", &UnknownRoleError{Name: "Readr", Nearest: []string{"Reader"}}),
			`There is no role called "Readr" that can be assigned at this scope. Did you mean "Reader"?`,
		},
		"Entra": {
			fmt.Errorf("x: %w", &azidentity.AuthenticationFailedError{RawResponse: answer(nil, 401, nil, `{"error":"invalid_client","error_description":"AADSTS7000222: The provided client secret keys for app 'a' are expired. Trace ID: t Correlation ID: c Timestamp: x"}`)}),
			"Microsoft Entra refused the login: AADSTS7000222: The provided client secret keys for app 'a' are expired. (invalid_client)\n\nThe client secret has expired. Make a new one and set client_secret (ARM_CLIENT_SECRET).",
		},
		"a URL": {
			errors.New(`Get "https://arm.example/subscriptions/x?api-version=1&sig=hush-hush": EOF`),
			`Get "https://arm.example/subscriptions/x": EOF`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Describe(c.err); got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}

func TestRolesForActions(t *testing.T) {
	t.Parallel()
	for action, want := range map[string]string{
		"Microsoft.Authorization/roleAssignments/delete":                 "Role Based Access Control Administrator",
		"Microsoft.ManagedIdentity/userAssignedIdentities/write":         "Managed Identity Contributor",
		"Microsoft.ManagedIdentity/userAssignedIdentities/assign/action": "Managed Identity Operator",
		"Microsoft.Compute/virtualMachines/write":                        "Virtual Machine Contributor",
		"Microsoft.Resources/subscriptions/resourceGroups/read":          "Reader",
		"Microsoft.Authorization/roleDefinitions/read":                   "Reader",
		"Microsoft.Compute/register/action":                              "Contributor",
	} {
		if got := roleFor(action); got != want {
			t.Errorf("the role for %s is %q, want %q", action, got, want)
		}
	}
}

// TestNoTextHoldsASecret puts tokens and secrets into every place from which an error is made.
func TestNoTextHoldsASecret(t *testing.T) {
	t.Parallel()
	const token, hush = "eyJhbGciOiJub25lIn0.eyJvaWQiOiJ4In0.c2ln", "hush-hush"
	for name, err := range map[string]error{
		"the URL and headers of a request": responseError(t, 403, nil, armError("AuthorizationFailed", "No.")),
		"a message that echoes":            responseError(t, 401, nil, armError("InvalidAuthenticationToken", "The access token "+token+" is invalid.")),
		"a failed connection":              fmt.Errorf("Post %q: EOF", mockURL+"/token?client_secret="+hush),
		"a form":                           errors.New("sending client_id=x&client_secret=" + hush + "&client_assertion=" + token),
		"JSON":                             errors.New(`parsing {"access_token":"` + token + `","refresh_token": "` + hush + `"}`),
		"a refused login":                  &azidentity.AuthenticationFailedError{RawResponse: answer(nil, 400, nil, `{"error":"invalid_request","error_description":"client_assertion=`+token+` is not valid"}`)},
		"what was tried last":              &TimeUpError{Cause: context.DeadlineExceeded, Last: errors.New("Get " + mockURL + "?sig=" + hush + ": EOF with " + token)},
	} {
		text := Describe(err)
		if text == "" || strings.Contains(text, "eyJ") || strings.Contains(text, hush) {
			t.Errorf("%s: the text is %q", name, text)
		}
	}
}

func TestARefusedAssertionIsExplained(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"AADSTS700211": "issuer", "AADSTS700212": "audience", "AADSTS700213": "subject", "AADSTS7002138": "case", "AADSTS70021": "wait",
	} {
		if step := nextStepOfLogin(code + ": No matching federated identity record found for presented assertion."); !strings.Contains(step, want) {
			t.Errorf("after %s the user is told %q", code, step)
		}
	}
}
