// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Package connected is how resources, data sources and ephemeral resources come by the client that the provider was configured
// with. They embed its types, and find the client in them.
package connected

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
)

// Resource is the connected part of a resource. Client is nil before the provider is configured: Terraform asks for schemas,
// and validates, before that.
type Resource struct{ Client *armclient.Client }

// Configure implements resource.ResourceWithConfigure.
func (r *Resource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.Client = client(req.ProviderData, &resp.Diagnostics)
}

// DataSource is the connected part of a data source.
type DataSource struct{ Client *armclient.Client }

// Configure implements datasource.DataSourceWithConfigure.
func (d *DataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.Client = client(req.ProviderData, &resp.Diagnostics)
}

// EphemeralResource is the connected part of an ephemeral resource.
type EphemeralResource struct{ Client *armclient.Client }

// Configure implements ephemeral.EphemeralResourceWithConfigure.
func (e *EphemeralResource) Configure(_ context.Context, req ephemeral.ConfigureRequest, resp *ephemeral.ConfigureResponse) {
	e.Client = client(req.ProviderData, &resp.Diagnostics)
}

func client(data any, diags *diag.Diagnostics) *armclient.Client {
	c, ok := data.(*armclient.Client)
	if !ok && data != nil {
		diags.AddError("Wrong provider data", fmt.Sprintf("The provider handed over a %T where a %T is wanted. Please report this as a bug of the provider.", data, c))
	}
	return c
}
