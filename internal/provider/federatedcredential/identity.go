// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package federatedcredential

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
)

// identitySchema has the names of azurerm's resource of this kind, so that its import blocks can be used again.
var identitySchema = identityschema.Schema{
	Attributes: map[string]identityschema.Attribute{
		"subscription_id":             identityschema.StringAttribute{RequiredForImport: true, Description: "ID of the subscription."},
		"resource_group_name":         identityschema.StringAttribute{RequiredForImport: true, Description: "Name of the resource group."},
		"user_assigned_identity_name": identityschema.StringAttribute{RequiredForImport: true, Description: "Name of the user-assigned identity."},
		"name":                        identityschema.StringAttribute{RequiredForImport: true, Description: "Name of the federated identity credential."},
	},
}

// identityModel is made from the canonical ID only: Terraform compares it byte for byte.
type identityModel struct {
	SubscriptionID           types.String `tfsdk:"subscription_id"`
	ResourceGroupName        types.String `tfsdk:"resource_group_name"`
	UserAssignedIdentityName types.String `tfsdk:"user_assigned_identity_name"`
	Name                     types.String `tfsdk:"name"`
}

func identityOf(id armid.ID) identityModel {
	return identityModel{
		SubscriptionID:           types.StringValue(id.SubscriptionID()),
		ResourceGroupName:        types.StringValue(id.ResourceGroup()),
		UserAssignedIdentityName: types.StringValue(id.Parent().Name()),
		Name:                     types.StringValue(id.Name()),
	}
}

func (m identityModel) id() armid.ID {
	identity := armid.UserAssignedIdentity(m.SubscriptionID.ValueString(), m.ResourceGroupName.ValueString(), m.UserAssignedIdentityName.ValueString())
	return armid.FederatedCredential(identity, m.Name.ValueString())
}
