// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package hostidentity

import (
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

// Choice is the part of a model that chooses the identity, by at most one of its arguments.
type Choice struct {
	ClientID               types.String `tfsdk:"client_id"`
	PrincipalID            types.String `tfsdk:"principal_id"`
	UserAssignedIdentityID types.String `tfsdk:"user_assigned_identity_id"`
}

// Arguments are the arguments of a [Choice], of which there may be one.
var Arguments = []path.Expression{path.MatchRoot("client_id"), path.MatchRoot("principal_id"), path.MatchRoot("user_assigned_identity_id")}

// ChoiceMarkdown says how an identity is chosen.
const ChoiceMarkdown = "The identity is chosen by at most one of `client_id`, `principal_id` and `user_assigned_identity_id`. Without any, it is the " +
	"machine's system-assigned identity, or its only user-assigned one. Where else Terraform may run, and what is chosen there, is told in " +
	"[Running on Azure](../guides/running-on-azure)."

// Selector returns the choice in Azure's terms.
func (c Choice) Selector(diags *diag.Diagnostics) armclient.IdentitySelector {
	s := armclient.IdentitySelector{ClientID: c.ClientID.ValueString(), PrincipalID: c.PrincipalID.ValueString()}
	if text := c.UserAssignedIdentityID.ValueString(); text != "" {
		id, err := armid.ParseAs(armid.TypeUserAssignedIdentity, text)
		if err != nil {
			diags.AddAttributeError(path.Root("user_assigned_identity_id"), "No user-assigned identity", err.Error())
		}
		s.ResourceID = id
	}
	return s
}

// Holder is the identity that a token was issued to.
type Holder struct {
	ClientID           types.String `tfsdk:"client_id"`
	PrincipalID        types.String `tfsdk:"principal_id"`
	TenantID           types.String `tfsdk:"tenant_id"`
	IdentityResourceID types.String `tfsdk:"identity_resource_id"`
}

// HolderMarkdown says what the attributes of a [Holder] are.
var HolderMarkdown = map[string]string{
	"client_id":            "Client ID of the identity.",
	"principal_id":         "Object ID of the identity's service principal.",
	"tenant_id":            "ID of the Microsoft Entra tenant that issued the token.",
	"identity_resource_id": "Resource ID of the user-assigned identity, or of the machine whose system-assigned identity it is.",
}

// HolderOf returns the identity that the claims of a token name.
func HolderOf(who armclient.TokenIdentity) *Holder {
	return &Holder{
		ClientID:           tfvalue.StringOrNull(&who.ClientID),
		PrincipalID:        tfvalue.StringOrNull(&who.PrincipalID),
		TenantID:           tfvalue.StringOrNull(&who.TenantID),
		IdentityResourceID: tfvalue.ResourceIDOrNull(who.ResourceID),
	}
}
