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

// The states of a long-running operation, and of a resource after it (ARM RPC, Addendum.md, "Azure-AsyncOperation Resource
// format").
const (
	inProgress = "InProgress"
	succeeded  = "Succeeded"
	failed     = "Failed"
	canceled   = "Canceled"
)

// timeLayout is how ARM writes a point in time: with seven digits behind the point.
const timeLayout = "2006-01-02T15:04:05.0000000"

// operationMemory is how long an operation can be polled after its end.
const operationMemory = 24 * time.Hour

// Operation is a long-running operation, polled at its Azure-AsyncOperation URL.
type Operation struct {
	ID        string           `json:"id"`
	TargetID  string           `json:"targetId"` // of the resource that it changes
	StartTime time.Time        `json:"startTime"`
	EndTime   time.Time        `json:"endTime"`           // when it ends, or ended
	Status    string           `json:"status"`            // "InProgress", "Succeeded", "Failed" or "Canceled"
	Outcome   OperationOutcome `json:"outcome,omitempty"` // how it is to end; "" for well
	Code      string           `json:"code,omitempty"`    // of the error, when it fails
	Message   string           `json:"message,omitempty"`

	// Effect is what the end of the operation does to the world.
	Effect Effect `json:"effect"`
	// Instances are those of a scale set that the operation brings to the latest model, by their IDs.
	Instances []string `json:"instances,omitzero"`
	// Model is the version of the model that an upgrade in the background is about.
	Model int `json:"model,omitempty"`
}

// Effect is what an operation does to the world when its time has come. It is data rather than code, so that a world can be
// saved while operations are in progress.
type Effect string

// The effects of operations on their targets.
const (
	WriteHost        Effect = "writeHost"        // the host has the identity that it was given
	DeleteHost       Effect = "deleteHost"       // the host is gone
	DeleteGroup      Effect = "deleteGroup"      // the resource group is gone, with all that is in it
	UpgradeInstances Effect = "upgradeInstances" // some instances of a scale set have its latest model
	RollInstances    Effect = "rollInstances"    // one instance has it, and the next one follows
)

// apply does what an operation is there for. It finds the target anew, and does nothing if that is gone.
func (e Effect) apply(w *World, ended *Operation) {
	switch e {
	case WriteHost:
		w.endHostWrite(ended)
	case DeleteHost:
		w.endHostDeletion(ended)
	case DeleteGroup:
		w.endGroupDeletion(ended)
	case UpgradeInstances:
		w.endUpgrade(ended)
	case RollInstances:
		w.endRoll(ended)
	}
}

// begin starts a long-running operation that a request has asked for. What it does to the world happens when it ends.
func (w *World) begin(req *request, targetID string, effect Effect) *Operation {
	started := w.start(targetID, w.clock.Now(), effect)
	if fault := req.operationFault(); fault != nil {
		fault.bend(started)
	}
	return started
}

// start is begin for an operation that nobody has asked for, from a point in time on.
func (w *World) start(targetID string, when time.Time, effect Effect) *Operation {
	maps.DeleteFunc(w.operations, func(_ string, old *Operation) bool {
		return old.Status != inProgress && when.Sub(old.EndTime) > operationMemory
	})
	started := &Operation{
		ID:        w.freshGUID("operation", targetID),
		TargetID:  targetID,
		StartTime: when,
		EndTime:   when.Add(w.settings.operationDuration()),
		Status:    inProgress,
		Effect:    effect,
	}
	w.operations[started.ID] = started
	return started
}

// finish ends an operation whose time has come.
func (o *Operation) finish(w *World) {
	o.Status = o.Outcome.status()
	o.Effect.apply(w, o)
}

// inForce tells whether an operation that is over has done what it was there for.
func (o *Operation) inForce() bool { return o.Outcome == "" }

// provisioningState is that of the resource after the operation. One that was pre-empted leaves it to the operation that
// took its place, which has succeeded.
func (o *Operation) provisioningState() string {
	if o.Outcome == OperationPreempted {
		return succeeded
	}
	return o.Status
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
	if o.Status == failed || o.Status == canceled {
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
