// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package virtualmachineidentity

import (
	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

type model struct {
	VirtualMachineID types.String         `tfsdk:"virtual_machine_id"`
	Type             types.String         `tfsdk:"type"`
	SystemAssigned   *systemAssignedModel `tfsdk:"system_assigned"`
	UserAssigned     []userAssignedModel  `tfsdk:"user_assigned"`
	Timeouts         timeouts.Value       `tfsdk:"timeouts"`
}

type systemAssignedModel struct {
	PrincipalID types.String `tfsdk:"principal_id"`
	ClientID    types.String `tfsdk:"client_id"`
	TenantID    types.String `tfsdk:"tenant_id"`
}

type userAssignedModel struct {
	ID          types.String `tfsdk:"id"`
	PrincipalID types.String `tfsdk:"principal_id"`
	ClientID    types.String `tfsdk:"client_id"`
	Stale       types.Bool   `tfsdk:"stale"`
}

func (m *model) fromARM(identities armclient.MachineIdentities) {
	m.Type = types.StringValue(identities.Type)
	if own := identities.SystemAssigned; own != nil {
		m.SystemAssigned = &systemAssignedModel{
			PrincipalID: tfvalue.StringOrNull(&own.PrincipalID),
			ClientID:    tfvalue.StringOrNull(&own.ClientID),
			TenantID:    tfvalue.StringOrNull(&identities.TenantID),
		}
	}
	m.UserAssigned = []userAssignedModel{}
	for _, one := range identities.UserAssigned {
		m.UserAssigned = append(m.UserAssigned, userAssignedModel{
			ID:          types.StringValue(one.Identity.String()),
			PrincipalID: tfvalue.StringOrNull(&one.PrincipalID),
			ClientID:    tfvalue.StringOrNull(&one.ClientID),
			Stale:       types.BoolValue(one.Status == armclient.Stale),
		})
	}
}
