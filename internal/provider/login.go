// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

// maxAuxiliaryTenants is how many tenants a request may bring tokens of besides its own (Microsoft Learn:
// azure-resource-manager/management/authenticate-multi-tenant).
const maxAuxiliaryTenants = 3

// loginModel is the part of the provider's block that tells who to be.
type loginModel struct {
	TenantID                    types.String `tfsdk:"tenant_id"`
	AuxiliaryTenantIDs          types.List   `tfsdk:"auxiliary_tenant_ids"`
	ClientID                    types.String `tfsdk:"client_id"`
	ClientIDFilePath            types.String `tfsdk:"client_id_file_path"`
	ClientSecret                types.String `tfsdk:"client_secret"`
	ClientSecretFilePath        types.String `tfsdk:"client_secret_file_path"`
	ClientCertificate           types.String `tfsdk:"client_certificate"`
	ClientCertificatePath       types.String `tfsdk:"client_certificate_path"`
	ClientCertificatePassword   types.String `tfsdk:"client_certificate_password"`
	UseOIDC                     types.Bool   `tfsdk:"use_oidc"`
	OIDCToken                   types.String `tfsdk:"oidc_token"`
	OIDCTokenFilePath           types.String `tfsdk:"oidc_token_file_path"`
	OIDCRequestURL              types.String `tfsdk:"oidc_request_url"`
	OIDCRequestToken            types.String `tfsdk:"oidc_request_token"`
	PipelineServiceConnectionID types.String `tfsdk:"ado_pipeline_service_connection_id"`
	UseAKSWorkloadIdentity      types.Bool   `tfsdk:"use_aks_workload_identity"`
	UseMSI                      types.Bool   `tfsdk:"use_msi"`
	MSIEndpoint                 types.String `tfsdk:"msi_endpoint"`
	MSIObjectID                 types.String `tfsdk:"msi_object_id"`
	MSIResourceID               types.String `tfsdk:"msi_resource_id"`
	UseCLI                      types.Bool   `tfsdk:"use_cli"`
	UseDevCLI                   types.Bool   `tfsdk:"use_dev_cli"`
}

func loginAttributes() map[string]schema.Attribute {
	guid := []validator.String{tfvalue.GUID.Validator()}
	text := func(description string, validators ...validator.String) schema.StringAttribute {
		return schema.StringAttribute{MarkdownDescription: description, Optional: true, Validators: validators}
	}
	secret := func(description string) schema.StringAttribute {
		return schema.StringAttribute{MarkdownDescription: description, Optional: true, Sensitive: true}
	}
	flag := func(description string) schema.BoolAttribute {
		return schema.BoolAttribute{MarkdownDescription: description, Optional: true}
	}
	return map[string]schema.Attribute{
		"tenant_id": text("ID of the Microsoft Entra tenant to log in to. Also `ARM_TENANT_ID`.", guid...),
		"auxiliary_tenant_ids": schema.ListAttribute{
			MarkdownDescription: "IDs of up to three other tenants, for requests that refer to a resource in one of them. The login must be known there, too. " +
				"Also `ARM_AUXILIARY_TENANT_IDS`, separated by semicolons.",
			ElementType: types.StringType,
			Optional:    true,
			Validators: []validator.List{
				listvalidator.SizeAtMost(maxAuxiliaryTenants), listvalidator.NoNullValues(), listvalidator.ValueStringsAre(guid...),
			},
		},
		"client_id":           text("Client ID to log in with; with `use_msi`, the one of the user-assigned identity. Also `ARM_CLIENT_ID`.", guid...),
		"client_id_file_path": text("Path of a file that holds the client ID. Also `ARM_CLIENT_ID_FILE_PATH`."),

		"client_secret":           secret("Client secret to log in with. Also `ARM_CLIENT_SECRET`, which keeps it out of the configuration."),
		"client_secret_file_path": text("Path of a file that holds the client secret. Also `ARM_CLIENT_SECRET_FILE_PATH`."),

		"client_certificate":          secret("Client certificate to log in with, with its key: a PKCS#12 archive in base64. Also `ARM_CLIENT_CERTIFICATE`."),
		"client_certificate_path":     text("Path of a file that holds the client certificate with its key: a PKCS#12 archive, or PEM. Also `ARM_CLIENT_CERTIFICATE_PATH`."),
		"client_certificate_password": secret("Password of the PKCS#12 archive. Also `ARM_CLIENT_CERTIFICATE_PASSWORD`."),

		"use_oidc": flag("Whether to log in by what an OpenID Connect issuer says, such as GitHub Actions, Azure Pipelines or GitLab, without a secret. " +
			"`false` by default. Also `ARM_USE_OIDC`."),
		"oidc_token":           secret("Token of the issuer. Also `ARM_OIDC_TOKEN`."),
		"oidc_token_file_path": text("Path of a file that holds a token of the issuer. It is read anew each time. Also `ARM_OIDC_TOKEN_FILE_PATH`."),
		"oidc_request_url": text("URL at which a job asks for its token. Also `ARM_OIDC_REQUEST_URL`; else what GitHub Actions tells by `ACTIONS_ID_TOKEN_REQUEST_URL`, " +
			"or Azure Pipelines by `SYSTEM_OIDCREQUESTURI`."),
		"oidc_request_token": secret("Token that a job asks for its token with. Also `ARM_OIDC_REQUEST_TOKEN`; else what GitHub Actions tells by " +
			"`ACTIONS_ID_TOKEN_REQUEST_TOKEN`, or Azure Pipelines by `SYSTEM_ACCESSTOKEN`."),
		"ado_pipeline_service_connection_id": text("ID of the service connection of Azure Pipelines to log in with. Without it, a job is one of GitHub Actions. " +
			"Also `ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID` or `ARM_OIDC_AZURE_SERVICE_CONNECTION_ID`."),

		"use_aks_workload_identity": flag("Whether to log in as the service account of the pod that Terraform runs in, by what AKS tells it (`AZURE_CLIENT_ID`, " +
			"`AZURE_TENANT_ID`, `AZURE_FEDERATED_TOKEN_FILE`). `false` by default. Also `ARM_USE_AKS_WORKLOAD_IDENTITY`."),

		"use_msi": flag("Whether to log in with a managed identity of the machine that Terraform runs on. `false` by default. Also `ARM_USE_MSI`."),
		"msi_endpoint": text("URL of the instance metadata service where it is not at its usual address. It counts over whatever else tells of managed identities, unless it is the host's own endpoint. Only loopback and link-local addresses are taken. " +
			"Also `ARM_MSI_ENDPOINT`."),
		"msi_object_id":   text("Object ID of the user-assigned identity that `use_msi` logs in with, instead of `client_id`. Also `ARM_MSI_OBJECT_ID`.", guid...),
		"msi_resource_id": text("Resource ID of the user-assigned identity that `use_msi` logs in with, instead of `client_id`. Also `ARM_MSI_RESOURCE_ID`.", tfvalue.UserAssignedIdentityID.Validator()),

		"use_cli":     flag("Whether to log in as the Azure CLI is logged in. `true` by default. Also `ARM_USE_CLI`."),
		"use_dev_cli": flag("Whether to log in as the Azure Developer CLI is logged in, if `use_cli` is `false`. `false` by default. Also `ARM_USE_DEV_CLI`."),
	}
}

// credential tells who to be. What is given for a job of Azure Pipelines, and for one of GitHub Actions, is kept apart: a
// request of the one kind would go to the service of the other.
func (m loginModel) credential(ctx context.Context, env environment) armclient.CredentialOptions {
	requestURL, requestToken := env.text(m.OIDCRequestURL, "ARM_OIDC_REQUEST_URL"), env.secret(m.OIDCRequestToken, "ARM_OIDC_REQUEST_TOKEN")
	jobOf := func(urlVariable, tokenVariable string) armclient.OIDCRequest {
		return armclient.OIDCRequest{URL: env.or(requestURL, urlVariable), Token: env.secretOr(requestToken, tokenVariable)}
	}
	return armclient.CredentialOptions{
		ClientID:                  env.guid(m.ClientID, "ARM_CLIENT_ID"),
		ClientIDFile:              env.text(m.ClientIDFilePath, "ARM_CLIENT_ID_FILE_PATH"),
		ClientSecret:              env.secret(m.ClientSecret, "ARM_CLIENT_SECRET"),
		ClientSecretFile:          env.text(m.ClientSecretFilePath, "ARM_CLIENT_SECRET_FILE_PATH"),
		ClientCertificate:         env.secret(m.ClientCertificate, "ARM_CLIENT_CERTIFICATE"),
		ClientCertificateFile:     env.text(m.ClientCertificatePath, "ARM_CLIENT_CERTIFICATE_PATH"),
		ClientCertificatePassword: env.secret(m.ClientCertificatePassword, "ARM_CLIENT_CERTIFICATE_PASSWORD"),

		UseOIDC:             env.flag(m.UseOIDC, "ARM_USE_OIDC", false),
		OIDCToken:           env.secret(m.OIDCToken, "ARM_OIDC_TOKEN"),
		OIDCTokenFile:       env.text(m.OIDCTokenFilePath, "ARM_OIDC_TOKEN_FILE_PATH"),
		GitHubActions:       jobOf("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
		AzurePipelines:      jobOf("SYSTEM_OIDCREQUESTURI", "SYSTEM_ACCESSTOKEN"),
		ServiceConnectionID: env.text(m.PipelineServiceConnectionID, "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID", "ARM_OIDC_AZURE_SERVICE_CONNECTION_ID"),

		UseAKSWorkloadIdentity: env.flag(m.UseAKSWorkloadIdentity, "ARM_USE_AKS_WORKLOAD_IDENTITY", false),

		UseManagedIdentity:        env.flag(m.UseMSI, "ARM_USE_MSI", false),
		ManagedIdentityObjectID:   env.guid(m.MSIObjectID, "ARM_MSI_OBJECT_ID"),
		ManagedIdentityResourceID: env.text(m.MSIResourceID, "ARM_MSI_RESOURCE_ID"),
		UseCLI:                    env.flag(m.UseCLI, "ARM_USE_CLI", true),
		UseDeveloperCLI:           env.flag(m.UseDevCLI, "ARM_USE_DEV_CLI", false),
		AuxiliaryTenants:          env.guids(ctx, m.AuxiliaryTenantIDs, "ARM_AUXILIARY_TENANT_IDS", maxAuxiliaryTenants),
	}
}
