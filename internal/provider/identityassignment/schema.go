// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package identityassignment

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/boolvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/resourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

func (r *assignmentResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Assigns one managed identity to one existing " + r.noun + ", which may belong to another configuration. Other " +
			"identities of it are never touched, and destroying the resource takes off this one only.\n\n" +
			"An assignment goes stale when its identity is deleted and made again under its name: Azure keeps the entry, and nobody can use " +
			"it. The next plan replaces such an assignment." + r.more,
		Attributes: map[string]schema.Attribute{
			r.attribute: schema.StringAttribute{
				MarkdownDescription: "Resource ID of the " + r.noun + ". Changing it makes a new assignment.",
				Required:            true,
				Validators:          []validator.String{r.meaning.Validator()},
				PlanModifiers:       []planmodifier.String{r.meaning.KeepSpelling(), stringplanmodifier.RequiresReplace()},
			},
			"user_assigned_identity_id": schema.StringAttribute{
				MarkdownDescription: "Resource ID of the user-assigned identity to assign. Exactly one of this and `system_assigned` is " +
					"set. Changing it makes a new assignment.",
				Optional:      true,
				Validators:    []validator.String{tfvalue.UserAssignedIdentityID.Validator()},
				PlanModifiers: []planmodifier.String{tfvalue.UserAssignedIdentityID.KeepSpelling(), stringplanmodifier.RequiresReplace()},
			},
			"system_assigned": schema.BoolAttribute{
				MarkdownDescription: "`true` to switch on the system-assigned identity of the " + r.noun + ". Changing it makes a new assignment.",
				Optional:            true,
				Validators:          []validator.Bool{boolvalidator.Equals(true)},
				PlanModifiers:       []planmodifier.Bool{boolplanmodifier.RequiresReplace()},
			},
			"id":           tfvalue.ComputedString("Resource ID of the " + r.noun + ", `|`, and the resource ID of the identity or `SystemAssigned`."),
			"principal_id": tfvalue.ComputedString("Object ID of the identity's service principal, to which roles are assigned."),
			"client_id": tfvalue.ComputedString("Client ID (application ID) of the identity. For a system-assigned identity it is known only to those who " +
				"may read `Microsoft.ManagedIdentity/identities` of the " + r.noun + "."),
		},
		Blocks: map[string]schema.Block{"timeouts": timeouts.Block(ctx, timeouts.Opts{Create: true, Read: true, Delete: true})},
	}
}

func (r *assignmentResource) ConfigValidators(context.Context) []resource.ConfigValidator {
	return []resource.ConfigValidator{
		resourcevalidator.ExactlyOneOf(path.MatchRoot("user_assigned_identity_id"), path.MatchRoot("system_assigned")),
	}
}
