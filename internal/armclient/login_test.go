// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"errors"
	"strings"
	"testing"
)

// everyWay has what each way to log in needs, and none of it is real.
func everyWay(t *testing.T) (CredentialOptions, WorkloadIdentity) {
	t.Helper()
	pair := newKeyPair(t)
	token := write(t, "token", []byte("what a pod is told"))
	job := OIDCRequest{"https://build.example/idtoken?api-version=2.0", "the request token"}
	return CredentialOptions{
		ClientID: "app", ClientSecret: "hush-hush",
		ClientCertificateFile: write(t, "app.pfx", pair.archive(t, "the password")), ClientCertificatePassword: "the password",
		UseOIDC: true, OIDCToken: "what an issuer says", GitHubActions: job, AzurePipelines: job, ServiceConnectionID: "connection",
		UseAKSWorkloadIdentity: true, UseManagedIdentity: true, UseCLI: true, UseDeveloperCLI: true,
	}, WorkloadIdentity{token, "pod", "tenant"}
}

func TestWaysToLogInHaveAzurermsPrecedence(t *testing.T) {
	t.Parallel()
	o, pod := everyWay(t)
	// Each step takes away what the way that was chosen has of its own.
	for _, step := range []struct {
		want   string
		remove func()
	}{
		{"a client certificate, because of client_id, client_certificate_path and tenant_id", func() { o.ClientCertificateFile = "" }},
		{"a client secret, because of client_id, client_secret and tenant_id", func() { o.ClientSecret = "" }},
		{"an OIDC token, because of use_oidc, client_id, oidc_token and tenant_id", func() { o.OIDCToken = "" }},
		{"AKS workload identity, because of use_aks_workload_identity, client_id, oidc_token_file_path and tenant_id", func() { o.UseAKSWorkloadIdentity = false }},
		{
			"a token of Azure Pipelines, because of use_oidc, client_id, ado_pipeline_service_connection_id, oidc_request_url, oidc_request_token and tenant_id",
			func() { o.ServiceConnectionID = "" },
		},
		{"a token of GitHub Actions, because of use_oidc, client_id, oidc_request_url, oidc_request_token and tenant_id", func() { o.UseOIDC = false }},
		{"a managed identity of this machine, because of use_msi", func() { o.UseManagedIdentity = false }},
		{"the Azure CLI, because of use_cli", func() { o.UseCLI = false }},
		{"the Azure Developer CLI, because of use_dev_cli", func() { o.UseDeveloperCLI = false }},
	} {
		got := newClient(t, Config{Credential: o, TenantID: "tenant", WorkloadIdentity: pod}).Login()
		chosen, _, _ := strings.Cut(got, "; passed over")
		if chosen != "logging in with "+step.want {
			t.Errorf("got  %s\nwant logging in with %s", got, step.want)
		}
		for _, secret := range []string{o.ClientSecret, o.ClientCertificatePassword, o.OIDCToken, o.GitHubActions.Token} {
			if secret != "" && strings.Contains(got, secret) {
				t.Errorf("a secret is in the log: %s", got)
			}
		}
		step.remove()
	}
	if got := newClient(t, Config{Credential: o, TenantID: "tenant", WorkloadIdentity: pod}).Login(); !strings.HasPrefix(got, "no way to log in: ") {
		t.Errorf("with nothing left it is %s", got)
	}
}

func TestAWayThatLacksSomethingIsPassedOver(t *testing.T) {
	t.Parallel()
	all := CredentialOptions{ClientID: "app", ClientSecret: "hush-hush", UseManagedIdentity: true, UseCLI: true}
	without := func(change func(*CredentialOptions)) CredentialOptions {
		o := all
		change(&o)
		return o
	}
	const machine, cli = "a managed identity of this machine, because of use_msi", "the Azure CLI, because of use_cli"
	for name, c := range map[string]struct {
		options CredentialOptions
		tenant  string
		want    string
		over    []string
	}{
		"everything": {all, "tenant", "a client secret, because of client_id, client_secret and tenant_id", []string{
			"a client certificate: client_certificate_path (ARM_CLIENT_CERTIFICATE_PATH) is not set",
		}},
		"a secret without a tenant": {all, "", machine, []string{"a client secret: tenant_id (ARM_TENANT_ID) is not set"}},
		"a secret without an application": {
			without(func(o *CredentialOptions) { o.ClientID = "" }), "tenant", machine, []string{"a client secret: client_id (ARM_CLIENT_ID) is not set"},
		},
		"no secret": {
			without(func(o *CredentialOptions) { o.ClientSecret = "" }), "tenant", machine, []string{"a client secret: client_secret (ARM_CLIENT_SECRET) is not set"},
		},
		"the CLI only": {CredentialOptions{UseCLI: true}, "", cli, []string{
			"a client certificate: client_id (ARM_CLIENT_ID), client_certificate_path (ARM_CLIENT_CERTIFICATE_PATH) and tenant_id (ARM_TENANT_ID) are not set",
			"a client secret: client_id (ARM_CLIENT_ID), client_secret (ARM_CLIENT_SECRET) and tenant_id (ARM_TENANT_ID) are not set",
			"an OIDC token: use_oidc (ARM_USE_OIDC) is not set",
			"AKS workload identity: use_aks_workload_identity (ARM_USE_AKS_WORKLOAD_IDENTITY) is not set",
			"a managed identity of this machine: use_msi (ARM_USE_MSI) is not set",
		}},
		"what was asked for lacks something, and so does what else was asked for": {
			CredentialOptions{UseOIDC: true, UseManagedIdentity: true, UseCLI: true},
			"", machine,
			[]string{"a token of GitHub Actions: client_id (ARM_CLIENT_ID), oidc_request_url (ACTIONS_ID_TOKEN_REQUEST_URL)"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := newClient(t, Config{Credential: c.options, TenantID: c.tenant}).Login()
			chosen, over, _ := strings.Cut(got, "; passed over ")
			if chosen != "logging in with "+c.want {
				t.Errorf("got  %s\nwant logging in with %s", got, c.want)
			}
			for _, want := range c.over {
				if !strings.Contains(over, want) {
					t.Errorf("%q is not said: %s", want, got)
				}
			}
			if strings.Contains(got, all.ClientSecret) {
				t.Error("the secret is in the log")
			}
		})
	}
}

// Whoever asks for OIDC and is not told a token must not hear that the Azure CLI is not logged in.
func TestWhatWasAskedForIsNotPassedOverForTheAzureCLI(t *testing.T) {
	t.Parallel()
	app := CredentialOptions{ClientID: "app", UseCLI: true, UseDeveloperCLI: true}
	with := func(change func(*CredentialOptions)) CredentialOptions {
		o := app
		change(&o)
		return o
	}
	for name, c := range map[string]struct {
		options CredentialOptions
		wants   []string
		not     string
	}{
		"a workflow without the permission": {
			with(func(o *CredentialOptions) { o.UseOIDC = true }),
			[]string{
				"use_oidc (ARM_USE_OIDC) is on", "oidc_token (ARM_OIDC_TOKEN) is not set", `"id-token: write"`,
				"a token of GitHub Actions: oidc_request_url (ACTIONS_ID_TOKEN_REQUEST_URL) and oidc_request_token (ACTIONS_ID_TOKEN_REQUEST_TOKEN) are not set",
			},
			"azure.workload.identity",
		},
		"a step of a pipeline without the token": {
			with(func(o *CredentialOptions) {
				o.UseOIDC, o.ServiceConnectionID, o.AzurePipelines.URL = true, "connection", "https://build.example"
			}),
			[]string{"a token of Azure Pipelines: oidc_request_token (SYSTEM_ACCESSTOKEN) is not set", "maps $(System.AccessToken) to SYSTEM_ACCESSTOKEN"},
			"azure.workload.identity",
		},
		"a pod without the label": {
			with(func(o *CredentialOptions) { o.UseAKSWorkloadIdentity = true }),
			[]string{"use_aks_workload_identity (ARM_USE_AKS_WORKLOAD_IDENTITY) is on", "oidc_token_file_path (AZURE_FEDERATED_TOKEN_FILE) is not set", `azure.workload.identity/use: "true"`},
			"id-token",
		},
		"both, and no CLI": {
			CredentialOptions{UseOIDC: true, UseAKSWorkloadIdentity: true},
			[]string{"use_oidc (ARM_USE_OIDC) and use_aks_workload_identity (ARM_USE_AKS_WORKLOAD_IDENTITY) are on"},
			"use_cli",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := New(Config{Credential: c.options, TenantID: "tenant"})
			if _, ok := errors.AsType[*IncompleteLoginError](err); !ok {
				t.Fatalf("error %v", err)
			}
			for _, want := range c.wants {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error lacks %q:\n%v", want, err)
				}
			}
			if strings.Contains(err.Error(), c.not) {
				t.Errorf("the error speaks of %q:\n%v", c.not, err)
			}
		})
	}
}
