// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package clientconfig

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/connected"
	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

const typeName = "azuremi_client_config"

const readTimeout = 5 * time.Minute

type dataSource struct {
	connected.DataSource
}

var _ datasource.DataSourceWithConfigure = (*dataSource)(nil)

// NewDataSource returns the data source azuremi_client_config.
func NewDataSource() datasource.DataSource { return &dataSource{} }

func (d *dataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = typeName
}

func (d *dataSource) Schema(ctx context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{MarkdownDescription: description, Computed: true}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Tells who the provider is logged in as, from the access token that it got. It takes a login, and no role.",
		Attributes: map[string]schema.Attribute{
			"id":              computed("All of the IDs below in one text, the same as of azurerm's `azurerm_client_config`."),
			"client_id":       computed("Client ID of the application that is logged in; the Azure CLI's own for a user of it."),
			"object_id":       computed("Object ID of the user or service principal that is logged in, as `principal_id` of `azuremi_role_assignment` wants it."),
			"tenant_id":       computed("ID of the Microsoft Entra tenant that the login is in."),
			"subscription_id": computed("ID of the subscription that the provider is configured with, null if it names none."),
			"principal_type":  computed("`User` or `ServicePrincipal`, as `principal_type` of `azuremi_role_assignment` wants it."),
			"identity_resource_id": computed("Resource ID of the managed identity that is logged in: the user-assigned identity's own, the machine's for a " +
				"system-assigned one, and null where no managed identity is."),
		},
		Blocks: map[string]schema.Block{"timeouts": timeouts.Block(ctx)},
	}
}

func (d *dataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	ctx, cancel := tfvalue.WithTimeout(ctx, "read", config.Timeouts.Read, readTimeout, &resp.Diagnostics)
	defer cancel()
	if resp.Diagnostics.HasError() {
		return
	}
	who, err := d.Client.Caller(ctx)
	if err != nil {
		resp.Diagnostics.AddError("Cannot find out who the provider is logged in as", armclient.Describe(err))
		return
	}
	config.fromToken(who, d.Client.SubscriptionID())
	resp.Diagnostics.Append(resp.State.Set(ctx, config)...)
}
