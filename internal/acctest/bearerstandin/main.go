// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Bearerstandin stands in for any provider that is given an access token in its configuration. Its one resource reads
// something from Azure Resource Manager with that token.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	providerschema "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func main() {
	err := providerserver.Serve(context.Background(), func() provider.Provider { return standIn{} },
		providerserver.ServeOpts{Address: "registry.terraform.io/azuremi/bearer"})
	if err != nil {
		log.Fatal(err)
	}
}

type standIn struct{}

func (standIn) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "bearer"
}

func (standIn) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = providerschema.Schema{Attributes: map[string]providerschema.Attribute{
		"access_token": providerschema.StringAttribute{Required: true, Sensitive: true},
	}}
}

// Configure keeps the token, which is not known while the plan is made.
func (standIn) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var token types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("access_token"), &token)...)
	resp.ResourceData = token
}

func (standIn) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (standIn) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return &answer{} }}
}

// answer is what ARM answers to the bearer of the token.
type answer struct{ token types.String }

func (*answer) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "bearer_answer"
}

func (*answer) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"path": schema.StringAttribute{Required: true},
		"location": schema.StringAttribute{
			Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
		},
	}}
}

func (a *answer) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	a.token, _ = req.ProviderData.(types.String)
}

func (a *answer) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var where types.String
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root("path"), &where)...)
	location, err := a.ask(ctx, where.ValueString())
	if err != nil {
		resp.Diagnostics.AddError("Cannot read "+where.ValueString(), err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("path"), where)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("location"), location)...)
}

// ask reads something from the ARM that the environment names, and returns its location.
func (a *answer) ask(ctx context.Context, where string) (_ string, err error) {
	ca, err := os.ReadFile(os.Getenv("ARM_CA_CERTIFICATE_FILE"))
	if err != nil {
		return "", err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, os.Getenv("ARM_RESOURCE_MANAGER_ENDPOINT")+where+"?api-version=2022-12-01", nil)
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", "Bearer "+a.token.ValueString())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	var found struct{ Location string }
	if err := json.Unmarshal(content, &found); err != nil || response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("status %d: %s", response.StatusCode, content)
	}
	return found.Location, nil
}

func (*answer) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (*answer) Update(_ context.Context, _ resource.UpdateRequest, resp *resource.UpdateResponse) {
	resp.Diagnostics.AddError("An answer does not change", "It is there once.")
}

func (*answer) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
