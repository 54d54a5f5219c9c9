// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
)

// AlreadyExistsError says that what was to be created is there already.
type AlreadyExistsError struct {
	ID armid.ID
}

// Error implements error.
func (e *AlreadyExistsError) Error() string { return e.ID.String() + " already exists" }

func (*AlreadyExistsError) explained() {}

// goneCodes are the codes of a 404 by which ARM says that the object itself is not there, or what it stands in.
//
// SubscriptionNotFound is not among them: it is also the answer to somebody who is logged in to the wrong tenant, who must
// not take all their resources for deleted. Nor are the codes for a namespace or type that ARM does not know.
var goneCodes = map[string]bool{
	"ResourceNotFound":           true,
	"ResourceGroupNotFound":      true,
	"ParentResourceNotFound":     true,
	"NotFound":                   true,
	"RoleAssignmentNotFound":     true,
	"RoleDefinitionDoesNotExist": true,
}

// IsNotFound reports whether err is ARM's answer that an object, or the group or resource that it stands in, does not
// exist. A 404 without a body counts; one with a page of somebody else's in it, such as a proxy's, does not.
func IsNotFound(err error) bool {
	respErr, ok := asResponseError(err)
	if !ok || respErr.StatusCode != http.StatusNotFound {
		return false
	}
	if respErr.ErrorCode != "" {
		return goneCodes[respErr.ErrorCode]
	}
	return respErr.RawResponse != nil && len(body(respErr)) == 0
}

// ErrorCode returns the code of ARM's error, "" if err is not one of ARM's. A long-running operation that failed has a
// code like any other, although the status of its answer is 200.
func ErrorCode(err error) string {
	if respErr, ok := asResponseError(err); ok {
		return respErr.ErrorCode
	}
	return ""
}

// asResponseError returns the answer of ARM that err is about.
func asResponseError(err error) (*azcore.ResponseError, bool) {
	return errors.AsType[*azcore.ResponseError](err)
}

// body returns what an answer held. The pipeline has read it already.
func body(e *azcore.ResponseError) []byte {
	if e.RawResponse == nil || e.RawResponse.Body == nil {
		return nil
	}
	content, err := runtime.Payload(e.RawResponse)
	if err != nil {
		return nil
	}
	return content
}

// errorBody is ARM's error envelope (ARM RPC, common-api-details.md).
type errorBody struct {
	Error struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Details []struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"details"`
	} `json:"error"`
}

// errorMessage returns the message in ARM's error, with those of its details that say something else.
func errorMessage(e *azcore.ResponseError) string {
	var envelope errorBody
	if err := json.Unmarshal(body(e), &envelope); err != nil {
		return ""
	}
	message := strings.TrimSpace(envelope.Error.Message)
	for _, d := range envelope.Error.Details {
		if d.Message != "" && !strings.Contains(message, d.Message) {
			message = strings.TrimSpace(message + "\n" + strings.TrimPrefix(d.Code+": ", ": ") + d.Message)
		}
	}
	return message
}

// answered puts an answer of ARM into a sentence: its code and message, or what else there is to know it by.
func answered(e *azcore.ResponseError) string {
	message := errorMessage(e)
	switch {
	case e.ErrorCode != "" && message != "":
		return e.ErrorCode + ": " + message
	case e.ErrorCode != "":
		return e.ErrorCode
	case message != "":
		return message
	}
	text := fmt.Sprintf("HTTP status %d %s", e.StatusCode, http.StatusText(e.StatusCode))
	if e.RawResponse != nil && len(body(e)) > 0 {
		text += fmt.Sprintf(", with a body (%s) that is not Azure Resource Manager's; it may come from a proxy or gateway on the way", e.RawResponse.Header.Get("Content-Type"))
	}
	return strings.TrimSpace(text)
}
