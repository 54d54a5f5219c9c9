// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package identityassignment

import (
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

type model struct {
	ID                     types.String   `tfsdk:"id"`
	VirtualMachineID       types.String   `tfsdk:"virtual_machine_id"`
	UserAssignedIdentityID types.String   `tfsdk:"user_assigned_identity_id"`
	SystemAssigned         types.Bool     `tfsdk:"system_assigned"`
	PrincipalID            types.String   `tfsdk:"principal_id"`
	ClientID               types.String   `tfsdk:"client_id"`
	Timeouts               timeouts.Value `tfsdk:"timeouts"`
}

// key builds the key of an assignment that is to be made.
func (m *model) key(diags *diag.Diagnostics) key {
	var k key
	var err error
	if k.machine, err = armid.ParseAs(armid.TypeVirtualMachine, m.VirtualMachineID.ValueString()); err != nil {
		diags.AddAttributeError(path.Root("virtual_machine_id"), "No virtual machine", err.Error())
	}
	if m.SystemAssigned.ValueBool() {
		return k
	}
	if k.identity, err = armid.ParseAs(armid.TypeUserAssignedIdentity, m.UserAssignedIdentityID.ValueString()); err != nil {
		diags.AddAttributeError(path.Root("user_assigned_identity_id"), "No user-assigned identity", err.Error())
	}
	return k
}

// keyFromState reads the key that a create or an import has left in state.
func (m *model) keyFromState(diags *diag.Diagnostics) key {
	k, err := parseKey(m.ID.ValueString())
	if err != nil {
		diags.AddAttributeError(path.Root("id"), "The state holds no assignment", err.Error())
	}
	return k
}

func (m *model) fromARM(a armclient.Assignment) {
	k := key{machine: a.Machine, identity: a.Identity}
	m.ID = types.StringValue(k.String())
	m.VirtualMachineID = tfvalue.VirtualMachineID.Merge(m.VirtualMachineID, k.machine.String())
	if k.identity.IsZero() {
		m.SystemAssigned = types.BoolValue(true)
	} else {
		m.UserAssignedIdentityID = tfvalue.UserAssignedIdentityID.Merge(m.UserAssignedIdentityID, k.identity.String())
	}
	m.PrincipalID = tfvalue.StringOrNull(&a.PrincipalID)
	m.ClientID = tfvalue.StringOrNull(&a.ClientID)
}
