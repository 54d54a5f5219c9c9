// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
)

// defaultMachine are the properties of a small Linux machine.
const defaultMachine = `{
	"hardwareProfile": {"vmSize": "Standard_B1s"},
	"storageProfile": {
		"imageReference": {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"},
		"osDisk": {"osType": "Linux", "createOption": "FromImage"}
	},
	"osProfile": {"adminUsername": "azureuser"}
}`

func (p planter) machine(s SeedMachine) error {
	h, err := p.host(virtualMachines, s.Subscription, s.ResourceGroup, s.Name, s.ProvisioningState)
	if err != nil {
		return err
	}
	vmID, err := guid("vmId", s.VMID, "machine", h.ID)
	if err != nil {
		return err
	}
	if h.Properties, err = copyProperties(s.Properties); err != nil {
		return fmt.Errorf("properties: %w", err)
	}
	h.Location, h.Tags = cmp.Or(s.Location, h.Location), maps.Clone(s.Tags)
	vm := &VirtualMachine{Host: h, VMID: vmID}
	if setID := property(h.Properties, "virtualMachineScaleSet", "id"); setID != "" {
		if set := p.world.scaleSetOf(vm); set == nil || set.orchestrationMode() != flexibleMode {
			return fmt.Errorf("properties.virtualMachineScaleSet.id: there is no Flexible scale set %q in the seed", setID)
		}
	}
	if err := p.attach(&vm.Host, s.SystemAssigned, s.UserAssignedIdentities); err != nil {
		return err
	}
	return put(p.world.machines, "name", vm.ID, vm)
}

func (p planter) scaleSet(s SeedScaleSet) error {
	h, err := p.host(scaleSets, s.Subscription, s.ResourceGroup, s.Name, s.ProvisioningState)
	if err != nil {
		return err
	}
	orchestration := spelled(cmp.Or(s.OrchestrationMode, uniformMode), uniformMode, flexibleMode)
	upgrade := spelled(cmp.Or(s.UpgradeMode, manualUpgrade), manualUpgrade, automaticUpgrade, rollingUpgrade)
	switch {
	case orchestration == "":
		return fmt.Errorf("orchestrationMode: %q is neither %s nor %s", s.OrchestrationMode, uniformMode, flexibleMode)
	case upgrade == "":
		return fmt.Errorf("upgradeMode: %q is none of %s, %s and %s", s.UpgradeMode, manualUpgrade, automaticUpgrade, rollingUpgrade)
	case s.Capacity < 0 || s.Capacity > 0 && orchestration == flexibleMode:
		return errors.New("capacity: only a Uniform scale set has instances of its own")
	}
	profile, err := copyProperties(nil)
	if err != nil {
		return err
	}
	delete(profile, "hardwareProfile") // The size is that of the SKU.
	h.Properties = map[string]any{
		"orchestrationMode":     orchestration,
		"upgradePolicy":         map[string]any{"mode": upgrade},
		"virtualMachineProfile": profile,
	}
	h.Location, h.Tags = cmp.Or(s.Location, h.Location), maps.Clone(s.Tags)
	uniqueID, err := guid("name", "", "scale set", h.ID)
	if err != nil {
		return err
	}
	set := &ScaleSet{Host: h, UniqueID: uniqueID, Model: 1, SKU: map[string]any{
		"name": "Standard_B1s", "tier": "Standard", "capacity": float64(s.Capacity),
	}}
	if err := p.attach(&set.Host, s.SystemAssigned, s.UserAssignedIdentities); err != nil {
		return err
	}
	set.scale(func(id string) string { return derivedGUID("machine:" + id) })
	return put(p.world.scaleSets, "name", set.ID, set)
}

// host is what machines and scale sets of the seed have in common.
func (p planter) host(kind, subscriptionID, groupName, name, state string) (Host, error) {
	group, subscription, err := p.groupOf(subscriptionID, groupName)
	if err != nil {
		return Host{}, err
	}
	if err := required("name", name); err != nil {
		return Host{}, err
	}
	known, err := provisioningState(cmp.Or(state, succeeded))
	if err != nil {
		return Host{}, fmt.Errorf("provisioningState: %w", err)
	}
	return Host{
		ID: group.ID + "/providers/" + kind + "/" + name, Name: name, Type: kind,
		SubscriptionID: subscription.ID, ResourceGroup: group.Name, Location: group.Location,
		ProvisioningState: known, Etag: 1, UserAssigned: map[string]*Attachment{},
	}, nil
}

// attach gives a host of the seed its identities.
func (p planter) attach(h *Host, system bool, identities []string) error {
	if system {
		tenantID := p.world.subscriptions[key(h.SubscriptionID)].TenantID
		principal, err := p.managedPrincipal(tenantID, h.Name, h.ID, "", "")
		if err != nil {
			return err
		}
		h.SystemAssigned = &MachineIdentity{PrincipalID: principal.ObjectID, ClientID: principal.AppID, TenantID: principal.TenantID}
	}
	for i, attached := range identities {
		identity := p.world.identities[key(attached)]
		if identity == nil {
			return fmt.Errorf("userAssignedIdentities[%d]: there is no identity %q in the seed", i, attached)
		}
		h.UserAssigned[key(attached)] = &Attachment{ID: attached, PrincipalID: identity.PrincipalID, ClientID: identity.ClientID}
	}
	return nil
}

// copyProperties copies the properties of a machine, so that writes to the world do not change the seed.
func copyProperties(properties map[string]any) (map[string]any, error) {
	encoded := []byte(defaultMachine)
	if properties != nil {
		var err error
		if encoded, err = json.Marshal(properties); err != nil {
			return nil, err
		}
	}
	var fresh map[string]any
	return fresh, json.Unmarshal(encoded, &fresh)
}
