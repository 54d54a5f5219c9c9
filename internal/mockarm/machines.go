// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// machineBody shows a machine to a caller of an API version.
func (w *World) machineBody(machine *VirtualMachine, apiVersion string, expand []string) hostBody {
	body := w.hostBody(&machine.Host, apiVersion)
	if !slices.Contains(expand, "userdata") {
		delete(body.Properties, "userData")
	}
	body.Properties["vmId"] = machine.VMID
	if slices.Contains(expand, "instanceview") {
		body.Properties["instanceView"] = machine.instanceView()
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
	return withEtag(req, ok(w.machineBody(machine, req.apiVersion, expand)), &machine.Host)
}

func listMachines(w *World, req *request) *response {
	return pageOf(req, within(w, &w.machineOrder, w.machines, req.target.scope), w.settings.pageSize(), func(machine *VirtualMachine) hostBody {
		return w.machineBody(machine, req.apiVersion, nil)
	})
}

func machineNotFound(req *request) *response {
	return resourceNotFound(virtualMachines, req.target.name(), req.target.resourceGroup)
}

// putMachine creates a machine, or replaces one: of the attached identities only those stay that the request names.
func putMachine(w *World, req *request) *response {
	body, refusal := readHostWrite(w, req, virtualMachines)
	if refusal != nil {
		return refusal
	}
	if body.Location == "" {
		return locationRequired()
	}
	machine, answer, location := w.machines[key(req.target.path)], ok, ""
	if machine != nil {
		location = machine.Location
	}
	if refusal := relocation(req, location, body.Location); refusal != nil {
		return refusal
	}
	if machine == nil {
		machine, answer = &VirtualMachine{Host: w.newHost(req, virtualMachines, normalLocation(body.Location))}, created
		machine.VMID = w.freshGUID("machine", machine.ID)
	}
	if refusal := w.startWrite(req, &machine.Host, body.change, true); refusal != nil {
		return refusal
	}
	w.machines[key(machine.ID)] = machine
	machine.replace(body)
	return w.answerWrite(req, answer(w.machineBody(machine, req.apiVersion, nil)), &machine.Host)
}

// patchMachine changes what the request names and leaves the rest.
func patchMachine(w *World, req *request) *response {
	body, refusal := readHostWrite(w, req, virtualMachines)
	if refusal != nil {
		return refusal
	}
	machine := w.machines[key(req.target.path)]
	if machine == nil {
		return machineNotFound(req)
	}
	if refusal := w.startWrite(req, &machine.Host, body.change, false); refusal != nil {
		return refusal
	}
	machine.merge(body)
	return w.answerWrite(req, ok(w.machineBody(machine, req.apiVersion, nil)), &machine.Host)
}

func deleteMachine(w *World, req *request) *response {
	machine := w.machines[key(req.target.path)]
	if machine == nil {
		return noContent()
	}
	return w.deleteHost(req, &machine.Host)
}

// removeMachine takes a machine away. Its system-assigned identity goes with it.
func (w *World) removeMachine(machine *VirtualMachine) {
	delete(w.machines, key(machine.ID))
	w.removeHost(&machine.Host)
}
