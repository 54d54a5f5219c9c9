// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"fmt"
	"net/http"
	"strings"
)

// computeVersions are the API versions of Microsoft.Compute's machines.
var computeVersions = []string{
	"2015-06-15", "2016-03-30", "2016-04-30-preview", "2017-03-30", "2017-12-01", "2018-04-01", "2018-06-01", "2018-10-01",
	"2019-03-01", "2019-07-01", "2019-12-01", "2020-06-01", "2020-12-01", "2021-03-01", "2021-04-01", "2021-07-01",
	"2021-11-01", "2022-03-01", "2022-08-01", "2022-11-01", "2023-03-01", "2023-07-01", "2023-09-01", "2024-03-01",
	"2024-07-01", "2024-11-01", "2025-04-01", "2025-11-01", "2026-03-01", "2026-04-01",
}

// etagVersion is the API version from which on machines have etags, and writes of them conditions.
const etagVersion = "2023-09-01"

// The types of Microsoft.Compute that have identities, and that of a scale set's instances.
const (
	virtualMachines  = "Microsoft.Compute/virtualMachines"
	scaleSets        = "Microsoft.Compute/virtualMachineScaleSets"
	scaleSetMachines = scaleSets + "/virtualMachines"
)

// computeService is Microsoft.Compute: virtual machines, scale sets, and the operations that write them.
func computeService() service {
	return service{namespace: "Microsoft.Compute", limits: computeLimits, types: []resourceType{
		{
			name: "virtualMachines", apiVersions: computeVersions, locations: locationNames(),
			operations: []operation{
				{method: http.MethodGet, on: onItem, action: virtualMachines + "/read", handle: getMachine},
				{method: http.MethodGet, on: onCollection, action: virtualMachines + "/read", handle: listMachines},
				{method: http.MethodPut, on: onItem, action: virtualMachines + "/write", handle: putMachine},
				{method: http.MethodPatch, on: onItem, action: virtualMachines + "/write", handle: patchMachine},
				{method: http.MethodDelete, on: onItem, action: virtualMachines + "/delete", handle: deleteMachine},
			},
		},
		{
			name: "virtualMachineScaleSets", apiVersions: computeVersions, locations: locationNames(),
			operations: []operation{
				{method: http.MethodGet, on: onItem, action: scaleSets + "/read", handle: getScaleSet},
				{method: http.MethodGet, on: onCollection, action: scaleSets + "/read", handle: listScaleSets},
				{method: http.MethodPut, on: onItem, action: scaleSets + "/write", handle: putScaleSet},
				{method: http.MethodPatch, on: onItem, action: scaleSets + "/write", handle: patchScaleSet},
				{method: http.MethodDelete, on: onItem, action: scaleSets + "/delete", handle: deleteScaleSet},
				{method: http.MethodPost, on: onAction, verb: "manualupgrade", action: scaleSets + "/manualupgrade/action", handle: upgradeInstances},
			},
		},
		{
			name: "virtualMachineScaleSets/virtualMachines", apiVersions: computeVersions, locations: locationNames(),
			operations: []operation{
				{method: http.MethodGet, on: onItem, action: scaleSetMachines + "/read", handle: getInstance},
				{method: http.MethodGet, on: onCollection, action: scaleSetMachines + "/read", handle: listInstances},
			},
		},
		{
			// A polling URL is its own permission: who may write one machine may not read the subscription's locations.
			name: "locations/operations", apiVersions: computeVersions, locations: locationNames(),
			operations: []operation{{method: http.MethodGet, on: onItem, handle: getComputeOperation}},
		},
	}}
}

// etag is the etag of the n-th version of a resource. The quotes belong to it.
func etag(n int) string { return fmt.Sprintf(`"%d"`, n) }

// precondition checks If-Match and If-None-Match against the version of a resource, 0 for one that does not exist.
func precondition(req *request, version int) *response {
	if req.apiVersion < etagVersion {
		return nil
	}
	names := func(header string) bool {
		for candidate := range strings.SplitSeq(header, ",") {
			if candidate = strings.TrimSpace(candidate); candidate == "*" || candidate == etag(version) {
				return version > 0
			}
		}
		return false
	}
	if wanted := req.header.Get("If-Match"); wanted != "" && !names(wanted) {
		return fail(http.StatusPreconditionFailed, "PreconditionFailed", fmt.Sprintf(
			"Etag provided in if-match header %s does not match etag %s of resource.", wanted, etag(version)))
	}
	if unwanted := req.header.Get("If-None-Match"); unwanted != "" && names(unwanted) {
		return fail(http.StatusPreconditionFailed, "PreconditionFailed", fmt.Sprintf(
			"Etag provided in if-none-match header %s matches etag %s of resource.", unwanted, etag(version)))
	}
	return nil
}

// conflictingWrite refuses a write while another one is in progress on the same resource.
func conflictingWrite() *response {
	return fail(http.StatusConflict, "ConflictingConcurrentWriteNotAllowed",
		"The operation was interrupted by a conflicting concurrent write on the same entity. Please retry later.")
}

// markedForDeletion refuses everything but another DELETE of a host that is on its way out.
func markedForDeletion(h *Host, operation string) *response {
	return fail(http.StatusConflict, "OperationNotAllowed", fmt.Sprintf("Operation '%s' is not allowed on VM '%s' since the VM is marked for deletion. "+
		"You can only retry the Delete operation (or wait for an ongoing one to complete).", operation, h.Name))
}

// asynchronous adds to the answer of a write where its operation is polled. There is no Location: that the answer has the
// resource as its body is what Compute's clients count on.
func asynchronous(w *World, req *request, answer *response, running *Operation, location string) *response {
	answer = answer.with("Azure-AsyncNotification", "Enabled").
		with("Azure-AsyncOperation", computeOperationURL(req, running, location)).
		with("x-ms-operation-identifier", operationIdentifier(req, running)).
		with("x-ms-need-to-refresh-epl-cache", "False")
	return pollLater(w, answer)
}

// operationIdentifier is what Compute's operations are found by in its own logs; no client reads it.
func operationIdentifier(req *request, running *Operation) string {
	return fmt.Sprintf("tenantId=%s,objectId=%s/%s/%s", req.caller.tenantID, req.caller.objectID, req.target.subscription, running.ID)
}
