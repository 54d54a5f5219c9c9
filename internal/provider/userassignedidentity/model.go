// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package userassignedidentity

import (
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

// attributes are those that the resource and the data source have in common.
type attributes struct {
	ID                types.String `tfsdk:"id"`
	Name              types.String `tfsdk:"name"`
	ResourceGroupName types.String `tfsdk:"resource_group_name"`
	SubscriptionID    types.String `tfsdk:"subscription_id"`
	Location          types.String `tfsdk:"location"`
	IsolationScope    types.String `tfsdk:"isolation_scope"`
	Tags              types.Map    `tfsdk:"tags"`
	ClientID          types.String `tfsdk:"client_id"`
	PrincipalID       types.String `tfsdk:"principal_id"`
	TenantID          types.String `tfsdk:"tenant_id"`
}

type model struct {
	attributes

	Timeouts timeouts.Value `tfsdk:"timeouts"`
}

// resourceID builds the ID of an identity from its names.
func (m *attributes) resourceID(providerSubscription string, diags *diag.Diagnostics) armid.ID {
	subscription := m.SubscriptionID.ValueString()
	if subscription == "" {
		subscription = providerSubscription
	}
	if subscription == "" {
		diags.AddAttributeError(path.Root("subscription_id"), "No subscription",
			"Neither this block nor the provider names a subscription. Set subscription_id in one of them, or the environment variable ARM_SUBSCRIPTION_ID.")
		return armid.ID{}
	}
	return armid.UserAssignedIdentity(subscription, m.ResourceGroupName.ValueString(), m.Name.ValueString())
}

// idFromState reads the ID that a create or an import has left in state.
func (m *model) idFromState(diags *diag.Diagnostics) armid.ID {
	id, err := armid.ParseAs(armid.TypeUserAssignedIdentity, m.ID.ValueString())
	if err != nil {
		diags.AddAttributeError(path.Root("id"), "The state holds no identity", err.Error())
	}
	return id
}

func (m *model) toARM() armmsi.Identity {
	return armmsi.Identity{
		Location:   m.Location.ValueStringPointer(),
		Tags:       tfvalue.ToTags(m.Tags),
		Properties: m.properties(),
	}
}

func (m *model) toUpdate() armmsi.IdentityUpdate {
	return armmsi.IdentityUpdate{Tags: tfvalue.ToTags(m.Tags), Properties: m.properties()}
}

func (m *model) properties() *armmsi.UserAssignedIdentityProperties {
	return &armmsi.UserAssignedIdentityProperties{IsolationScope: new(armmsi.IsolationScope(m.IsolationScope.ValueString()))}
}

func (m *attributes) fromARM(id armid.ID, identity armmsi.Identity) {
	m.ID = types.StringValue(id.String())
	m.Name = tfvalue.IdentityName.Merge(m.Name, id.Name())
	m.ResourceGroupName = tfvalue.ResourceGroupName.Merge(m.ResourceGroupName, id.ResourceGroup())
	m.SubscriptionID = tfvalue.GUID.Merge(m.SubscriptionID, id.SubscriptionID())
	if identity.Location != nil {
		m.Location = tfvalue.Location.Merge(m.Location, *identity.Location)
	}
	m.Tags = tfvalue.FromTags(m.Tags, identity.Tags)
	p := identity.Properties
	if p == nil {
		p = &armmsi.UserAssignedIdentityProperties{}
	}
	m.ClientID = tfvalue.StringOrNull(p.ClientID)
	m.PrincipalID = tfvalue.StringOrNull(p.PrincipalID)
	m.TenantID = tfvalue.StringOrNull(p.TenantID)
	// API versions before 2024-11-30 do not tell the isolation scope; None is what they mean.
	m.IsolationScope = types.StringValue(string(armmsi.IsolationScopeNone))
	if p.IsolationScope != nil {
		m.IsolationScope = types.StringValue(string(*p.IsolationScope))
	}
}
