// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package virtualmachineidentity

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/connected"
	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

const typeName = "azuremi_virtual_machine_identity"

const readTimeout = 5 * time.Minute

type dataSource struct {
	connected.DataSource
}

var _ datasource.DataSourceWithConfigure = (*dataSource)(nil)

// NewDataSource returns the data source azuremi_virtual_machine_identity.
func NewDataSource() datasource.DataSource { return &dataSource{} }

func (d *dataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = typeName
}

func (d *dataSource) Schema(ctx context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{MarkdownDescription: description, Computed: true}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads which managed identities a virtual machine carries.",
		Attributes: map[string]schema.Attribute{
			"virtual_machine_id": schema.StringAttribute{
				MarkdownDescription: "Resource ID of the virtual machine.",
				Required:            true,
				Validators:          []validator.String{tfvalue.VirtualMachineID.Validator()},
			},
			"type": computed("What the machine carries: `None`, `SystemAssigned`, `UserAssigned` or `SystemAssigned, UserAssigned`."),
			"system_assigned": schema.SingleNestedAttribute{
				MarkdownDescription: "The machine's own identity, null while it is off.",
				Computed:            true,
				Attributes: map[string]schema.Attribute{
					"principal_id": computed("Object ID of the identity's service principal."),
					"client_id":    computed("Client ID of the identity, known to those who may read `Microsoft.ManagedIdentity/identities` of the machine."),
					"tenant_id":    computed("ID of the Microsoft Entra tenant that the identity belongs to."),
				},
			},
			"user_assigned": schema.ListNestedAttribute{
				MarkdownDescription: "The user-assigned identities on the machine, sorted by their IDs.",
				Computed:            true,
				NestedObject: schema.NestedAttributeObject{
					Attributes: map[string]schema.Attribute{
						"id":           computed("Resource ID of the identity."),
						"principal_id": computed("Object ID of the identity's service principal, null for a stale entry."),
						"client_id":    computed("Client ID of the identity, null for a stale entry."),
						"stale": schema.BoolAttribute{
							MarkdownDescription: "Whether the entry has stayed behind an identity that was deleted. It cannot be used, also not when an " +
								"identity was made again under the name.",
							Computed: true,
						},
					},
				},
			},
		},
		Blocks: map[string]schema.Block{"timeouts": timeouts.Block(ctx)},
	}
}

func (d *dataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	ctx, cancel := tfvalue.WithTimeout(ctx, "read", config.Timeouts.Read, readTimeout, &resp.Diagnostics)
	defer cancel()
	id, err := armid.ParseAs(armid.TypeVirtualMachine, config.VirtualMachineID.ValueString())
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("virtual_machine_id"), "No virtual machine", err.Error())
	}
	if resp.Diagnostics.HasError() {
		return
	}
	identities, err := d.Client.MachineIdentities(ctx, id)
	if err != nil {
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot read the identities of virtual machine %q", id.Name()), armclient.Describe(err))
		return
	}
	config.fromARM(identities)
	resp.Diagnostics.Append(resp.State.Set(ctx, config)...)
}
