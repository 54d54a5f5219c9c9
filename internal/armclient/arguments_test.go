// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

const nobodyAppID = "eeeeeeee-0000-4000-8000-000000000001"

func TestWrongValuesOfTheChosenWayAreToldAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	none, empty, words := filepath.Join(dir, "none"), write(t, "empty", []byte(" \n")), write(t, "words", []byte("words"))
	nothing := write(t, "nothing", nil)
	id := write(t, "id", []byte(deployerAppID+"\n"))
	secret := CredentialOptions{ClientID: deployerAppID, ClientSecretFile: words}
	with := func(base CredentialOptions, change func(*CredentialOptions)) CredentialOptions {
		change(&base)
		return base
	}
	oidc := CredentialOptions{UseOIDC: true, ClientID: deployerAppID}
	cases := map[string]struct {
		options  CredentialOptions
		argument string
		want     string
	}{
		"no file with a secret":          {with(secret, func(o *CredentialOptions) { o.ClientSecretFile = none }), "client_secret_file_path", "client_secret_file_path (ARM_CLIENT_SECRET_FILE_PATH) names"},
		"an empty file with a secret":    {with(secret, func(o *CredentialOptions) { o.ClientSecretFile = empty }), "client_secret_file_path", "which is empty"},
		"two secrets":                    {with(secret, func(o *CredentialOptions) { o.ClientSecret = "hush-hush" }), "client_secret_file_path", "something else than client_secret (ARM_CLIENT_SECRET) says"},
		"no file with a client ID":       {with(secret, func(o *CredentialOptions) { o.ClientID, o.ClientIDFile = "", none }), "client_id_file_path", "client_id_file_path (ARM_CLIENT_ID_FILE_PATH) names"},
		"a client ID that is none":       {with(secret, func(o *CredentialOptions) { o.ClientID, o.ClientIDFile = "", words }), "client_id_file_path", "does not hold a GUID"},
		"two client IDs":                 {with(secret, func(o *CredentialOptions) { o.ClientID, o.ClientIDFile = nobodyAppID, id }), "client_id_file_path", "something else than client_id (ARM_CLIENT_ID) says"},
		"no token file":                  {with(oidc, func(o *CredentialOptions) { o.OIDCTokenFile = none }), "oidc_token_file_path", "oidc_token_file_path (ARM_OIDC_TOKEN_FILE_PATH) names"},
		"an empty token file":            {with(oidc, func(o *CredentialOptions) { o.OIDCTokenFile = nothing }), "oidc_token_file_path", "which is empty"},
		"a folder for a token":           {with(oidc, func(o *CredentialOptions) { o.OIDCTokenFile = dir }), "oidc_token_file_path", "which is a folder"},
		"two tokens":                     {with(oidc, func(o *CredentialOptions) { o.OIDCToken, o.OIDCTokenFile = "hush-hush", words }), "oidc_token", "oidc_token (ARM_OIDC_TOKEN) is set, and oidc_token_file_path (ARM_OIDC_TOKEN_FILE_PATH) as well"},
		"a pod without its file":         {CredentialOptions{UseAKSWorkloadIdentity: true}, "oidc_token_file_path", "oidc_token_file_path (AZURE_FEDERATED_TOKEN_FILE) names"},
		"a resource ID that is none":     {CredentialOptions{UseManagedIdentity: true, ManagedIdentityResourceID: mockarm.DefaultMachineID}, "msi_resource_id", "msi_resource_id (ARM_MSI_RESOURCE_ID) is no resource ID of a user-assigned identity"},
		"a machine in several tenants":   {CredentialOptions{UseManagedIdentity: true, AuxiliaryTenants: []string{"other"}}, "auxiliary_tenant_ids", "auxiliary_tenant_ids (ARM_AUXILIARY_TENANT_IDS) needs"},
		"two ways to choose an identity": {CredentialOptions{UseManagedIdentity: true, ClientID: deployerAppID, ManagedIdentityObjectID: nobodyAppID}, "", "client_id (ARM_CLIENT_ID) and msi_object_id (ARM_MSI_OBJECT_ID)"},
		"three ways to choose one":       {CredentialOptions{UseManagedIdentity: true, ClientIDFile: id, ManagedIdentityObjectID: "o", ManagedIdentityResourceID: "r"}, "", "client_id_file_path (ARM_CLIENT_ID_FILE_PATH), msi_object_id (ARM_MSI_OBJECT_ID) and msi_resource_id (ARM_MSI_RESOURCE_ID)"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := New(Config{Credential: c.options, TenantID: mockarm.DefaultTenantID, WorkloadIdentity: WorkloadIdentity{none, deployerAppID, "tenant"}})
			wrong, ok := errors.AsType[*ArgumentError](err)
			if err == nil || ok != (c.argument != "") || ok && wrong.Argument != c.argument || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if strings.Contains(fmt.Sprint(err), "hush-hush") {
				t.Errorf("the error tells a secret: %v", err)
			}
		})
	}
}

func TestFilesStandInForValues(t *testing.T) {
	t.Parallel()
	id, secret := write(t, "id", []byte(mockarm.DefaultOperatorAppID+"\n")), write(t, "secret", []byte(operatorKey+"\n"))
	for name, o := range map[string]CredentialOptions{
		"both in files":             {ClientIDFile: id, ClientSecretFile: secret},
		"the secret in a file":      {ClientID: mockarm.DefaultOperatorAppID, ClientSecretFile: secret},
		"files and values, alike":   {ClientID: mockarm.DefaultOperatorAppID, ClientIDFile: id, ClientSecret: operatorKey, ClientSecretFile: secret},
		"the application in a file": {ClientIDFile: id, ClientSecret: operatorKey},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, cfg := newMock(t)
			cfg.Credential = o
			if _, err := newClient(t, cfg).Identity(t.Context(), reader); !IsNotFound(err) {
				t.Error(err)
			}
		})
	}
}

func TestAManagedIdentityIsChosenByAnyOfItsIDs(t *testing.T) {
	t.Parallel()
	const principalID = "cccccccc-0000-4000-8000-000000000002"
	deployer := devTest.String() + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-deployer"
	for name, o := range map[string]CredentialOptions{
		"client ID":   {ClientID: deployerAppID},
		"object ID":   {ManagedIdentityObjectID: principalID},
		"resource ID": {ManagedIdentityResourceID: strings.ToUpper(deployer[:15]) + deployer[15:]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mock, cfg := newMock(t, federation, func(s *mockarm.Seed) {
				s.Identities[0].PrincipalID = principalID
				s.VirtualMachines[0].UserAssignedIdentities = []string{deployer}
				s.VirtualMachines[0].SystemAssigned = true
			})
			o.UseManagedIdentity = true
			cfg.Credential = o
			if _, err := newClient(t, cfg).Identity(t.Context(), reader); !IsNotFound(err) {
				t.Error(err)
			}
			if asked := mock.Requests(); asked[len(asked)-1].Caller != principalID {
				t.Errorf("the mock saw %+v", asked[len(asked)-1])
			}
		})
	}
}
