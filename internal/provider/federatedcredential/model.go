// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package federatedcredential

import (
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

type model struct {
	ID                       types.String   `tfsdk:"id"`
	Name                     types.String   `tfsdk:"name"`
	UserAssignedIdentityID   types.String   `tfsdk:"user_assigned_identity_id"`
	Issuer                   types.String   `tfsdk:"issuer"`
	Subject                  types.String   `tfsdk:"subject"`
	ClaimsMatchingExpression types.String   `tfsdk:"claims_matching_expression"`
	Audience                 types.List     `tfsdk:"audience"`
	Timeouts                 timeouts.Value `tfsdk:"timeouts"`
}

// resourceID builds the ID of a credential that is to be created.
func (m *model) resourceID(diags *diag.Diagnostics) armid.ID {
	identity, err := armid.ParseAs(armid.TypeUserAssignedIdentity, m.UserAssignedIdentityID.ValueString())
	if err != nil {
		diags.AddAttributeError(path.Root("user_assigned_identity_id"), "No identity", err.Error())
		return armid.ID{}
	}
	return armid.FederatedCredential(identity, m.Name.ValueString())
}

// idFromState reads the ID that a create or an import has left in state.
func (m *model) idFromState(diags *diag.Diagnostics) armid.ID {
	id, err := armid.ParseAs(armid.TypeFederatedCredential, m.ID.ValueString())
	if err != nil {
		diags.AddAttributeError(path.Root("id"), "The state holds no federated identity credential", err.Error())
	}
	return id
}

func (m *model) toARM() armclient.FederatedCredential {
	var audiences []*string
	for _, element := range m.Audience.Elements() {
		if audience, ok := element.(types.String); ok {
			audiences = append(audiences, audience.ValueStringPointer())
		}
	}
	return armclient.FederatedCredential{
		FederatedIdentityCredentialProperties: armmsi.FederatedIdentityCredentialProperties{
			Issuer: m.Issuer.ValueStringPointer(), Subject: m.Subject.ValueStringPointer(), Audiences: audiences,
		},
		ClaimsMatchingExpression: m.ClaimsMatchingExpression.ValueString(),
	}
}

// fromARM takes over what ARM has answered: either a subject or an expression, so that one which took the other's place shows.
func (m *model) fromARM(id armid.ID, credential armclient.FederatedCredential) {
	m.ID = types.StringValue(id.String())
	m.Name = tfvalue.FederatedCredentialName.Merge(m.Name, id.Name())
	m.UserAssignedIdentityID = tfvalue.UserAssignedIdentityID.Merge(m.UserAssignedIdentityID, id.Parent().String())
	m.Issuer = tfvalue.StringOrNull(credential.Issuer)
	m.Subject = tfvalue.StringOrNull(credential.Subject)
	m.ClaimsMatchingExpression = tfvalue.StringOrNull(&credential.ClaimsMatchingExpression)
	audiences := []attr.Value{}
	for _, audience := range credential.Audiences {
		audiences = append(audiences, types.StringPointerValue(audience))
	}
	m.Audience = types.ListValueMust(types.StringType, audiences)
}
