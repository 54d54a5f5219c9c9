// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"strings"
	"testing"
)

// recordedMachine is a machine with an identity property and a provisioning state, at an etag. What the caller wrote comes back
// as it was, and is not held against a recording.
func recordedMachine(identity, state, etag string) string {
	if identity != "" {
		identity = `"identity": ` + identity + `,`
	}
	return `{"name": "vm-linux", "id": "{vm}", "type": "Microsoft.Compute/virtualMachines", "location": "westus", ` + identity + `
		"properties": {"hardwareProfile": {"vmSize": "Standard_B1s"}, "vmId": "<guid>", "provisioningState": "` + state + `"}, "etag": "\"` + etag + `\""}`
}

// TestRecordedIdentityPatch is az vm identity assign and remove (recording test_vm_explicit_msi).
func TestRecordedIdentityPatch(t *testing.T) {
	t.Parallel()
	seed := DefaultSeed()
	seed.VirtualMachines[0].Properties = map[string]any{"hardwareProfile": map[string]any{"vmSize": "Standard_B1s"}}
	world, err := NewWorld(seed, &Clock{})
	if err != nil {
		t.Fatal(err)
	}
	s := (&azure{Server: NewServer(world), clock: world.clock}).operator(t)
	s.createIdentity("id1")
	const path = DefaultMachineID + "?api-version=2024-11-01"
	const operations = `https://mockarm\.invalid/subscriptions/` + DefaultSubscriptionID + `/providers/Microsoft\.Compute/locations/westus/operations/` +
		guidPattern + `\?p=` + guidPattern + `&api-version=2024-11-01&t=\d{18}&c=[\w-]+&s=[\w-]+&h=[\w-]+`
	var poll string
	patched := func(number int) map[string]string {
		return map[string]string{
			"Azure-AsyncNotification": "Enabled", "Azure-AsyncOperation": operations, "Location": "",
			"ETag": `"` + string(rune('1'+number)) + `"`, "x-ms-operation-identifier": ".+", "x-ms-need-to-refresh-epl-cache": "False",
			"x-ms-ratelimit-remaining-resource": "Microsoft.Compute/UpdateVMSubscriptionMaximum;1499,Microsoft.Compute/UpdateVMResource;11",
		}
	}
	both := `{"type": "SystemAssigned, UserAssigned", "principalId": "<guid>", "tenantId": "{t}", "userAssignedIdentities": {"{id1}": `
	replay(t, s, []exchange{
		{
			name: "before", method: http.MethodGet, path: path, status: http.StatusOK, answer: recordedMachine("", "Succeeded", "1"),
			answerHeaders: map[string]string{"ETag": `"1"`, "x-ms-ratelimit-remaining-resource": "Microsoft.Compute/LowCostGetSubscriptionMaximum;23999,Microsoft.Compute/LowCostGetResource;35"},
		},
		{
			name: "assign", method: http.MethodPatch, path: path, status: http.StatusOK, answer: recordedMachine(both+`{}}}`, "Updating", "2"), answerHeaders: patched(1),
			body: `{"identity": {"type": "SystemAssigned,UserAssigned", "userAssignedIdentities": {"{id1}": {}}}}`,
			after: func(s *session) {
				for id := range s.azure.world.operations {
					poll = testSubscription + "/providers/Microsoft.Compute/locations/westus/operations/" + id + "?p=" + id + "&api-version=2024-11-01"
				}
			},
		},
	})
	running := s.must(http.StatusOK, http.MethodGet, poll, "")
	same(t, running, `{"startTime": "<time>", "status": "InProgress", "name": "<guid>"}`)
	if got := running.header.Get("x-ms-ratelimit-remaining-resource"); got != "Microsoft.Compute/GetOperationResource;44,Microsoft.Compute/GetOperationSubscriptionMaximum;14999" {
		t.Errorf("polls that are left: %s", got)
	}
	s.azure.finish()
	same(t, s.must(http.StatusOK, http.MethodGet, poll, ""), `{"startTime": "<time>", "endTime": "<time>", "status": "Succeeded", "name": "<guid>"}`)
	s.azure.allowances.forget()
	replay(t, s, []exchange{
		{name: "assigned", method: http.MethodGet, path: path, status: http.StatusOK, answer: recordedMachine(both+`{"principalId": "<guid>", "clientId": "<guid>"}}}`, "Succeeded", "2")},
		{
			name: "remove the user-assigned", method: http.MethodPatch, path: path, status: http.StatusOK, answerHeaders: patched(2),
			body:   `{"identity": {"type": "SystemAssigned", "userAssignedIdentities": null}}`,
			answer: recordedMachine(`{"type": "SystemAssigned", "principalId": "<guid>", "tenantId": "{t}"}`, "Updating", "3"),
			after:  func(s *session) { s.azure.finish(); s.azure.allowances.forget() },
		},
		{
			name: "remove all", method: http.MethodPatch, path: path, status: http.StatusOK, answerHeaders: patched(3),
			body: `{"identity": {"type": "None", "userAssignedIdentities": null}}`, answer: recordedMachine("", "Updating", "4"),
			after: func(s *session) { s.azure.finish() },
		},
		{name: "removed", method: http.MethodGet, path: path, status: http.StatusOK, answer: recordedMachine("", "Succeeded", "4")},
	})
}

func TestRecordedMachineRefusals(t *testing.T) {
	t.Parallel()
	s := newAzure(t).operator(t)
	s.createIdentity("id1")
	missing := strings.TrimSuffix(testIdentities, "/") + "/missing"
	refusal := func(code, message string) string {
		return `{"error": {"code": "` + code + `", "message": "` + message + `"}}`
	}
	patch := func(identity string) exchange {
		return exchange{name: identity, method: http.MethodPatch, path: DefaultMachineID, body: `{"identity": ` + identity + `}`, status: http.StatusBadRequest}
	}
	with := func(e exchange, answer string, headers ...string) exchange {
		e.answer, e.headers = answer, headers
		return e
	}
	conditional := with(patch(`{"type": "SystemAssigned"}`), refusal("PreconditionFailed", `Etag provided in if-match header \"2\" does not match etag \"1\" of resource.`), "If-Match", `"2"`)
	conditional.status = http.StatusPreconditionFailed
	replay(t, s, []exchange{
		with(patch(`{"type": "UserAssigned", "userAssignedIdentities": {"`+missing+`": {}}}`), refusal("FailedIdentityOperation",
			`Identity operation for resource '{vm}' failed with error 'Failed to perform resource identity operation. Status: 'BadRequest'. Response: `+
				`'{\"error\":{\"code\":\"BadRequest\",\"message\":\"Resource '`+missing+`' was not found.\"}}'.'.`)),
		with(patch(`{"type": "SystemAssigned", "userAssignedIdentities": {"{id1}": {}}}`), `{"error": {"code": "InvalidParameter", "target": "resourceIdentity.identityIds",
			"message": "ResourceIdentity identityIds should not be provided if the type is \"SystemAssigned\"."}}`),
		with(patch(`{"userAssignedIdentities": {"{id1}": {}}}`), refusal("InvalidRequestContent",
			`The request content was invalid and could not be deserialized: 'Required property 'type' not found in JSON. Path 'identity'.'.`)),
		conditional,
	})
}
