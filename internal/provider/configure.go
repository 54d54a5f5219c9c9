// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

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
	client := p.client(ctx, config, unknowns(req.Config.Raw), &resp.Diagnostics)
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

func (p *azuremi) client(ctx context.Context, config model, unknown []string, diags *diag.Diagnostics) *armclient.Client {
	env := environment{getenv: p.getenv, diags: diags}
	cfg := armclient.Config{
		SubscriptionID: env.guid(config.SubscriptionID, "ARM_SUBSCRIPTION_ID"),
		TenantID:       env.guid(config.TenantID, "ARM_TENANT_ID"),
		Credential:     config.credential(ctx, env),
		IMDSEndpoint:   env.text(config.MSIEndpoint, "ARM_MSI_ENDPOINT"),
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
		Unknown:                  unknown,
	}
	cfg.CACertificates = config.caCertificates(env)
	cfg.Cloud = config.cloud(ctx, cfg, env)
	if diags.HasError() {
		return nil
	}
	client, err := armclient.New(cfg)
	if wrong, ok := errors.AsType[*armclient.ArgumentError](err); ok {
		diags.AddAttributeError(path.Root(wrong.Argument), "Cannot log in with this", err.Error())
	} else if err != nil {
		diags.AddError("Cannot configure the provider", err.Error())
	}
	return client
}

// unknowns names the arguments whose values will only be known when something else has been applied. It looks at the
// configuration as it came, so that no argument can be left out.
func unknowns(config tftypes.Value) []string {
	var names []string
	// Nothing here fails.
	_ = tftypes.Walk(config, func(at *tftypes.AttributePath, value tftypes.Value) (bool, error) {
		if value.IsKnown() {
			return true, nil
		}
		var name []string
		for _, step := range at.Steps() {
			if attribute, ok := step.(tftypes.AttributeName); ok {
				name = append(name, string(attribute))
			}
		}
		names = append(names, strings.Join(name, "."))
		return false, nil
	})
	slices.Sort(names)
	return slices.Compact(names)
}
