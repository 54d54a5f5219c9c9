// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// The provisioning states of a machine while it is being written.
const (
	creating = "Creating"
	updating = "Updating"
)

// A machineBody is a virtual machine on the wire.
type machineBody struct {
	Name       string            `json:"name"`
	ID         string            `json:"id"`
	Type       string            `json:"type"`
	Location   string            `json:"location"`
	Tags       map[string]string `json:"tags,omitempty"`
	Zones      []string          `json:"zones,omitempty"`
	Plan       map[string]any    `json:"plan,omitempty"`
	Identity   *hostIdentityBody `json:"identity,omitempty"`
	Properties map[string]any    `json:"properties"`
	Etag       string            `json:"etag,omitempty"`
}

// machineBody shows a machine to a caller of an API version. While a write is in progress, what it will lead to is shown.
func (w *World) machineBody(machine *VirtualMachine, apiVersion string, expand []string) machineBody {
	properties := cloneJSON(machine.Properties)
	if properties == nil {
		properties = map[string]any{}
	}
	if !slices.Contains(expand, "userdata") {
		delete(properties, "userData")
	}
	properties["vmId"] = machine.VMID
	properties["provisioningState"] = machine.ProvisioningState
	if slices.Contains(expand, "instanceview") {
		properties["instanceView"] = machine.instanceView()
	}
	shown := machineIdentity{system: machine.SystemAssigned, user: machine.UserAssigned}
	if machine.pending != nil {
		shown = *machine.pending
	}
	body := machineBody{
		Name: machine.Name, ID: machine.ID, Type: virtualMachines, Location: machine.Location, Tags: maps.Clone(machine.Tags),
		Zones: slices.Clone(machine.Zones), Plan: cloneJSON(machine.Plan),
		Identity: w.identityBody(shown, machine.UserAssigned), Properties: properties,
	}
	if apiVersion >= etagVersion {
		body.Etag = etag(machine.Etag)
	}
	return body
}

// instanceView is what is known of a machine at run time. All machines of the mock run.
func (m *VirtualMachine) instanceView() map[string]any {
	status := func(code, display string) map[string]any {
		return map[string]any{"code": code, "level": "Info", "displayStatus": display}
	}
	return map[string]any{
		"computerName": m.Name,
		"statuses": []any{
			status("ProvisioningState/"+strings.ToLower(m.ProvisioningState), "Provisioning "+strings.ToLower(m.ProvisioningState)),
			status("PowerState/running", "VM running"),
		},
	}
}

// cloneJSON copies an object as decoded from JSON.
func cloneJSON(object map[string]any) map[string]any {
	if object == nil {
		return nil
	}
	var clone func(any) any
	clone = func(value any) any {
		switch value := value.(type) {
		case map[string]any:
			return cloneJSON(value)
		case []any:
			list := make([]any, len(value))
			for i := range value {
				list[i] = clone(value[i])
			}
			return list
		default:
			return value
		}
	}
	result := make(map[string]any, len(object))
	for name, value := range object {
		result[name] = clone(value)
	}
	return result
}

// mergeJSON changes an object by the members of another. Objects are merged, null removes, all else replaces.
func mergeJSON(object, patch map[string]any) map[string]any {
	merged := maps.Clone(object)
	if merged == nil {
		merged = map[string]any{}
	}
	for name, value := range patch {
		inner, isObject := value.(map[string]any)
		switch {
		case value == nil:
			delete(merged, name)
		case isObject:
			existing, _ := merged[name].(map[string]any)
			merged[name] = mergeJSON(existing, inner)
		default:
			merged[name] = value
		}
	}
	return merged
}

// writable is what of the properties of a request is kept: what the service tells itself is not, and secrets are never
// given back.
func writable(properties map[string]any) map[string]any {
	kept := cloneJSON(properties)
	for _, name := range []string{"vmId", "provisioningState", "instanceView", "timeCreated"} {
		delete(kept, name)
	}
	if profile, isObject := kept["osProfile"].(map[string]any); isObject {
		delete(profile, "adminPassword")
		delete(profile, "customData")
	}
	return kept
}

func getMachine(w *World, req *request) *response {
	machine := w.machines[key(req.target.path)]
	if machine == nil {
		return machineNotFound(req)
	}
	var expand []string
	for text := range strings.SplitSeq(queryValue(req, "$expand"), ",") {
		option := strings.ToLower(strings.TrimSpace(text))
		if option != "" && option != "instanceview" && option != "userdata" {
			return fail(http.StatusBadRequest, "InvalidParameter", fmt.Sprintf("The value '%s' of the query parameter '$expand' is invalid. The supported values are 'instanceView' and 'userData'.", text))
		}
		expand = append(expand, option)
	}
	return withEtag(req, ok(w.machineBody(machine, req.apiVersion, expand)), machine)
}

func listMachines(w *World, req *request) *response {
	bodies := []machineBody{}
	for _, id := range slices.Sorted(maps.Keys(w.machines)) {
		if encloses(req.target.scope, id) {
			bodies = append(bodies, w.machineBody(w.machines[id], req.apiVersion, nil))
		}
	}
	return page(w, req, bodies)
}

func machineNotFound(req *request) *response {
	return resourceNotFound(virtualMachines, req.target.name(), req.target.resourceGroup)
}

func withEtag(req *request, answer *response, machine *VirtualMachine) *response {
	if req.apiVersion < etagVersion {
		return answer
	}
	return answer.with("ETag", etag(machine.Etag))
}

// A machineWrite is the body of a PUT or PATCH.
type machineWrite struct {
	Location   string             `json:"location"`
	Tags       *map[string]string `json:"tags"`
	Zones      []string           `json:"zones"`
	Plan       map[string]any     `json:"plan"`
	Identity   json.RawMessage    `json:"identity"`
	Properties map[string]any     `json:"properties"`
}

// readMachineWrite reads a write and has ARM's checks of what it links to done.
func readMachineWrite(w *World, req *request) (body machineWrite, change *identityChange, refusal *response) {
	if refusal = decode(req, &body); refusal != nil {
		return body, nil, refusal
	}
	if change, refusal = readIdentityChange(body.Identity); refusal != nil {
		return body, nil, refusal
	}
	return body, change, w.linkedAccess(req, change, virtualMachines+"/write")
}

// putMachine creates a machine, or replaces one: of the attached identities only those stay that the request names.
func putMachine(w *World, req *request) *response {
	body, change, refusal := readMachineWrite(w, req)
	if refusal != nil {
		return refusal
	}
	if body.Location == "" {
		return locationRequired()
	}
	machine, state, answer := w.machines[key(req.target.path)], updating, ok
	location := ""
	if machine != nil {
		location = machine.Location
	}
	if refusal := relocation(req, location, body.Location); refusal != nil {
		return refusal
	}
	if machine == nil {
		machine, state, answer = w.newMachine(req, normalLocation(body.Location)), creating, created
	}
	if refusal := w.startWrite(req, machine, change, true, state); refusal != nil {
		return refusal
	}
	w.machines[key(machine.ID)] = machine
	machine.Tags = nil
	if body.Tags != nil {
		machine.Tags = maps.Clone(*body.Tags)
	}
	machine.Zones, machine.Plan, machine.Properties = slices.Clone(body.Zones), cloneJSON(body.Plan), writable(body.Properties)
	return w.answerWrite(req, answer, machine)
}

func (w *World) newMachine(req *request, location string) *VirtualMachine {
	group := w.resourceGroupOf(req.target)
	return &VirtualMachine{
		ID:   group.ID + "/providers/" + virtualMachines + "/" + req.target.name(),
		VMID: newGUID(), Name: req.target.name(), SubscriptionID: group.SubscriptionID, ResourceGroup: group.Name,
		Location: location, UserAssigned: map[string]*Attachment{},
	}
}

// patchMachine changes what the request names and leaves the rest.
func patchMachine(w *World, req *request) *response {
	body, change, refusal := readMachineWrite(w, req)
	if refusal != nil {
		return refusal
	}
	machine := w.machines[key(req.target.path)]
	if machine == nil {
		return machineNotFound(req)
	}
	if refusal := w.startWrite(req, machine, change, false, updating); refusal != nil {
		return refusal
	}
	if body.Tags != nil {
		machine.Tags = maps.Clone(*body.Tags)
	}
	machine.Properties = mergeJSON(machine.Properties, writable(body.Properties))
	return w.answerWrite(req, ok, machine)
}

// startWrite checks that a machine may be written now, and starts the operation that gives it its new identity. It
// refuses without having changed anything.
func (w *World) startWrite(req *request, machine *VirtualMachine, change *identityChange, replace bool, state string) *response {
	if refusal := precondition(req, machine.Etag); refusal != nil {
		return refusal
	}
	if machine.OperationID != "" {
		return conflictingWrite()
	}
	var next *machineIdentity
	if change != nil {
		current := machineIdentity{system: machine.SystemAssigned, user: machine.UserAssigned}
		var refusal *response
		if next, refusal = w.changeIdentity(w.hostOf(machine), current, change, replace); refusal != nil {
			return refusal
		}
	}
	machine.pending = next
	machine.Etag++
	machine.ProvisioningState = state
	machine.OperationID = w.begin(machine.ID, func(w *World) { w.finishWrite(machine) }).ID
	return nil
}

// finishWrite ends the write of a machine: only now can it act as the identities that were attached.
func (w *World) finishWrite(machine *VirtualMachine) {
	if next := machine.pending; next != nil {
		if machine.SystemAssigned != nil && next.system == nil {
			delete(w.principals, key(machine.SystemAssigned.PrincipalID))
		}
		machine.SystemAssigned, machine.UserAssigned = next.system, next.user
	}
	machine.pending, machine.OperationID, machine.ProvisioningState = nil, "", succeeded
}

// hostOf describes a machine to those who care only for its identity.
func (w *World) hostOf(machine *VirtualMachine) host {
	return host{
		id: machine.ID, name: machine.Name, kind: virtualMachines, location: machine.Location,
		tenantID: w.subscriptions[key(machine.SubscriptionID)].TenantID,
	}
}

// answerWrite answers a write with the machine and where to poll.
func (w *World) answerWrite(req *request, answer func(any) *response, machine *VirtualMachine) *response {
	accepted := withEtag(req, answer(w.machineBody(machine, req.apiVersion, nil)), machine)
	return asynchronous(w, req, accepted, w.operations[machine.OperationID], machine.Location)
}

func deleteMachine(w *World, req *request) *response {
	machine := w.machines[key(req.target.path)]
	if machine == nil {
		return noContent()
	}
	if machine.OperationID != "" {
		return conflictingWrite()
	}
	deletion := w.begin(machine.ID, func(w *World) { w.removeMachine(machine) })
	machine.OperationID, machine.ProvisioningState = deletion.ID, deleting
	accepted := &response{status: http.StatusAccepted}
	accepted.with("Location", computeOperationURL(req, deletion, machine.Location)+"&monitor=true")
	return asynchronous(w, req, accepted, deletion, machine.Location)
}

// removeMachine takes a machine away. Its system-assigned identity goes with it.
func (w *World) removeMachine(machine *VirtualMachine) {
	delete(w.machines, key(machine.ID))
	for _, identity := range []*MachineIdentity{machine.SystemAssigned, machine.systemPending()} {
		if identity != nil {
			delete(w.principals, key(identity.PrincipalID))
		}
	}
	w.removeAssignmentsIn(machine.ID)
}

// systemPending is the system-assigned identity that a write in progress is about to give a machine.
func (m *VirtualMachine) systemPending() *MachineIdentity {
	if m.pending == nil {
		return nil
	}
	return m.pending.system
}
