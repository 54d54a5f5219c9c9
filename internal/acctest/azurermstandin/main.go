// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Azurermstandin stands in for the provider hashicorp/azurerm in tests that have no registry. It has the schemas of what
// azuremi takes over, so that an engine can read a state with azurerm's resources in it. It changes nothing anywhere.
package main

import (
	"context"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func main() {
	err := providerserver.Serve(context.Background(), func() provider.Provider { return standIn{} },
		providerserver.ServeOpts{Address: "registry.terraform.io/hashicorp/azurerm"})
	if err != nil {
		log.Fatal(err)
	}
}

type standIn struct{}

func (standIn) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "azurerm"
}

func (standIn) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (standIn) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}

func (standIn) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (standIn) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		func() resource.Resource {
			return object{"azurerm_user_assigned_identity", []string{
				"id", "name", "resource_group_name", "location", "isolation_scope", "client_id", "principal_id", "tenant_id",
			}}
		},
		func() resource.Resource {
			return object{"azurerm_role_assignment", []string{
				"id", "name", "scope", "role_definition_id", "role_definition_name", "principal_id", "principal_type", "description", "condition",
				"condition_version", "delegated_managed_identity_resource_id",
			}}
		},
	}
}

// object is a resource whose attributes are texts, but for tags, as far as azuremi is concerned.
type object struct {
	typeName string
	texts    []string
}

func (o object) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = o.typeName
}

func (o object) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"tags":                             schema.MapAttribute{ElementType: types.StringType, Optional: true},
		"skip_service_principal_aad_check": schema.BoolAttribute{Optional: true, Computed: true},
	}}
	for _, name := range o.texts {
		resp.Schema.Attributes[name] = schema.StringAttribute{Optional: true, Computed: true}
	}
}

func (object) Create(_ context.Context, _ resource.CreateRequest, resp *resource.CreateResponse) {
	resp.Diagnostics.AddError("A stand-in creates nothing", "It is there for states that exist.")
}

func (object) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (object) Update(_ context.Context, _ resource.UpdateRequest, resp *resource.UpdateResponse) {
	resp.Diagnostics.AddError("A stand-in changes nothing", "It is there for states that exist.")
}

func (object) Delete(_ context.Context, _ resource.DeleteRequest, resp *resource.DeleteResponse) {
	resp.Diagnostics.AddError("A stand-in deletes nothing", "It is there for states that exist.")
}
