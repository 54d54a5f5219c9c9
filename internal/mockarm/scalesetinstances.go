// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"maps"
	"slices"
	"strings"
)

// An instanceBody is an instance of a scale set on the wire.
type instanceBody struct {
	hostBody
	InstanceID string `json:"instanceId"`
}

// instanceBodies shows all instances of a scale set: its own, or the virtual machines that name it.
func (w *World) instanceBodies(set *ScaleSet, apiVersion string) []instanceBody {
	bodies := []instanceBody{}
	for _, instance := range set.Instances {
		bodies = append(bodies, w.uniformInstance(set, instance, apiVersion))
	}
	if set.orchestrationMode() == flexibleMode {
		for _, id := range slices.Sorted(maps.Keys(w.machines)) {
			if machine := w.machines[id]; w.scaleSetOf(machine) == set {
				bodies = append(bodies, w.flexibleInstance(set, machine, apiVersion))
			}
		}
	}
	return bodies
}

// scaleSetOf is the Flexible scale set that a machine belongs to, nil if it stands alone.
func (w *World) scaleSetOf(machine *VirtualMachine) *ScaleSet {
	return w.scaleSets[key(property(machine.Properties, "virtualMachineScaleSet", "id"))]
}

func (w *World) uniformInstance(set *ScaleSet, instance *Instance, apiVersion string) instanceBody {
	profile, _ := set.Properties["virtualMachineProfile"].(map[string]any)
	properties := mergeJSON(cloneJSON(profile), map[string]any{
		"latestModelApplied":     instance.Model == set.Model,
		"modelDefinitionApplied": "VirtualMachineScaleSet",
		"provisioningState":      succeeded,
		"vmId":                   instance.VMID,
	})
	delete(properties, "userData")
	body := hostBody{
		Name: instance.name(set), ID: set.instanceID(instance), Type: scaleSetMachines, Location: set.Location,
		Tags: maps.Clone(set.Tags), SKU: map[string]any{"name": property(set.SKU, "name"), "tier": property(set.SKU, "tier")},
		Identity: w.identityBody(instance.identity, instance.identity.user), Properties: properties,
	}
	if apiVersion >= etagVersion {
		body.Etag = etag(instance.Model)
	}
	return instanceBody{hostBody: body, InstanceID: instance.ID}
}

// name is that of an instance: its ID behind the name of its scale set.
func (i *Instance) name(set *ScaleSet) string { return set.Name + "_" + i.ID }

// flexibleInstance shows a virtual machine as an instance: its instance ID is its name, and there is no model to be behind.
func (w *World) flexibleInstance(set *ScaleSet, machine *VirtualMachine, apiVersion string) instanceBody {
	body := w.machineBody(machine, apiVersion, nil)
	body.ID, body.Type = set.ID+"/virtualMachines/"+machine.Name, scaleSetMachines
	body.Properties["latestModelApplied"] = true
	body.Properties["virtualMachineResourceId"] = machine.ID
	return instanceBody{hostBody: body, InstanceID: machine.Name}
}

// parentSet is the scale set that a request about instances names.
func (w *World) parentSet(req *request) (*ScaleSet, *response) {
	t := req.target
	set := w.scaleSets[key(t.scope+"/providers/"+t.namespace+"/"+t.types[0]+"/"+t.names[0])]
	if set == nil {
		return nil, parentResourceNotFound(t.names[0])
	}
	return set, nil
}

func listInstances(w *World, req *request) *response {
	set, refusal := w.parentSet(req)
	if refusal != nil {
		return refusal
	}
	return page(w, req, w.instanceBodies(set, req.apiVersion))
}

func getInstance(w *World, req *request) *response {
	set, refusal := w.parentSet(req)
	if refusal != nil {
		return refusal
	}
	for _, body := range w.instanceBodies(set, req.apiVersion) {
		if strings.EqualFold(body.InstanceID, req.target.name()) {
			return ok(body)
		}
	}
	return resourceNotFound(scaleSetMachines, set.Name+"/"+req.target.name(), req.target.resourceGroup)
}
