// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package resourcegroup

import (
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armresources/v3"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/hostidentity"
	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

type model struct {
	hostidentity.Choice

	Name              types.String         `tfsdk:"name"`
	SubscriptionID    types.String         `tfsdk:"subscription_id"`
	WaitForAccess     types.Bool           `tfsdk:"wait_for_access"`
	ID                types.String         `tfsdk:"id"`
	Location          types.String         `tfsdk:"location"`
	ManagedBy         types.String         `tfsdk:"managed_by"`
	ProvisioningState types.String         `tfsdk:"provisioning_state"`
	Tags              types.Map            `tfsdk:"tags"`
	ReadBy            *hostidentity.Holder `tfsdk:"read_by"`
	Timeouts          timeouts.Value       `tfsdk:"timeouts"`
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
	m.ReadBy = hostidentity.HolderOf(by)
}
