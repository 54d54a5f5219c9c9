// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package resourcegroup

import (
	"context"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armresources/v3"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/datasourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/connected"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/hostidentity"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/logging"
	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

const typeName = "azuremi_resource_group"

// readTimeout is how long a read takes at most by default. A grant can take up to ten minutes to be known everywhere
// (Microsoft Learn: "Troubleshoot Azure RBAC"), which wait_for_access waits for.
const readTimeout = 15 * time.Minute

type dataSource struct {
	connected.DataSource
}

var (
	_ datasource.DataSourceWithConfigure        = (*dataSource)(nil)
	_ datasource.DataSourceWithConfigValidators = (*dataSource)(nil)
)

// NewDataSource returns the data source azuremi_resource_group.
func NewDataSource() datasource.DataSource { return &dataSource{} }

func (d *dataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = typeName
}

func (d *dataSource) Schema(ctx context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{MarkdownDescription: description, Computed: true}
	}
	holder := map[string]schema.Attribute{}
	for name, description := range hostidentity.HolderMarkdown {
		holder[name] = computed(description)
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads a resource group with the token of a managed identity of the machine that Terraform runs on, as code on " +
			"that machine would. The provider's own credential is not used, and need not be there.\n\n" + hostidentity.ChoiceMarkdown,
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				MarkdownDescription: "Name of the resource group.",
				Required:            true,
				Validators:          []validator.String{tfvalue.ResourceGroupName.Validator()},
			},
			"subscription_id": schema.StringAttribute{
				MarkdownDescription: "ID of the subscription that holds the resource group. By default the provider's, or else the one that the machine is in, which hosts other than virtual machines do not tell.",
				Optional:            true,
				Computed:            true,
				Validators:          []validator.String{tfvalue.GUID.Validator()},
			},
			"client_id": schema.StringAttribute{
				MarkdownDescription: "Client ID of the identity to read with.",
				Optional:            true,
				Validators:          []validator.String{tfvalue.GUID.Validator()},
			},
			"principal_id": schema.StringAttribute{
				MarkdownDescription: "Object ID of the identity to read with.",
				Optional:            true,
				Validators:          []validator.String{tfvalue.GUID.Validator()},
			},
			"user_assigned_identity_id": schema.StringAttribute{
				MarkdownDescription: "Resource ID of the user-assigned identity to read with.",
				Optional:            true,
				Validators:          []validator.String{tfvalue.UserAssignedIdentityID.Validator()},
			},
			"wait_for_access": schema.BoolAttribute{
				MarkdownDescription: "Whether to wait, up to `timeouts.read`, while the machine does not have the identity yet or the identity " +
					"may not read the resource group yet. Both take a while to become known in Azure. `false` by default.",
				Optional: true,
			},
			"id":                 computed("Resource ID of the resource group."),
			"location":           computed("Azure region of the resource group."),
			"managed_by":         computed("ID of the resource that manages the resource group, if one does."),
			"provisioning_state": computed("State of the resource group, `Succeeded` when all is well."),
			"tags": schema.MapAttribute{
				MarkdownDescription: "Tags of the resource group.",
				ElementType:         types.StringType,
				Computed:            true,
			},
			"read_by": schema.SingleNestedAttribute{
				MarkdownDescription: "The identity that the token was issued for.",
				Computed:            true,
				Attributes:          holder,
			},
		},
		Blocks: map[string]schema.Block{"timeouts": timeouts.Block(ctx)},
	}
}

func (d *dataSource) ConfigValidators(context.Context) []datasource.ConfigValidator {
	return []datasource.ConfigValidator{
		datasourcevalidator.Conflicting(hostidentity.Arguments...),
	}
}

func (d *dataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	ctx, cancel := tfvalue.WithTimeout(ctx, "read", config.Timeouts.Read, readTimeout, &resp.Diagnostics)
	defer cancel()
	selector := config.Selector(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	summary := fmt.Sprintf("Cannot read resource group %q with a managed identity", config.Name.ValueString())
	reader, err := d.Client.ManagedIdentity(selector)
	if err != nil {
		resp.Diagnostics.AddError(summary, armclient.Describe(err))
		return
	}
	logging.Debug(ctx, reader.Source(), nil)
	subscription, err := d.subscription(ctx, config, reader)
	if err != nil {
		resp.Diagnostics.AddError(summary, armclient.Describe(err))
		return
	}
	id := armid.ResourceGroup(subscription, config.Name.ValueString())
	group, by, err := d.read(ctx, config, reader, id)
	if err != nil {
		resp.Diagnostics.AddError(summary, armclient.Describe(err))
		return
	}
	config.fromARM(id, group, by)
	resp.Diagnostics.Append(resp.State.Set(ctx, config)...)
}

// subscription returns the subscription to read in: the configuration's, the provider's, or the machine's own.
func (d *dataSource) subscription(ctx context.Context, config model, reader *armclient.ManagedIdentity) (string, error) {
	if s := config.SubscriptionID.ValueString(); s != "" {
		return s, nil
	}
	if s := d.Client.SubscriptionID(); s != "" {
		return s, nil
	}
	return reader.SubscriptionID(ctx)
}

func (d *dataSource) read(ctx context.Context, config model, reader *armclient.ManagedIdentity, id armid.ID) (armresources.ResourceGroup, armclient.TokenIdentity, error) {
	if !config.WaitForAccess.ValueBool() {
		return reader.ResourceGroup(ctx, id)
	}
	return reader.WaitForResourceGroup(ctx, id, func(why string, waited time.Duration) {
		logging.Info(ctx, "waiting for access to the resource group", logging.Fields{
			"resource_group": id.String(), "why": why, "waited": waited.Round(time.Second).String(),
		})
	})
}
