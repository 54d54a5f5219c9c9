// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package roleassignment

import (
	"context"
	"maps"
	"slices"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/connected"
	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

const listTypeName = "azuremi_role_assignments"

type assignmentsDataSource struct {
	connected.DataSource
}

var _ datasource.DataSourceWithConfigure = (*assignmentsDataSource)(nil)

// NewDataSource returns the data source azuremi_role_assignments.
func NewDataSource() datasource.DataSource { return &assignmentsDataSource{} }

type assignmentsModel struct {
	Scope              types.String   `tfsdk:"scope"`
	Below              types.Bool     `tfsdk:"include_below"`
	PrincipalID        types.String   `tfsdk:"principal_id"`
	RoleDefinitionName types.String   `tfsdk:"role_definition_name"`
	RoleDefinitionID   types.String   `tfsdk:"role_definition_id"`
	RoleAssignments    []listedModel  `tfsdk:"role_assignments"`
	Timeouts           timeouts.Value `tfsdk:"timeouts"`
}

type listedModel struct {
	ID                 types.String `tfsdk:"id"`
	Name               types.String `tfsdk:"name"`
	Scope              types.String `tfsdk:"scope"`
	RoleDefinitionName types.String `tfsdk:"role_definition_name"`
	RoleDefinitionID   types.String `tfsdk:"role_definition_id"`
	PrincipalID        types.String `tfsdk:"principal_id"`
	PrincipalType      types.String `tfsdk:"principal_type"`
	PrincipalGone      types.Bool   `tfsdk:"principal_gone"`
	Description        types.String `tfsdk:"description"`
	Condition          types.String `tfsdk:"condition"`
	ConditionVersion   types.String `tfsdk:"condition_version"`
}

func (d *assignmentsDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = listTypeName
}

func (d *assignmentsDataSource) Schema(ctx context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{MarkdownDescription: description, Computed: true}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the role assignments at a scope, or at and below it. Those inherited from above are left out.",
		Attributes: map[string]schema.Attribute{
			"scope": schema.StringAttribute{
				MarkdownDescription: "Where to look: the ID of a resource, a resource group, a subscription or a management group, or `/`.",
				Required:            true,
				Validators:          []validator.String{tfvalue.Scope.Validator()},
			},
			"include_below": schema.BoolAttribute{
				MarkdownDescription: "Whether to list what is assigned below the scope, too. `false` by default.",
				Optional:            true,
			},
			"principal_id": schema.StringAttribute{
				MarkdownDescription: "Object ID of a principal, to list its assignments only.",
				Optional:            true,
				Validators:          []validator.String{tfvalue.GUID.Validator()},
			},
			"role_definition_name": schema.StringAttribute{
				MarkdownDescription: "Name of a role, to list its assignments only.",
				Optional:            true,
				Validators:          []validator.String{tfvalue.RoleName.Validator(), stringvalidator.ConflictsWith(path.MatchRoot("role_definition_id"))},
			},
			"role_definition_id": schema.StringAttribute{
				MarkdownDescription: "ID of a role definition, to list its assignments only.",
				Optional:            true,
				Validators:          []validator.String{tfvalue.RoleDefinitionID.Validator()},
			},
			"role_assignments": schema.ListNestedAttribute{
				MarkdownDescription: "The assignments, sorted by their IDs.",
				Computed:            true,
				NestedObject: schema.NestedAttributeObject{
					Attributes: map[string]schema.Attribute{
						"id":                   computed("Resource ID of the assignment."),
						"name":                 computed("Name of the assignment, a GUID."),
						"scope":                computed("Where the role holds."),
						"role_definition_name": computed("Name of the role, null for who may not read it."),
						"role_definition_id":   computed("ID of the role definition."),
						"principal_id":         computed("Object ID of the principal."),
						"principal_type":       computed("Kind of the principal, as Azure tells it."),
						"principal_gone": schema.BoolAttribute{
							MarkdownDescription: "Whether Azure says that the principal is not in the directory any more, so that the assignment is an orphan. " +
								"Azure does not notice every deletion.",
							Computed: true,
						},
						"description":       computed("Why the role is assigned."),
						"condition":         computed("Condition that narrows what the role allows."),
						"condition_version": computed("Version of the language of `condition`."),
					},
				},
			},
		},
		Blocks: map[string]schema.Block{"timeouts": timeouts.Block(ctx)},
	}
}

func (d *assignmentsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config assignmentsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	ctx, cancel := tfvalue.WithTimeout(ctx, "read", config.Timeouts.Read, readTimeout, &resp.Diagnostics)
	defer cancel()
	scope, err := armid.Parse(config.Scope.ValueString())
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("scope"), "No scope", err.Error())
	}
	if resp.Diagnostics.HasError() {
		return
	}
	query := armclient.RoleAssignmentQuery{
		Scope: scope, Below: config.Below.ValueBool(), PrincipalID: config.PrincipalID.ValueString(),
		RoleGUID: tfvalue.RoleGUID(config.RoleDefinitionID.ValueString()),
	}
	if name := config.RoleDefinitionName.ValueString(); name != "" {
		if query.RoleGUID, err = d.Client.RoleGUID(ctx, scope, name); err != nil {
			addRoleError(err, name, &resp.Diagnostics)
			return
		}
	}
	found, err := d.Client.RoleAssignments(ctx, query)
	if err != nil {
		resp.Diagnostics.AddError("Cannot list the role assignments at "+scope.String(), armclient.Describe(err))
		return
	}
	config.RoleAssignments = []listedModel{}
	for _, id := range slices.Sorted(maps.Keys(found)) {
		config.RoleAssignments = append(config.RoleAssignments, d.listed(ctx, id, *found[id].Properties))
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, config)...)
}

func (d *assignmentsDataSource) listed(ctx context.Context, id string, p armauthorization.RoleAssignmentProperties) listedModel {
	one := listedModel{
		ID:               types.StringValue(id),
		RoleDefinitionID: tfvalue.StringOrNull(p.RoleDefinitionID),
		PrincipalID:      tfvalue.StringOrNull(p.PrincipalID),
		PrincipalGone:    types.BoolValue(p.PrincipalType != nil && *p.PrincipalType == armclient.PrincipalGone),
		Description:      tfvalue.StringOrNull(p.Description),
		Condition:        tfvalue.StringOrNull(p.Condition),
		ConditionVersion: tfvalue.StringOrNull(p.ConditionVersion),
	}
	if p.PrincipalType != nil {
		one.PrincipalType = types.StringValue(string(*p.PrincipalType))
	}
	assignment, err := armid.Parse(id)
	if err != nil {
		return one
	}
	one.Name, one.Scope = types.StringValue(assignment.Name()), types.StringValue(assignment.Scope().String())
	if name, err := d.Client.RoleName(ctx, assignment.Scope(), tfvalue.RoleGUID(one.RoleDefinitionID.ValueString())); err == nil {
		one.RoleDefinitionName = types.StringValue(name)
	}
	return one
}
