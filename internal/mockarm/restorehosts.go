// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"errors"
	"fmt"
	"strconv"
)

func (r restorer) machine(s VirtualMachineState) error {
	h, err := r.host(s.HostState, virtualMachines)
	if err != nil {
		return err
	}
	return put(r.world.machines, "id", s.ID, &VirtualMachine{Host: h, VMID: s.VMID})
}

func (r restorer) scaleSet(s ScaleSetState) error {
	h, err := r.host(s.HostState, scaleSets)
	if err != nil {
		return err
	}
	set := &ScaleSet{Host: h, UniqueID: s.UniqueID, SKU: s.SKU, Model: s.Model}
	for i, instance := range s.Instances {
		if number, err := strconv.Atoi(instance.InstanceID); err != nil || number < 0 {
			return fmt.Errorf("instances[%d].instanceId: %q is not a number", i, instance.InstanceID)
		}
		identity, err := r.hostIdentity(instance.Identity, h.identity())
		if err != nil {
			return fmt.Errorf("instances[%d].%w", i, err)
		}
		set.Instances = append(set.Instances, &Instance{ID: instance.InstanceID, VMID: instance.VMID, Model: instance.Model, identity: identity})
	}
	return put(r.world.scaleSets, "id", s.ID, set)
}

func (r restorer) host(s HostState, kind string) (Host, error) {
	group, name, err := r.resource(s.ID, kind)
	if err != nil {
		return Host{}, err
	}
	provisioning, err := provisioningState(s.ProvisioningState)
	if err != nil {
		return Host{}, fmt.Errorf("provisioningState: %w", err)
	}
	operation := r.world.operations[key(s.OperationID)]
	if s.OperationID != "" && (operation == nil || operation.Status != inProgress || key(operation.TargetID) != key(s.ID)) {
		return Host{}, fmt.Errorf("operationId: no operation %q is in progress on it", s.OperationID)
	}
	h := Host{
		ID: s.ID, Name: name, Type: kind, SubscriptionID: group.SubscriptionID, ResourceGroup: group.Name,
		Location: s.Location, Tags: s.Tags, Zones: s.Zones, Plan: s.Plan, Properties: s.Properties,
		ProvisioningState: provisioning, Etag: s.Etag, OperationID: s.OperationID,
	}
	identity, err := r.hostIdentity(s.HostIdentityState, machineIdentity{})
	if err != nil {
		return Host{}, err
	}
	if own := identity.system; own != nil {
		if err := r.managed(own.PrincipalID, own.ClientID, s.ID); err != nil {
			return Host{}, fmt.Errorf("systemAssigned.%w", err)
		}
	}
	h.SystemAssigned, h.UserAssigned = identity.system, identity.user
	if s.PendingIdentity == nil {
		return h, nil
	}
	if s.OperationID == "" {
		return Host{}, errors.New("pendingIdentity: no operation is in progress")
	}
	pending, err := r.hostIdentity(*s.PendingIdentity, identity)
	if err != nil {
		return Host{}, fmt.Errorf("pendingIdentity.%w", err)
	}
	if own := pending.system; own != nil {
		if err := r.managed(own.PrincipalID, own.ClientID, s.ID); err != nil {
			return Host{}, fmt.Errorf("pendingIdentity.systemAssigned.%w", err)
		}
	}
	h.pending = &pending
	return h, nil
}

// hostIdentity reads what a host can act as. What it has in common with an earlier identity is the same object, since a
// write tells what is new by that.
func (r restorer) hostIdentity(s HostIdentityState, earlier machineIdentity) (machineIdentity, error) {
	identity := machineIdentity{user: map[string]*Attachment{}}
	if own := s.SystemAssigned; own != nil {
		if err := guids("principalId", own.PrincipalID, "clientId", own.ClientID, "tenantId", own.TenantID); err != nil {
			return machineIdentity{}, fmt.Errorf("systemAssigned.%w", err)
		}
		identity.system = &MachineIdentity{PrincipalID: own.PrincipalID, ClientID: own.ClientID, TenantID: own.TenantID, Since: own.Since}
		if earlier.system != nil && *earlier.system == *identity.system {
			identity.system = earlier.system
		}
	}
	for i, a := range s.UserAssigned {
		if a == nil || !isResourceID(a.ID) {
			return machineIdentity{}, fmt.Errorf("userAssigned[%d].id: it is not the ID of an identity", i)
		}
		attachment := &Attachment{ID: a.ID, PrincipalID: a.PrincipalID, ClientID: a.ClientID, Since: a.Since}
		if before := earlier.user[key(a.ID)]; before != nil && *before == *attachment {
			attachment = before
		}
		if err := put(identity.user, "id", a.ID, attachment); err != nil {
			return machineIdentity{}, fmt.Errorf("userAssigned[%d].%w", i, err)
		}
	}
	return identity, nil
}
