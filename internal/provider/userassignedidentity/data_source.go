// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package userassignedidentity

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/connected"
	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

type dataSource struct {
	connected.DataSource
}

type dataModel struct {
	attributes

	Timeouts timeouts.Value `tfsdk:"timeouts"`
}

var _ datasource.DataSourceWithConfigure = (*dataSource)(nil)

// NewDataSource returns the data source azuremi_user_assigned_identity.
func NewDataSource() datasource.DataSource { return &dataSource{} }

func (d *dataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = typeName
}

func (d *dataSource) Schema(ctx context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{MarkdownDescription: description, Computed: true}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads a user-assigned managed identity that something else looks after.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				MarkdownDescription: "Name of the identity.",
				Required:            true,
				Validators:          []validator.String{tfvalue.IdentityName.Validator()},
			},
			"resource_group_name": schema.StringAttribute{
				MarkdownDescription: "Name of the resource group that holds the identity.",
				Required:            true,
				Validators:          []validator.String{tfvalue.ResourceGroupName.Validator()},
			},
			"subscription_id": schema.StringAttribute{
				MarkdownDescription: "ID of the subscription that holds the resource group. The provider's by default.",
				Optional:            true,
				Computed:            true,
				Validators:          []validator.String{tfvalue.GUID.Validator()},
			},
			"location":        computed("Azure region of the identity."),
			"isolation_scope": computed("Where the identity may be assigned: `None` for resources in every region, `Regional` for those in its own region only."),
			"tags": schema.MapAttribute{
				MarkdownDescription: "Tags of the identity.",
				ElementType:         types.StringType,
				Computed:            true,
			},
			"id":           computed("Resource ID of the identity."),
			"client_id":    computed("Client ID (application ID) of the identity, by which code on a machine asks for its token."),
			"principal_id": computed("Object ID of the identity's service principal, to which roles are assigned."),
			"tenant_id":    computed("ID of the Microsoft Entra tenant that the identity belongs to."),
		},
		Blocks: map[string]schema.Block{"timeouts": timeouts.Block(ctx)},
	}
}

func (d *dataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config dataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	ctx, cancel := tfvalue.WithTimeout(ctx, "read", config.Timeouts.Read, readTimeout, &resp.Diagnostics)
	defer cancel()
	id := config.resourceID(d.Client.SubscriptionID(), &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	identity, err := d.Client.Identity(ctx, id)
	if err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot read user-assigned identity %q", id.Name()), armclient.Describe(err))
		return
	}
	config.fromARM(id, identity)
	resp.Diagnostics.Append(resp.State.Set(ctx, config)...)
}
