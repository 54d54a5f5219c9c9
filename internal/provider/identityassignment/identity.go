// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package identityassignment

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func (t machineType) identitySchema() identityschema.Schema {
	return identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			t.attribute: identityschema.StringAttribute{RequiredForImport: true, Description: "Resource ID of the " + t.noun + "."},
			"user_assigned_identity_id": identityschema.StringAttribute{
				OptionalForImport: true,
				Description:       "Resource ID of the user-assigned identity; left out for the system-assigned one.",
			},
		},
	}
}

// setIdentity stores the resource identity. It is made from canonical IDs only: Terraform compares it byte for byte.
func (t machineType) setIdentity(ctx context.Context, identity *tfsdk.ResourceIdentity, k key) diag.Diagnostics {
	diags := identity.SetAttribute(ctx, path.Root(t.attribute), k.machine.String())
	if !k.identity.IsZero() {
		diags.Append(identity.SetAttribute(ctx, path.Root("user_assigned_identity_id"), k.identity.String())...)
	}
	return diags
}

// importID returns the ID by which what a resource identity names is imported.
func (t machineType) importID(ctx context.Context, identity *tfsdk.ResourceIdentity, diags *diag.Diagnostics) string {
	var machine, userAssigned types.String
	diags.Append(identity.GetAttribute(ctx, path.Root(t.attribute), &machine)...)
	diags.Append(identity.GetAttribute(ctx, path.Root("user_assigned_identity_id"), &userAssigned)...)
	if userAssigned.IsNull() {
		return machine.ValueString() + "|" + systemAssigned
	}
	return machine.ValueString() + "|" + userAssigned.ValueString()
}
