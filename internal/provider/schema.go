// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

// model is the provider's block in a configuration.
type model struct {
	SubscriptionID           types.String `tfsdk:"subscription_id"`
	TenantID                 types.String `tfsdk:"tenant_id"`
	ClientID                 types.String `tfsdk:"client_id"`
	ClientSecret             types.String `tfsdk:"client_secret"`
	UseMSI                   types.Bool   `tfsdk:"use_msi"`
	MSIEndpoint              types.String `tfsdk:"msi_endpoint"`
	UseCLI                   types.Bool   `tfsdk:"use_cli"`
	Environment              types.String `tfsdk:"environment"`
	Endpoint                 types.Object `tfsdk:"endpoint"` // an endpointModel, or not known yet
	CACertificateFile        types.String `tfsdk:"ca_certificate_file"`
	DisableInstanceDiscovery types.Bool   `tfsdk:"disable_instance_discovery"`
	AdoptExisting            types.Bool   `tfsdk:"adopt_existing"`
	PrivilegedRoles          types.String `tfsdk:"privileged_roles"`
	PrincipalNotFoundTimeout types.String `tfsdk:"principal_not_found_timeout"`
}

type endpointModel struct {
	AuthorityHost           types.String `tfsdk:"active_directory_authority_host"`
	ResourceManagerEndpoint types.String `tfsdk:"resource_manager_endpoint"`
	ResourceManagerAudience types.String `tfsdk:"resource_manager_audience"`
}

func (p *azuremi) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	guid := []validator.String{tfvalue.GUID.Validator()}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Managed identities on Azure: create them, assign them to machines you may not own, grant them roles, and prove that a machine can use them.\n\n" +
			"What acts as a managed identity of the host that Terraform runs on finds it by the host's own environment variables; in a Kubernetes pod these are " +
			"`AZURE_FEDERATED_TOKEN_FILE`, `AZURE_CLIENT_ID` and `AZURE_TENANT_ID`.",
		Attributes: map[string]schema.Attribute{
			"subscription_id": schema.StringAttribute{
				MarkdownDescription: "ID of the subscription to work in where a resource names none. Also `ARM_SUBSCRIPTION_ID`.",
				Optional:            true,
				Validators:          guid,
			},
			"tenant_id": schema.StringAttribute{
				MarkdownDescription: "ID of the Microsoft Entra tenant to log in to. Also `ARM_TENANT_ID`.",
				Optional:            true,
				Validators:          guid,
			},
			"client_id": schema.StringAttribute{
				MarkdownDescription: "Client ID to log in with; with `use_msi`, the one of the user-assigned identity. Also `ARM_CLIENT_ID`.",
				Optional:            true,
				Validators:          guid,
			},
			"client_secret": schema.StringAttribute{
				MarkdownDescription: "Client secret to log in with. Also `ARM_CLIENT_SECRET`, which keeps it out of the configuration.",
				Optional:            true,
				Sensitive:           true,
			},
			"use_msi": schema.BoolAttribute{
				MarkdownDescription: "Whether to log in with a managed identity of the machine that Terraform runs on. `false` by default. Also `ARM_USE_MSI`.",
				Optional:            true,
			},
			"msi_endpoint": schema.StringAttribute{
				MarkdownDescription: "URL of the instance metadata service where it is not at its usual address. It counts over whatever else tells of managed identities, unless it is the host's own endpoint. Only loopback and link-local addresses are taken. Also `ARM_MSI_ENDPOINT`.",
				Optional:            true,
			},
			"use_cli": schema.BoolAttribute{
				MarkdownDescription: "Whether to log in as the Azure CLI is logged in. `true` by default. Also `ARM_USE_CLI`.",
				Optional:            true,
			},
			"environment": schema.StringAttribute{
				MarkdownDescription: "The Azure cloud: `public` (the default), `usgovernment`, `china`, or `custom`, which needs `endpoint`. Also `ARM_ENVIRONMENT`.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.OneOfCaseInsensitive("public", "usgovernment", "china", "custom")},
			},
			"endpoint": schema.SingleNestedAttribute{
				MarkdownDescription: "Endpoints of a `custom` environment.",
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
			"adopt_existing": schema.BoolAttribute{
				MarkdownDescription: "Whether to take over what exists already when it is to be created, instead of failing with an `import` block. " +
					"What is taken over is changed to what the configuration says, and destroyed with it. `false` by default.",
				Optional: true,
			},
			"privileged_roles": schema.StringAttribute{
				MarkdownDescription: "What becomes of an `azuremi_role_assignment` of Owner, Contributor, User Access Administrator or Role Based Access Control " +
					"Administrator at a subscription, a management group or `/` without a condition: `allow` lets it pass, `warn` (the default) warns in the plan, " +
					"`deny` fails the plan.",
				Optional:   true,
				Validators: []validator.String{stringvalidator.OneOf("allow", "warn", "deny")},
			},
			"principal_not_found_timeout": schema.StringAttribute{
				MarkdownDescription: "How long the creation of an `azuremi_role_assignment` waits for a principal that Azure does not know yet, or for a deleted " +
					"assignment of the same name to be forgotten, such as `30s` or `5m`. `2m` by default.",
				Optional:   true,
				Validators: []validator.String{tfvalue.Duration.Validator()},
			},
			"disable_instance_discovery": schema.BoolAttribute{
				MarkdownDescription: "Whether to log in without asking the public cloud whether the authority is a known one, as a cloud without a way there must. " +
					"`false` by default. Also `ARM_DISABLE_INSTANCE_DISCOVERY`.",
				Optional: true,
			},
		},
	}
}
