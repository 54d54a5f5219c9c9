// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
)

// cloudModel is the part of the provider's block that tells where Azure is.
type cloudModel struct {
	Environment              types.String `tfsdk:"environment"`
	MetadataHost             types.String `tfsdk:"metadata_host"`
	Endpoint                 types.Object `tfsdk:"endpoint"` // an endpointModel, or not known yet
	CACertificateFile        types.String `tfsdk:"ca_certificate_file"`
	DisableInstanceDiscovery types.Bool   `tfsdk:"disable_instance_discovery"`
}

type endpointModel struct {
	AuthorityHost           types.String `tfsdk:"active_directory_authority_host"`
	ResourceManagerEndpoint types.String `tfsdk:"resource_manager_endpoint"`
	ResourceManagerAudience types.String `tfsdk:"resource_manager_audience"`
}

func cloudAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"environment": schema.StringAttribute{
			MarkdownDescription: "The Azure cloud: `public` (the default), `usgovernment`, `china`, or `custom`, which needs `endpoint`. Without effect where `metadata_host` is set. " +
				"Also `ARM_ENVIRONMENT`.",
			Optional:   true,
			Validators: []validator.String{stringvalidator.OneOfCaseInsensitive("public", "usgovernment", "china", "custom")},
		},
		"metadata_host": schema.StringAttribute{
			MarkdownDescription: "Host of the Azure Resource Manager of a custom cloud, such as `management.example.com`, which is asked for the cloud's other endpoints. What `endpoint` says " +
				"counts over its answer; nothing is asked if that is all. Also `ARM_METADATA_HOSTNAME`.",
			Optional: true,
		},
		"endpoint": schema.SingleNestedAttribute{
			MarkdownDescription: "Endpoints of a `custom` environment, or of that of `metadata_host`.",
			Optional:            true,
			Attributes: map[string]schema.Attribute{
				"active_directory_authority_host": schema.StringAttribute{
					MarkdownDescription: "URL to log in at. Also `ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST`.",
					Optional:            true,
				},
				"resource_manager_endpoint": schema.StringAttribute{
					MarkdownDescription: "URL of Azure Resource Manager. Also `ARM_RESOURCE_MANAGER_ENDPOINT`.",
					Optional:            true,
				},
				"resource_manager_audience": schema.StringAttribute{
					MarkdownDescription: "Audience of tokens for Azure Resource Manager. Also `ARM_RESOURCE_MANAGER_AUDIENCE`.",
					Optional:            true,
				},
			},
		},
		"ca_certificate_file": schema.StringAttribute{
			MarkdownDescription: "Path of a PEM file with certificate authorities to trust beside the system's. Also `ARM_CA_CERTIFICATE_FILE`.",
			Optional:            true,
		},
		"disable_instance_discovery": schema.BoolAttribute{
			MarkdownDescription: "Whether to log in without asking the public cloud whether the authority is a known one, as a cloud without a way there must. " +
				"`false` by default. Also `ARM_DISABLE_INSTANCE_DISCOVERY`.",
			Optional: true,
		},
	}
}

// cloud returns the Azure to work with: a known one by its name, or a custom one by its endpoints. As with azurerm, a host to
// ask for the endpoints counts over a name.
//
// The host is asked here and not when something is needed, since the endpoints are what requests are held to.
func (m cloudModel) cloud(ctx context.Context, cfg armclient.Config, env environment) armclient.Cloud {
	var endpoint endpointModel
	env.diags.Append(m.Endpoint.As(ctx, &endpoint, basetypes.ObjectAsOptions{UnhandledNullAsEmpty: true, UnhandledUnknownAsEmpty: true})...)
	cloud, err := armclient.CloudByName(cmp.Or(env.text(m.Environment, "ARM_ENVIRONMENT"), "public"))
	if err != nil {
		env.diags.AddAttributeError(path.Root("environment"), "No such environment", err.Error())
	}
	host := env.text(m.MetadataHost, "ARM_METADATA_HOSTNAME")
	if cloud.Name != "custom" && host == "" {
		return cloud
	}
	cloud = armclient.Cloud{
		Name:                    "custom",
		AuthorityHost:           env.text(endpoint.AuthorityHost, "ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST"),
		ResourceManagerEndpoint: env.text(endpoint.ResourceManagerEndpoint, "ARM_RESOURCE_MANAGER_ENDPOINT"),
		ResourceManagerAudience: env.text(endpoint.ResourceManagerAudience, "ARM_RESOURCE_MANAGER_AUDIENCE"),
	}
	if host == "" || cloud.Complete() || len(cfg.Unknown) > 0 || env.diags.HasError() {
		return cloud
	}
	discovered, err := armclient.DiscoverCloud(ctx, host, cfg)
	if err != nil {
		env.diags.AddAttributeError(path.Root("metadata_host"), "Cannot find out the endpoints of the cloud", err.Error())
	}
	return cloud.Or(discovered)
}

func (m cloudModel) caCertificates(env environment) []byte {
	name := env.text(m.CACertificateFile, "ARM_CA_CERTIFICATE_FILE")
	if name == "" {
		return nil
	}
	pem, err := os.ReadFile(name)
	if err == nil && !x509.NewCertPool().AppendCertsFromPEM(pem) {
		err = errors.New("it holds no certificate in PEM form")
	}
	if err != nil {
		env.diags.AddAttributeError(path.Root("ca_certificate_file"), "Cannot read the certificate authorities",
			fmt.Sprintf("ca_certificate_file (ARM_CA_CERTIFICATE_FILE) names %q: %v.", name, err))
	}
	return pem
}
