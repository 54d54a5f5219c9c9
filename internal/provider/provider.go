// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"net/http"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/azuremi/terraform-provider-azuremi/internal/provider/accesstoken"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/clientconfig"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/federatedcredential"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/functions"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/identityassignment"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/resourcegroup"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/roleassignment"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/roledefinition"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/userassignedidentity"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/virtualmachineidentity"
)

type azuremi struct {
	version       string
	getenv        func(string) string
	transport     http.RoundTripper
	imdsTransport http.RoundTripper
}

var (
	_ provider.ProviderWithEphemeralResources = (*azuremi)(nil)
	_ provider.ProviderWithFunctions          = (*azuremi)(nil)
)

// An Option changes how the provider reaches the world outside. Options are for tests.
type Option func(*azuremi)

// WithEnvironment replaces the environment of the process.
func WithEnvironment(getenv func(string) string) Option {
	return func(p *azuremi) { p.getenv = getenv }
}

// WithTransports replaces the network on the way to ARM and Entra, and on the way to IMDS.
func WithTransports(arm, imds http.RoundTripper) Option {
	return func(p *azuremi) { p.transport, p.imdsTransport = arm, imds }
}

// New returns a maker of the provider in a version.
func New(version string, options ...Option) func() provider.Provider {
	return func() provider.Provider {
		p := &azuremi{version: version, getenv: os.Getenv}
		for _, option := range options {
			option(p)
		}
		return p
	}
}

func (p *azuremi) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "azuremi"
	resp.Version = p.version
}

func (p *azuremi) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		federatedcredential.NewResource,
		identityassignment.NewScaleSetResource,
		identityassignment.NewVirtualMachineResource,
		roleassignment.NewResource,
		userassignedidentity.NewResource,
	}
}

func (p *azuremi) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		clientconfig.NewDataSource,
		resourcegroup.NewDataSource,
		roleassignment.NewDataSource,
		roledefinition.NewDataSource,
		userassignedidentity.NewDataSource,
		virtualmachineidentity.NewDataSource,
	}
}

func (p *azuremi) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{
		accesstoken.NewEphemeralResource,
	}
}

func (p *azuremi) Functions(context.Context) []func() function.Function {
	return []func() function.Function{
		functions.NewGitHubActionsSubject,
		functions.NewKubernetesSubject,
		functions.NewParseResourceID,
		roleassignment.NewNameFunction,
	}
}
