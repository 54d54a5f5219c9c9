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
	"slices"
	"strconv"

	"github.com/google/uuid"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/logging"
	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

// Configure makes the client that all resources and data sources share. What the configuration leaves out comes from the
// environment variables that azurerm and azapi read, so that a pipeline made for them works unchanged.
func (p *azuremi) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	client := p.client(ctx, config, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	logging.Follow(ctx)
	logging.Debug(ctx, client.Login(), nil)
	resp.ResourceData = client
	resp.DataSourceData = client
	resp.EphemeralResourceData = client
	resp.ListResourceData = client
	resp.ActionData = client
}

func (p *azuremi) client(ctx context.Context, config model, diags *diag.Diagnostics) *armclient.Client {
	env := environment{getenv: p.getenv, diags: diags}
	var endpoint endpointModel
	diags.Append(config.Endpoint.As(ctx, &endpoint, basetypes.ObjectAsOptions{UnhandledNullAsEmpty: true, UnhandledUnknownAsEmpty: true})...)
	cfg := armclient.Config{
		SubscriptionID: env.guid(config.SubscriptionID, "ARM_SUBSCRIPTION_ID"),
		TenantID:       env.guid(config.TenantID, "ARM_TENANT_ID"),
		Credential: armclient.CredentialOptions{
			ClientID:           env.guid(config.ClientID, "ARM_CLIENT_ID"),
			ClientSecret:       env.secret(config.ClientSecret, "ARM_CLIENT_SECRET"),
			UseManagedIdentity: env.flag(config.UseMSI, "ARM_USE_MSI", false),
			UseCLI:             env.flag(config.UseCLI, "ARM_USE_CLI", true),
		},
		IMDSEndpoint: env.text(config.MSIEndpoint, "ARM_MSI_ENDPOINT"),
		WorkloadIdentity: armclient.WorkloadIdentity{
			TokenFile: p.getenv("AZURE_FEDERATED_TOKEN_FILE"), ClientID: p.getenv("AZURE_CLIENT_ID"), TenantID: p.getenv("AZURE_TENANT_ID"),
		},
		DisableInstanceDiscovery: env.flag(config.DisableInstanceDiscovery, "ARM_DISABLE_INSTANCE_DISCOVERY", false),
		AdoptExisting:            config.AdoptExisting.ValueBool(),
		PrivilegedRoles:          armclient.PrivilegedRoles(config.PrivilegedRoles.ValueString()),
		PrincipalNotFoundTimeout: tfvalue.ToDuration(config.PrincipalNotFoundTimeout),
		UserAgent:                "terraform-provider-azuremi/" + p.version,
		Transport:                p.transport,
		IMDSTransport:            p.imdsTransport,
		Unknown:                  unknowns(config, endpoint),
	}
	cfg.Cloud = p.cloud(config.Environment, endpoint, env)
	cfg.CACertificates = p.caCertificates(config.CACertificateFile, env)
	if diags.HasError() {
		return nil
	}
	client, err := armclient.New(cfg)
	if err != nil {
		diags.AddError("Cannot configure the provider", err.Error())
	}
	return client
}

// cloud returns the Azure to work with: a known one by its name, or a custom one by its endpoints.
func (p *azuremi) cloud(name types.String, endpoint endpointModel, env environment) armclient.Cloud {
	cloud, err := armclient.CloudByName(cmp.Or(env.text(name, "ARM_ENVIRONMENT"), "public"))
	if err != nil {
		env.diags.AddAttributeError(path.Root("environment"), "No such environment", err.Error())
	}
	if cloud.Name == "custom" {
		cloud.AuthorityHost = env.text(endpoint.AuthorityHost, "ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST")
		cloud.ResourceManagerEndpoint = env.text(endpoint.ResourceManagerEndpoint, "ARM_RESOURCE_MANAGER_ENDPOINT")
		cloud.ResourceManagerAudience = env.text(endpoint.ResourceManagerAudience, "ARM_RESOURCE_MANAGER_AUDIENCE")
	}
	return cloud
}

func (p *azuremi) caCertificates(file types.String, env environment) []byte {
	name := env.text(file, "ARM_CA_CERTIFICATE_FILE")
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

// environment answers for what the configuration leaves out.
type environment struct {
	getenv func(string) string
	diags  *diag.Diagnostics
}

func (e environment) text(v types.String, variable string) string {
	if !v.IsNull() {
		return v.ValueString()
	}
	return e.getenv(variable)
}

// secret is text that no log may hold.
func (e environment) secret(v types.String, variable string) string {
	text := e.text(v, variable)
	logging.Hide(text)
	return text
}

// guid demands of a variable what the schema demands of the argument: the IDs become parts of URLs and of names.
func (e environment) guid(v types.String, variable string) string {
	text := e.text(v, variable)
	if v.IsNull() && text != "" && (len(text) != 36 || uuid.Validate(text) != nil) {
		e.diags.AddError(variable+" is not a GUID", fmt.Sprintf("The environment variable %s is %q, and a GUID looks like \"00000000-0000-0000-0000-000000000000\".", variable, text))
	}
	return text
}

func (e environment) flag(v types.Bool, variable string, byDefault bool) bool {
	if !v.IsNull() {
		return v.ValueBool()
	}
	text := e.getenv(variable)
	if text == "" {
		return byDefault
	}
	value, err := strconv.ParseBool(text)
	if err != nil {
		e.diags.AddError("Cannot read "+variable, fmt.Sprintf("The environment variable %s is %q, and must be true or false.", variable, text))
	}
	return value
}

// unknowns names the arguments whose values will only be known when something else has been applied.
func unknowns(config model, endpoint endpointModel) []string {
	var names []string
	for name, unknown := range map[string]bool{
		"subscription_id": config.SubscriptionID.IsUnknown(),
		"tenant_id":       config.TenantID.IsUnknown(),
		"client_id":       config.ClientID.IsUnknown(),
		"client_secret":   config.ClientSecret.IsUnknown(),
		"use_msi":         config.UseMSI.IsUnknown(),
		"msi_endpoint":    config.MSIEndpoint.IsUnknown(),
		"use_cli":         config.UseCLI.IsUnknown(),
		"environment":     config.Environment.IsUnknown(),
		"endpoint":        config.Endpoint.IsUnknown(),
		"endpoint.active_directory_authority_host": endpoint.AuthorityHost.IsUnknown(),
		"endpoint.resource_manager_endpoint":       endpoint.ResourceManagerEndpoint.IsUnknown(),
		"endpoint.resource_manager_audience":       endpoint.ResourceManagerAudience.IsUnknown(),
		"ca_certificate_file":                      config.CACertificateFile.IsUnknown(),
		"disable_instance_discovery":               config.DisableInstanceDiscovery.IsUnknown(),
		"adopt_existing":                           config.AdoptExisting.IsUnknown(),
		"privileged_roles":                         config.PrivilegedRoles.IsUnknown(),
		"principal_not_found_timeout":              config.PrincipalNotFoundTimeout.IsUnknown(),
	} {
		if unknown {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
