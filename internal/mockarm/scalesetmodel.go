// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// The upgrade modes of a scale set: how its instances come by a change of its model (Microsoft Learn:
// virtual-machine-scale-sets-set-upgrade-policy).
const (
	manualUpgrade    = "Manual"    // when they are told to, by manualupgrade
	automaticUpgrade = "Automatic" // all at once, as part of the write
	rollingUpgrade   = "Rolling"   // one after another, in the background
)

// Instance is a virtual machine of a Uniform scale set.
type Instance struct {
	ID   string // the instance ID, "0"
	VMID string
	// Model is the version of the scale set's model that the instance was made from; it is the latest if it equals
	// [ScaleSet.Model].
	Model int
	// identity is that of the model, as far as it has been applied to the instance. Tokens are issued for the scale set's
	// identities whatever an instance shows.
	identity machineIdentity
}

// applyModel brings the instances in line with a write that has come into force: in number at once, in content as the
// upgrade mode says.
func (s *ScaleSet) applyModel(w *World, ended *Operation) {
	if s.orchestrationMode() != uniformMode {
		return
	}
	s.scale(func(id string) string { return w.freshGUID("machine", id) })
	switch s.upgradeMode() {
	case automaticUpgrade:
		for _, instance := range s.Instances {
			s.upgrade(instance)
		}
	case rollingUpgrade:
		s.roll(w, ended)
	}
}

// scale makes as many instances as the capacity asks for, or takes away the newest that are too many. vmID gives an
// instance the GUID of its machine.
func (s *ScaleSet) scale(vmID func(instanceID string) string) {
	wanted := s.capacity()
	if len(s.Instances) > wanted {
		s.Instances = slices.Clone(s.Instances[:wanted])
	}
	for len(s.Instances) < wanted {
		next := 0
		if last := len(s.Instances) - 1; last >= 0 {
			number, _ := strconv.Atoi(s.Instances[last].ID) // Always one that was made here.
			next = number + 1
		}
		instance := &Instance{ID: strconv.Itoa(next)}
		instance.VMID = vmID(s.instanceID(instance))
		s.upgrade(instance)
		s.Instances = append(s.Instances, instance)
	}
}

// roll upgrades the first instance that is behind, and the next one after it. A write in between starts over with what it
// has left behind.
func (s *ScaleSet) roll(w *World, last *Operation) {
	behind := slices.IndexFunc(s.Instances, func(i *Instance) bool { return i.Model != s.Model })
	if behind < 0 || w.scaleSets[key(s.ID)] != s {
		return
	}
	upgrade := w.start(s.ID, last.EndTime, RollInstances)
	upgrade.Instances, upgrade.Model = []string{s.Instances[behind].ID}, s.Model
}

// endRoll upgrades an instance and goes on with the next one, unless a write has come in between.
func (w *World) endRoll(ended *Operation) {
	if set := w.scaleSets[key(ended.TargetID)]; set != nil && set.Model == ended.Model {
		set.upgradeAll(ended.Instances)
		set.roll(w, ended)
	}
}

// upgradeAll brings instances to the latest model, by their IDs.
func (s *ScaleSet) upgradeAll(ids []string) {
	for _, instance := range s.Instances {
		if slices.Contains(ids, instance.ID) {
			s.upgrade(instance)
		}
	}
}

// upgrade brings one instance to the latest model.
func (s *ScaleSet) upgrade(instance *Instance) {
	instance.Model, instance.identity = s.Model, s.identity()
}

// instanceID is the ARM ID of an instance.
func (s *ScaleSet) instanceID(instance *Instance) string {
	return s.ID + "/virtualMachines/" + instance.ID
}

// upgradeInstances is POST …/manualupgrade: it brings the instances that the request names, or all ("*"), to the latest
// model.
func upgradeInstances(w *World, req *request) *response {
	var body struct {
		InstanceIDs []string `json:"instanceIds"`
	}
	if refusal := decode(req, &body); refusal != nil {
		return refusal
	}
	set := w.scaleSets[key(req.target.path[:len(req.target.path)-len("/"+req.target.verb)])]
	if set == nil {
		return scaleSetNotFound(req)
	}
	if len(body.InstanceIDs) == 0 {
		return invalidParameter("instanceIds", "Required parameter 'instanceIds' is missing (null).")
	}
	if set.orchestrationMode() != uniformMode {
		return fail(http.StatusBadRequest, "BadRequest", "The operation 'manualupgrade' is not supported on scale sets with orchestration mode 'Flexible'.")
	}
	var all []string
	for _, instance := range set.Instances {
		all = append(all, instance.ID)
	}
	chosen := body.InstanceIDs
	if slices.Contains(chosen, "*") {
		chosen = all
	}
	for _, id := range chosen {
		if !slices.Contains(all, id) {
			return invalidParameter("instanceIds", fmt.Sprintf("The provided instanceId %s is not an active Virtual Machine Scale Set VM instanceId.", id))
		}
	}
	if refusal := set.admitWrite("Upgrade VMs"); refusal != nil {
		return refusal
	}
	upgrade := w.begin(req, set.ID, UpgradeInstances)
	upgrade.Instances = chosen
	set.OperationID, set.ProvisioningState = upgrade.ID, updating
	accepted := &response{status: http.StatusAccepted}
	accepted.with("Location", computeOperationURL(req, upgrade, set.Location)+"&monitor=true")
	return asynchronous(w, req, accepted, upgrade, set.Location)
}

// endUpgrade ends an upgrade that was asked for.
func (w *World) endUpgrade(ended *Operation) {
	set := w.scaleSets[key(ended.TargetID)]
	if set == nil || set.OperationID != ended.ID {
		return
	}
	if ended.inForce() {
		set.upgradeAll(ended.Instances)
	}
	set.OperationID, set.ProvisioningState = "", ended.provisioningState()
}
