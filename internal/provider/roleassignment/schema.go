// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package roleassignment

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/resourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

func (r *assignmentResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Assigns a role to a principal, such as a managed identity, at a scope.",
		Attributes: map[string]schema.Attribute{
			"scope": schema.StringAttribute{
				MarkdownDescription: "Where the role holds: the ID of a resource, a resource group, a subscription or a management group, or `/`. " +
					"Changing it makes a new assignment.",
				Required:      true,
				Validators:    []validator.String{tfvalue.Scope.Validator()},
				PlanModifiers: []planmodifier.String{tfvalue.Scope.KeepSpelling(), stringplanmodifier.RequiresReplace()},
			},
			"role_definition_name": schema.StringAttribute{
				MarkdownDescription: "Name of the role, such as `Reader`. Exactly one of this and `role_definition_id` is set. " +
					"Changing it to another role makes a new assignment.",
				Optional:   true,
				Computed:   true,
				Validators: []validator.String{tfvalue.RoleName.Validator()},
			},
			"role_definition_id": schema.StringAttribute{
				MarkdownDescription: "ID of the role definition, in the form of the tenant or of a subscription. Exactly one of this and " +
					"`role_definition_name` is set. Changing it to another role makes a new assignment.",
				Optional:      true,
				Computed:      true,
				Validators:    []validator.String{tfvalue.RoleDefinitionID.Validator()},
				PlanModifiers: []planmodifier.String{tfvalue.RoleDefinitionID.KeepSpelling()},
			},
			"principal_id": schema.StringAttribute{
				MarkdownDescription: "Object ID of the principal; of a managed identity, its `principal_id`. Changing it makes a new assignment.",
				Required:            true,
				Validators:          []validator.String{tfvalue.GUID.Validator()},
				PlanModifiers:       []planmodifier.String{tfvalue.GUID.KeepSpelling(), stringplanmodifier.RequiresReplace()},
			},
			"principal_type": schema.StringAttribute{
				MarkdownDescription: "Kind of the principal: `ServicePrincipal` (the default, which managed identities are), `User`, `Group`, " +
					"`ForeignGroup` or `Device`. It is always sent: with it, Azure takes a principal that was made a moment ago. Changing it makes a new assignment.",
				Optional:      true,
				Computed:      true,
				Default:       stringdefault.StaticString("ServicePrincipal"),
				Validators:    []validator.String{stringvalidator.OneOf("ServicePrincipal", "User", "Group", "ForeignGroup", "Device")},
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"description": schema.StringAttribute{
				MarkdownDescription: "Why the role is assigned.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"condition": schema.StringAttribute{
				MarkdownDescription: "Condition that narrows what the role allows (Azure attribute-based access control).",
				Optional:            true,
				Validators:          []validator.String{tfvalue.Condition.Validator()},
				PlanModifiers:       []planmodifier.String{tfvalue.Condition.KeepSpelling()},
			},
			"condition_version": schema.StringAttribute{
				MarkdownDescription: "Version of the language of `condition`; `2.0` by default.",
				Optional:            true,
				Computed:            true,
				Validators:          []validator.String{stringvalidator.OneOf("1.0", "2.0"), stringvalidator.AlsoRequires(path.MatchRoot("condition"))},
			},
			"delegated_managed_identity_resource_id": schema.StringAttribute{
				MarkdownDescription: "Resource ID of the managed identity that the role is assigned to, where it is of another tenant than the scope " +
					"(Azure Lighthouse). Changing it makes a new assignment.",
				Optional:      true,
				Validators:    []validator.String{tfvalue.ResourceID.Validator()},
				PlanModifiers: []planmodifier.String{tfvalue.ResourceID.KeepSpelling(), stringplanmodifier.RequiresReplace()},
			},
			"tenant_id": schema.StringAttribute{
				MarkdownDescription: "ID of the tenant that the scope is of, where it is another one than the provider's. With " +
					"`delegated_managed_identity_resource_id` it is the tenant of the scope's subscription by default.",
				Optional:      true,
				Computed:      true,
				Validators:    []validator.String{tfvalue.GUID.Validator()},
				PlanModifiers: []planmodifier.String{tfvalue.GUID.KeepSpelling()},
			},
			"name": schema.StringAttribute{
				MarkdownDescription: "Name of the assignment, a GUID. By default it is computed from tenant, scope, principal and role. Changing it makes a new assignment.",
				Optional:            true,
				Computed:            true,
				Validators:          []validator.String{tfvalue.GUID.Validator()},
				PlanModifiers: []planmodifier.String{
					stringplanmodifier.UseStateForUnknown(), tfvalue.GUID.KeepSpelling(), stringplanmodifier.RequiresReplace(),
				},
			},
			"id": tfvalue.ComputedString("Resource ID of the assignment."),
		},
		Blocks: map[string]schema.Block{"timeouts": timeouts.BlockAll(ctx)},
	}
}

func (r *assignmentResource) ConfigValidators(context.Context) []resource.ConfigValidator {
	return []resource.ConfigValidator{
		resourcevalidator.ExactlyOneOf(path.MatchRoot("role_definition_name"), path.MatchRoot("role_definition_id")),
	}
}
