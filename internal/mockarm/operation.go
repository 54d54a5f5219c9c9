// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The states of a long-running operation (ARM RPC, Addendum.md, "Azure-AsyncOperation Resource format").
const (
	inProgress = "InProgress"
	succeeded  = "Succeeded"
)

// timeLayout is how ARM writes a point in time: with seven digits behind the point.
const timeLayout = "2006-01-02T15:04:05.0000000"

// operationMemory is how long an operation can be polled after its end.
const operationMemory = 24 * time.Hour

// begin starts a long-running operation on a resource. What it does to the world happens when it completes.
func (w *World) begin(targetID string, complete func(*World)) *Operation {
	now := w.clock.Now()
	maps.DeleteFunc(w.operations, func(_ string, old *Operation) bool {
		return old.Status != inProgress && now.Sub(old.EndTime) > operationMemory
	})
	started := &Operation{
		ID:        newGUID(),
		TargetID:  targetID,
		StartTime: now,
		EndTime:   now.Add(w.settings.operationDuration()),
		Status:    inProgress,
		complete:  complete,
	}
	w.operations[started.ID] = started
	return started
}

// pollLater asks those who poll to wait. Azure tells whole seconds; shorter pauses go into the header that is there for
// them in the Azure SDKs.
func pollLater(w *World, answer *response) *response {
	pause := w.settings.retryAfter()
	if pause%time.Second == 0 {
		return answer.with("Retry-After", strconv.Itoa(int(pause/time.Second)))
	}
	return answer.with("retry-after-ms", strconv.FormatInt(max(1, pause.Milliseconds()), 10))
}

// operationBody is what polling an Azure-AsyncOperation answers: always with 200, even when the operation has failed.
type operationBody struct {
	StartTime string       `json:"startTime"`
	EndTime   string       `json:"endTime,omitempty"`
	Status    string       `json:"status"`
	Name      string       `json:"name"`
	Error     *errorDetail `json:"error,omitempty"`
}

func (o *Operation) body() operationBody {
	const layout = timeLayout + "-07:00"
	body := operationBody{StartTime: o.StartTime.UTC().Format(layout), Status: o.Status, Name: o.ID}
	if o.Status != inProgress {
		body.EndTime = o.EndTime.UTC().Format(layout)
	}
	if o.Code != "" {
		body.Error = &errorDetail{Code: o.Code, Message: o.Message}
	}
	return body
}

// computeOperationURL is where an operation of Microsoft.Compute is polled. It must be absolute (ARM RPC, Addendum.md).
func computeOperationURL(req *request, o *Operation, location string) string {
	return fmt.Sprintf("%s/subscriptions/%s/providers/Microsoft.Compute/locations/%s/operations/%s?p=%s&api-version=%s",
		req.baseURL, req.target.subscription, location, o.ID, o.ID, req.apiVersion)
}

// getComputeOperation answers a poll: of the Azure-AsyncOperation URL with the operation, and of the Location URL
// (monitor=true) with 202 until it is over.
func getComputeOperation(w *World, req *request) *response {
	polled := w.operations[key(req.target.name())]
	if polled == nil || !encloses("/subscriptions/"+req.target.subscription, polled.TargetID) {
		return operationNotFound(req.target.name())
	}
	if strings.EqualFold(queryValue(req, "monitor"), "true") {
		return pollResult(w, req, polled)
	}
	answer := ok(polled.body())
	if polled.Status == inProgress {
		return pollLater(w, answer)
	}
	return answer
}

// getOperationResult answers a poll of Azure Resource Manager's own operations by their Location URL.
func getOperationResult(w *World, req *request) *response {
	polled := w.operations[key(req.target.name())]
	if polled == nil || !encloses("/subscriptions/"+req.target.subscription, polled.TargetID) {
		return operationNotFound(req.target.name())
	}
	return pollResult(w, req, polled)
}

// pollResult follows the rules of a Location URL: 202 with the URL again while the operation runs, then the result
// (ARM RPC, Addendum.md, "202 Accepted and Location Headers").
func pollResult(w *World, req *request, polled *Operation) *response {
	switch polled.Status {
	case inProgress:
		answer := &response{status: http.StatusAccepted}
		return pollLater(w, answer.with("Location", req.baseURL+(&url.URL{Path: req.target.path}).EscapedPath()+"?"+req.query.Encode()))
	case succeeded:
		return &response{status: http.StatusOK}
	default:
		return fail(http.StatusConflict, polled.Code, polled.Message)
	}
}

func operationNotFound(id string) *response {
	return fail(http.StatusNotFound, "NotFound", fmt.Sprintf("The operation '%s' was not found.", id))
}
