// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	fwprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider"
)

func TestAConfigurationThatCannotBeIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	type object = prototest.Object
	noCertificate := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(noCertificate, []byte("-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	notThere := filepath.Join(t.TempDir(), "not-there.pem")
	for name, c := range map[string]struct {
		env    environment
		config object
		wants  []string
	}{
		"ARM_USE_MSI is no boolean":                    {environment{"ARM_USE_MSI": "yes"}, nil, []string{"Cannot read ARM_USE_MSI", `is "yes", and must be true or false`}},
		"ARM_USE_CLI is no boolean":                    {environment{"ARM_USE_CLI": "2"}, nil, []string{"Cannot read ARM_USE_CLI"}},
		"ARM_DISABLE_INSTANCE_DISCOVERY is no boolean": {environment{"ARM_DISABLE_INSTANCE_DISCOVERY": "on"}, nil, []string{"Cannot read ARM_DISABLE_INSTANCE_DISCOVERY"}},

		"subscription_id is no GUID":     {nil, object{"subscription_id": "dev"}, []string{"subscription_id is not a GUID", `AttributeName("subscription_id")`}},
		"tenant_id is no GUID":           {nil, object{"tenant_id": "contoso"}, []string{"tenant_id is not a GUID"}},
		"client_id is no GUID":           {nil, object{"client_id": ""}, []string{"client_id is not a GUID"}},
		"ARM_SUBSCRIPTION_ID is no GUID": {environment{"ARM_SUBSCRIPTION_ID": "../../providers"}, nil, []string{"ARM_SUBSCRIPTION_ID is not a GUID", `"../../providers"`}},
		"ARM_TENANT_ID is no GUID":       {environment{"ARM_TENANT_ID": "contoso"}, nil, []string{"ARM_TENANT_ID is not a GUID"}},
		"ARM_CLIENT_ID is no GUID":       {environment{"ARM_CLIENT_ID": "id-reader"}, nil, []string{"ARM_CLIENT_ID is not a GUID"}},

		"msi_object_id is no GUID":            {nil, object{"msi_object_id": "me"}, []string{"msi_object_id is not a GUID"}},
		"ARM_MSI_OBJECT_ID is no GUID":        {environment{"ARM_MSI_OBJECT_ID": "me"}, nil, []string{"ARM_MSI_OBJECT_ID is not a GUID"}},
		"msi_resource_id is no identity":      {nil, object{"msi_resource_id": mockarm.DefaultMachineID}, []string{"msi_resource_id", "user-assigned identity"}},
		"ARM_MSI_RESOURCE_ID is none":         {noLogin.with(environment{"ARM_USE_MSI": "true", "ARM_MSI_RESOURCE_ID": mockarm.DefaultMachineID}), nil, []string{"msi_resource_id (ARM_MSI_RESOURCE_ID)", `AttributeName("msi_resource_id")`}},
		"two IDs of a managed identity":       {noLogin, object{"use_msi": true, "client_id": nobody, "msi_object_id": nobody}, []string{"client_id (ARM_CLIENT_ID) and msi_object_id (ARM_MSI_OBJECT_ID)"}},
		"another tenant is no GUID":           {nil, object{"auxiliary_tenant_ids": []any{"contoso"}}, []string{"auxiliary_tenant_ids", "contoso"}},
		"four other tenants":                  {nil, object{"auxiliary_tenant_ids": []any{nobody, nobody, nobody, nobody}}, []string{"auxiliary_tenant_ids", "at most 3"}},
		"a variable's tenant is no GUID":      {environment{"ARM_AUXILIARY_TENANT_IDS": nobody + ";contoso"}, nil, []string{"ARM_AUXILIARY_TENANT_IDS is not a GUID", `"contoso"`}},
		"a variable with four tenants":        {environment{"ARM_AUXILIARY_TENANT_IDS": strings.Repeat(nobody+"; ", 4)}, nil, []string{"Too many in ARM_AUXILIARY_TENANT_IDS", "lists 4 IDs"}},
		"a machine in other tenants":          {noLogin, object{"use_msi": true, "auxiliary_tenant_ids": []any{nobody}}, []string{"auxiliary_tenant_ids (ARM_AUXILIARY_TENANT_IDS)", `AttributeName("auxiliary_tenant_ids")`}},
		"the certificate is not there":        {environment{"ARM_CLIENT_CERTIFICATE_PATH": notThere}, nil, []string{"client_certificate_path (ARM_CLIENT_CERTIFICATE_PATH)", notThere, `AttributeName("client_certificate_path")`}},
		"the secret's file is not there":      {environment{"ARM_CLIENT_SECRET_FILE_PATH": notThere}, nil, []string{"client_secret_file_path (ARM_CLIENT_SECRET_FILE_PATH)", notThere}},
		"use_oidc in a job without a token":   {noLogin.with(environment{"ARM_USE_OIDC": "true", "ARM_USE_CLI": ""}), nil, []string{"use_oidc (ARM_USE_OIDC) is on", `"id-token: write"`}},
		"use_aks_workload_identity elsewhere": {noLogin.with(environment{"ARM_USE_CLI": ""}), object{"use_aks_workload_identity": true}, []string{"use_aks_workload_identity (ARM_USE_AKS_WORKLOAD_IDENTITY) is on", "AZURE_FEDERATED_TOKEN_FILE"}},
		"ARM_USE_OIDC is no boolean":          {environment{"ARM_USE_OIDC": "yes"}, nil, []string{"Cannot read ARM_USE_OIDC"}},
		"a job asks in plain text":            {noLogin.with(environment{"ARM_TENANT_ID": nobody, "ARM_CLIENT_ID": nobody, "ARM_USE_OIDC": "true", "ARM_OIDC_REQUEST_URL": "http://build.example", "ARM_OIDC_REQUEST_TOKEN": "x"}), nil, []string{"oidc_request_url", "which is not an https URL"}},

		"no such environment":                    {nil, object{"environment": "germany"}, []string{"environment", "germany"}},
		"no such environment in the environment": {environment{"ARM_ENVIRONMENT": "germany"}, nil, []string{"No such environment", `"germany"`, "public, usgovernment, china and custom"}},
		"custom without an authority":            {environment{"ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST": "", "ARM_METADATA_HOSTNAME": ""}, nil, []string{`the authority host of the cloud "custom" is not set`}},
		"custom without an endpoint":             {environment{"ARM_RESOURCE_MANAGER_ENDPOINT": "", "ARM_METADATA_HOSTNAME": ""}, nil, []string{`the Resource Manager endpoint of the cloud "custom" is not set`}},
		"custom without an audience":             {environment{"ARM_RESOURCE_MANAGER_AUDIENCE": "", "ARM_METADATA_HOSTNAME": ""}, nil, []string{`the Resource Manager audience of the cloud "custom" is not set`}},
		"a plain endpoint":                       {environment{"ARM_RESOURCE_MANAGER_ENDPOINT": "http://127.0.0.1:1"}, nil, []string{"which is not an https URL"}},
		"a plain authority":                      {nil, object{"endpoint": object{"active_directory_authority_host": "http://127.0.0.1:1"}}, []string{"which is not an https URL"}},

		"metadata_host is a URL":         {environment{"ARM_RESOURCE_MANAGER_ENDPOINT": ""}, object{"metadata_host": "http://mockarm.invalid"}, []string{"metadata_host (ARM_METADATA_HOSTNAME)", "without scheme and path", `AttributeName("metadata_host")`}},
		"ARM_METADATA_HOSTNAME is a URL": {environment{"ARM_RESOURCE_MANAGER_ENDPOINT": "", "ARM_METADATA_HOSTNAME": "https://mockarm.invalid/"}, nil, []string{"metadata_host (ARM_METADATA_HOSTNAME)", "without scheme and path"}},

		"msi_endpoint is another machine":     {nil, object{"msi_endpoint": "http://10.0.0.1/metadata/identity/oauth2/token"}, []string{"not an http URL of a loopback or link-local address"}},
		"ARM_MSI_ENDPOINT is another machine": {environment{"ARM_MSI_ENDPOINT": "http://imds.example"}, nil, []string{"not an http URL of a loopback or link-local address"}},
		"msi_endpoint is https":               {nil, object{"msi_endpoint": "https://127.0.0.1"}, []string{"not an http URL of a loopback or link-local address"}},

		"the certificate authorities are not there":                    {nil, object{"ca_certificate_file": notThere}, []string{"Cannot read the certificate authorities", notThere, `AttributeName("ca_certificate_file")`}},
		"the certificate authorities of the environment are not there": {environment{"ARM_CA_CERTIFICATE_FILE": notThere}, nil, []string{"Cannot read the certificate authorities", "ARM_CA_CERTIFICATE_FILE"}},
		"the certificate authorities hold none":                        {nil, object{"ca_certificate_file": noCertificate}, []string{"Cannot read the certificate authorities", noCertificate, "holds no certificate"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, diags := prototest.Configure(t, prototest.Environment(c.env), prototest.Configuration(c.config))
			if !diags.HasError() {
				t.Fatalf("it is taken: %s", diags)
			}
			for _, want := range c.wants {
				if !strings.Contains(diags.String(), want) {
					t.Errorf("the error lacks %q:\n%s", want, diags)
				}
			}
			if asked := p.Mock.Requests(); len(asked) > 0 {
				t.Errorf("Azure was asked %+v", asked)
			}
		})
	}
}

// What counts is the configuration: nobody looks at the variable that it stands in for.
func TestTheConfigurationKeepsTheEnvironmentOut(t *testing.T) {
	t.Parallel()
	p, diags := prototest.Configure(t, prototest.Seed(principals), prototest.Environment(environment{
		"ARM_SUBSCRIPTION_ID": "dev", "ARM_TENANT_ID": "contoso", "ARM_CLIENT_ID": "me", "ARM_CLIENT_SECRET": "wrong", "ARM_USE_MSI": "yes", "ARM_USE_CLI": "no way",
		"ARM_DISABLE_INSTANCE_DISCOVERY": "on", "ARM_ENVIRONMENT": "germany", "ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST": "http://plain.invalid",
		"ARM_RESOURCE_MANAGER_ENDPOINT": "http://plain.invalid", "ARM_RESOURCE_MANAGER_AUDIENCE": "http://plain.invalid", "ARM_MSI_ENDPOINT": "http://imds.invalid",
	}), prototest.Configuration(prototest.Object{
		"subscription_id": mockarm.DefaultSubscriptionID, "tenant_id": mockarm.DefaultTenantID, "client_id": aliceAppID, "client_secret": aliceSecret,
		"use_msi": false, "use_cli": false, "disable_instance_discovery": true, "environment": "custom", "msi_endpoint": "http://127.0.0.1:1",
		"endpoint": prototest.Object{
			"active_directory_authority_host": "https://mockarm.invalid", "resource_manager_endpoint": "https://mockarm.invalid",
			"resource_manager_audience": "https://management.azure.com",
		},
	}))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	if caller, diags := ask(t, p); caller != aliceOID || len(diags) > 0 {
		t.Errorf("the mock saw %q: %s", caller, diags)
	}
}

// Terraform configures a provider even while arguments of it depend on something that is not applied yet. That is no error,
// as long as nothing asks Azure.
func TestUnknownArgumentsAreNoErrorUntilAzureIsAsked(t *testing.T) {
	t.Parallel()
	arguments := map[string]prototest.Object{}
	for _, attribute := range prototest.Start(t).Schemas().Provider.Block.Attributes {
		arguments[attribute.Name] = prototest.Object{attribute.Name: prototest.Unknown}
		if attribute.NestedType == nil {
			continue
		}
		for _, nested := range attribute.NestedType.Attributes {
			arguments[attribute.Name+"."+nested.Name] = prototest.Object{attribute.Name: prototest.Object{nested.Name: prototest.Unknown}}
		}
	}
	for name, config := range arguments {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, diags := prototest.Configure(t, prototest.Seed(principals), prototest.Configuration(config))
			if len(diags) > 0 {
				t.Fatalf("it is refused: %s", diags)
			}
			_, own := ask(t, p)
			_, read := p.Read("azuremi_resource_group", prototest.Object{"name": "DevTest", "client_id": readerAppID})
			for what, diags := range map[string]prototest.Diagnostics{"a resource": own, "a data source": read} {
				if !strings.Contains(diags.String(), "Not known yet: "+name+".") {
					t.Errorf("%s says: %s", what, diags)
				}
			}
			if asked := p.Mock.Requests(); len(asked) > 0 {
				t.Errorf("Azure was asked %+v", asked)
			}
		})
	}
}

// A cloud is not asked for its endpoints while it is not known who asks, or whether it is the one.
func TestNoHostIsAskedWhileSomethingIsNotKnown(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]prototest.Object{
		"client_id":            {"client_id": prototest.Unknown},
		"auxiliary_tenant_ids": {"auxiliary_tenant_ids": []any{mockarm.DefaultTenantID, prototest.Unknown}},
	} {
		p, diags := prototest.Configure(t, prototest.Configuration(config.With(prototest.Object{"metadata_host": "mockarm.invalid"})), prototest.Environment(environment{
			"ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST": "", "ARM_RESOURCE_MANAGER_ENDPOINT": "", "ARM_RESOURCE_MANAGER_AUDIENCE": "",
		}))
		if len(diags) > 0 {
			t.Errorf("it is refused: %s", diags)
			continue
		}
		if _, diags := ask(t, p); !strings.Contains(diags.String(), "Not known yet: "+name+".") {
			t.Errorf("it says: %s", diags)
		}
		if asked := p.Mock.Requests(); len(asked) > 0 {
			t.Errorf("Azure was asked %+v", asked)
		}
	}
}

var variable = regexp.MustCompile(`\b(?:ARM|AZURE|ACTIONS|SYSTEM)_[A-Z_]+`)

// What the provider reads of its environment is what its schema says that it reads.
func TestEveryVariableOfTheEnvironmentIsDocumented(t *testing.T) {
	t.Parallel()
	var read []string
	p := provider.New("test", provider.WithEnvironment(func(name string) string {
		read = append(read, name)
		if name == "ARM_ENVIRONMENT" {
			return "custom" // The others have endpoints of their own.
		}
		return ""
	}))()
	var schema fwprovider.SchemaResponse
	p.Schema(t.Context(), fwprovider.SchemaRequest{}, &schema)
	nothing := map[string]tftypes.Value{}
	var documented []string
	for name, attribute := range schema.Schema.Attributes {
		nothing[name] = tftypes.NewValue(attribute.GetType().TerraformType(t.Context()), nil)
	}
	for _, e := range everything(t) {
		if e.path == "provider" || strings.HasPrefix(e.path, "provider.") {
			documented = append(documented, variable.FindAllString(e.description, -1)...)
		}
	}
	p.Configure(t.Context(), fwprovider.ConfigureRequest{Config: tfsdk.Config{
		Schema: schema.Schema, Raw: tftypes.NewValue(schema.Schema.Type().TerraformType(t.Context()), nothing),
	}}, &fwprovider.ConfigureResponse{})
	slices.Sort(read)
	slices.Sort(documented)
	read, documented = slices.Compact(read), slices.Compact(documented)
	if len(read) == 0 || !slices.Equal(read, documented) {
		t.Errorf("read are %q, documented %q", read, documented)
	}
}
