// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package roledefinition

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/datasourcevalidator"
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

const typeName = "azuremi_role_definition"

const readTimeout = 5 * time.Minute

type dataSource struct {
	connected.DataSource
}

var (
	_ datasource.DataSourceWithConfigure        = (*dataSource)(nil)
	_ datasource.DataSourceWithConfigValidators = (*dataSource)(nil)
)

// NewDataSource returns the data source azuremi_role_definition.
func NewDataSource() datasource.DataSource { return &dataSource{} }

func (d *dataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = typeName
}

func (d *dataSource) Schema(ctx context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	list := func(description string) schema.ListAttribute {
		return schema.ListAttribute{MarkdownDescription: description, ElementType: types.StringType, Computed: true}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads a role, built in or custom. A name that nothing has is an error that offers the nearest ones.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				MarkdownDescription: "Name of the role, such as `Reader`. Exactly one of this and `role_definition_id` is set.",
				Optional:            true,
				Computed:            true,
				Validators:          []validator.String{tfvalue.RoleName.Validator()},
			},
			"role_definition_id": schema.StringAttribute{
				MarkdownDescription: "GUID of the role. Exactly one of this and `name` is set.",
				Optional:            true,
				Computed:            true,
				Validators:          []validator.String{tfvalue.GUID.Validator()},
			},
			"scope": schema.StringAttribute{
				MarkdownDescription: "Where the role is to be assigned. By default the provider's subscription, and the tenant if it has none.",
				Optional:            true,
				Validators:          []validator.String{tfvalue.Scope.Validator()},
			},
			"id":                schema.StringAttribute{MarkdownDescription: "Resource ID of the role definition, as seen from the scope.", Computed: true},
			"description":       schema.StringAttribute{MarkdownDescription: "What the role is for.", Computed: true},
			"type":              schema.StringAttribute{MarkdownDescription: "`BuiltInRole` or `CustomRole`.", Computed: true},
			"assignable_scopes": list("Scopes in which the role can be assigned."),
			"permissions": schema.ListNestedAttribute{
				MarkdownDescription: "What the role allows.",
				Computed:            true,
				NestedObject: schema.NestedAttributeObject{
					Attributes: map[string]schema.Attribute{
						"actions":          list("Operations of Azure Resource Manager that are allowed."),
						"not_actions":      list("Operations that are taken out of `actions`."),
						"data_actions":     list("Operations on data that are allowed."),
						"not_data_actions": list("Operations that are taken out of `data_actions`."),
					},
				},
			},
		},
		Blocks: map[string]schema.Block{"timeouts": timeouts.Block(ctx)},
	}
}

func (d *dataSource) ConfigValidators(context.Context) []datasource.ConfigValidator {
	return []datasource.ConfigValidator{datasourcevalidator.ExactlyOneOf(path.MatchRoot("name"), path.MatchRoot("role_definition_id"))}
}

func (d *dataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	ctx, cancel := tfvalue.WithTimeout(ctx, "read", config.Timeouts.Read, readTimeout, &resp.Diagnostics)
	defer cancel()
	scope, err := d.scope(config)
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("scope"), "No scope", err.Error())
	}
	if resp.Diagnostics.HasError() {
		return
	}
	role, err := d.find(ctx, scope, config)
	if err != nil {
		wanted, attribute := config.Name.ValueString(), path.Root("name")
		if wanted == "" {
			wanted, attribute = config.RoleDefinitionID.ValueString(), path.Root("role_definition_id")
		}
		resp.Diagnostics.AddAttributeError(attribute, fmt.Sprintf("Cannot find the role %q", wanted), armclient.Describe(err))
		return
	}
	config.fromARM(role)
	resp.Diagnostics.Append(resp.State.Set(ctx, config)...)
}

func (d *dataSource) find(ctx context.Context, scope armid.ID, config model) (armclient.Role, error) {
	if guid := config.RoleDefinitionID.ValueString(); guid != "" {
		return d.Client.RoleByGUID(ctx, scope, guid)
	}
	return d.Client.RoleByName(ctx, scope, config.Name.ValueString())
}

func (d *dataSource) scope(config model) (armid.ID, error) {
	switch {
	case !config.Scope.IsNull():
		return armid.Parse(config.Scope.ValueString())
	case d.Client.SubscriptionID() != "":
		return armid.Subscription(d.Client.SubscriptionID()), nil
	}
	return armid.Tenant, nil
}
