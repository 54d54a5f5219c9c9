// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package identityassignment

import (
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

// machineType is what sets the assignment to one type of machine apart from that to another: names.
type machineType struct {
	resource  string // the Terraform type
	attribute string // that names the machine
	noun      string // in messages
	armType   string
	meaning   tfvalue.Meaning
	newModel  func() model
	// more is what the documentation says beyond what holds for both.
	more string
}

var virtualMachine = machineType{
	resource:  "azuremi_virtual_machine_identity_assignment",
	attribute: "virtual_machine_id",
	noun:      "virtual machine",
	armType:   armid.TypeVirtualMachine,
	meaning:   tfvalue.VirtualMachineID,
	newModel:  func() model { return &virtualMachineModel{} },
}

var scaleSet = machineType{
	resource:  "azuremi_virtual_machine_scale_set_identity_assignment",
	attribute: "virtual_machine_scale_set_id",
	noun:      "virtual machine scale set",
	armType:   armid.TypeVirtualMachineScaleSet,
	meaning:   tfvalue.VirtualMachineScaleSetID,
	newModel:  func() model { return &scaleSetModel{} },
	more: "\n\nWhere the upgrade policy of a uniform scale set is `Manual`, its instances learn of the change when they are upgraded " +
		"(`az vmss update-instances`). The provider does not do that; it warns.",
}

// NewVirtualMachineResource returns the resource azuremi_virtual_machine_identity_assignment.
func NewVirtualMachineResource() resource.Resource {
	return &assignmentResource{machineType: virtualMachine}
}

// NewScaleSetResource returns the resource azuremi_virtual_machine_scale_set_identity_assignment.
func NewScaleSetResource() resource.Resource { return &assignmentResource{machineType: scaleSet} }
