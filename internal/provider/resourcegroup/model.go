// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package resourcegroup

import (
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armresources/v3"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

type model struct {
	Name                   types.String   `tfsdk:"name"`
	SubscriptionID         types.String   `tfsdk:"subscription_id"`
	ClientID               types.String   `tfsdk:"client_id"`
	PrincipalID            types.String   `tfsdk:"principal_id"`
	UserAssignedIdentityID types.String   `tfsdk:"user_assigned_identity_id"`
	WaitForAccess          types.Bool     `tfsdk:"wait_for_access"`
	ID                     types.String   `tfsdk:"id"`
	Location               types.String   `tfsdk:"location"`
	ManagedBy              types.String   `tfsdk:"managed_by"`
	ProvisioningState      types.String   `tfsdk:"provisioning_state"`
	Tags                   types.Map      `tfsdk:"tags"`
	ReadBy                 *readByModel   `tfsdk:"read_by"`
	Timeouts               timeouts.Value `tfsdk:"timeouts"`
}

type readByModel struct {
	ClientID           types.String `tfsdk:"client_id"`
	PrincipalID        types.String `tfsdk:"principal_id"`
	TenantID           types.String `tfsdk:"tenant_id"`
	IdentityResourceID types.String `tfsdk:"identity_resource_id"`
}

func (m *model) selector(diags *diag.Diagnostics) armclient.IdentitySelector {
	s := armclient.IdentitySelector{ClientID: m.ClientID.ValueString(), PrincipalID: m.PrincipalID.ValueString()}
	if text := m.UserAssignedIdentityID.ValueString(); text != "" {
		id, err := armid.ParseAs(armid.TypeUserAssignedIdentity, text)
		if err != nil {
			diags.AddAttributeError(path.Root("user_assigned_identity_id"), "No user-assigned identity", err.Error())
		}
		s.ResourceID = id
	}
	return s
}

func (m *model) fromARM(id armid.ID, group armresources.ResourceGroup, by armclient.TokenIdentity) {
	m.ID = types.StringValue(id.String())
	m.SubscriptionID = types.StringValue(id.SubscriptionID())
	m.Location = tfvalue.StringOrNull(group.Location)
	m.ManagedBy = tfvalue.StringOrNull(group.ManagedBy)
	m.Tags = tfvalue.FromTags(types.MapNull(types.StringType), group.Tags)
	m.ProvisioningState = types.StringNull()
	if group.Properties != nil {
		m.ProvisioningState = tfvalue.StringOrNull(group.Properties.ProvisioningState)
	}
	m.ReadBy = &readByModel{
		ClientID:           tfvalue.StringOrNull(&by.ClientID),
		PrincipalID:        tfvalue.StringOrNull(&by.PrincipalID),
		TenantID:           tfvalue.StringOrNull(&by.TenantID),
		IdentityResourceID: tfvalue.ResourceIDOrNull(by.ResourceID),
	}
}
