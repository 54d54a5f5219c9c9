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

// model is the state of an assignment to either type of machine.
type model interface {
	machine() *types.String
	rest() *assignmentModel
}

type virtualMachineModel struct {
	VirtualMachineID types.String `tfsdk:"virtual_machine_id"`
	assignmentModel
}

func (m *virtualMachineModel) machine() *types.String { return &m.VirtualMachineID }

type scaleSetModel struct {
	VirtualMachineScaleSetID types.String `tfsdk:"virtual_machine_scale_set_id"`
	assignmentModel
}

func (m *scaleSetModel) machine() *types.String { return &m.VirtualMachineScaleSetID }

// assignmentModel is what both have.
type assignmentModel struct {
	ID                     types.String   `tfsdk:"id"`
	UserAssignedIdentityID types.String   `tfsdk:"user_assigned_identity_id"`
	SystemAssigned         types.Bool     `tfsdk:"system_assigned"`
	PrincipalID            types.String   `tfsdk:"principal_id"`
	ClientID               types.String   `tfsdk:"client_id"`
	Timeouts               timeouts.Value `tfsdk:"timeouts"`
}

func (m *assignmentModel) rest() *assignmentModel { return m }

// keyOf builds the key of an assignment that is to be made.
func (t machineType) keyOf(m model, diags *diag.Diagnostics) key {
	var k key
	var err error
	if k.machine, err = armid.ParseAs(t.armType, m.machine().ValueString()); err != nil {
		diags.AddAttributeError(path.Root(t.attribute), "No "+t.noun, err.Error())
	}
	if m.rest().SystemAssigned.ValueBool() {
		return k
	}
	if k.identity, err = armid.ParseAs(armid.TypeUserAssignedIdentity, m.rest().UserAssignedIdentityID.ValueString()); err != nil {
		diags.AddAttributeError(path.Root("user_assigned_identity_id"), "No user-assigned identity", err.Error())
	}
	return k
}

// keyFromState reads the key that a create or an import has left in state.
func (t machineType) keyFromState(m model, diags *diag.Diagnostics) key {
	k, err := t.parseKey(m.rest().ID.ValueString())
	if err != nil {
		diags.AddAttributeError(path.Root("id"), "The state holds no assignment", err.Error())
	}
	return k
}

// fromARM fills in what Azure says of an assignment. While the machine is being written, what is in state is as good; the
// IDs of a stale assignment are null, which plans a new one (see [assignmentResource.ModifyPlan]).
func (t machineType) fromARM(m model, a armclient.Assignment) {
	t.named(m, key{machine: a.Machine, identity: a.Identity})
	switch {
	case a.Status == armclient.Stale:
		m.rest().PrincipalID, m.rest().ClientID = types.StringNull(), types.StringNull()
	case a.Status == armclient.Updating && !m.rest().PrincipalID.IsNull() && !m.rest().PrincipalID.IsUnknown():
	default:
		m.rest().PrincipalID = tfvalue.StringOrNull(&a.PrincipalID)
		m.rest().ClientID = tfvalue.StringOrNull(&a.ClientID)
	}
}

// named fills in what the key of an assignment says.
func (t machineType) named(m model, k key) {
	m.rest().ID = types.StringValue(k.String())
	*m.machine() = t.meaning.Merge(*m.machine(), k.machine.String())
	if k.identity.IsZero() {
		m.rest().SystemAssigned = types.BoolValue(true)
	} else {
		m.rest().UserAssignedIdentityID = tfvalue.UserAssignedIdentityID.Merge(m.rest().UserAssignedIdentityID, k.identity.String())
	}
}
