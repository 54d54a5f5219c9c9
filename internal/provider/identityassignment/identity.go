// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package identityassignment

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var identitySchema = identityschema.Schema{
	Attributes: map[string]identityschema.Attribute{
		"virtual_machine_id": identityschema.StringAttribute{RequiredForImport: true, Description: "Resource ID of the virtual machine."},
		"user_assigned_identity_id": identityschema.StringAttribute{
			OptionalForImport: true,
			Description:       "Resource ID of the user-assigned identity; left out for the system-assigned one.",
		},
	},
}

// identityModel is made from canonical IDs only: Terraform compares it byte for byte.
type identityModel struct {
	VirtualMachineID       types.String `tfsdk:"virtual_machine_id"`
	UserAssignedIdentityID types.String `tfsdk:"user_assigned_identity_id"`
}

func identityOf(k key) identityModel {
	m := identityModel{VirtualMachineID: types.StringValue(k.machine.String())}
	if !k.identity.IsZero() {
		m.UserAssignedIdentityID = types.StringValue(k.identity.String())
	}
	return m
}

// importID returns the ID by which the same assignment is imported.
func (m identityModel) importID() string {
	if m.UserAssignedIdentityID.IsNull() {
		return m.VirtualMachineID.ValueString() + "|" + systemAssigned
	}
	return m.VirtualMachineID.ValueString() + "|" + m.UserAssignedIdentityID.ValueString()
}
