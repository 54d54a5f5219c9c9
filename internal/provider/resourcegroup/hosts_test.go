// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package resourcegroup_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
)

const (
	readerApp  = "aaaaaaaa-0000-4000-8000-000000000001"
	readerOID  = "aaaaaaaa-0000-4000-8000-000000000002"
	machineOID = "bbbbbbbb-0000-4000-8000-000000000001"
	account    = "system:serviceaccount:default:app"
)

// everywhere has a machine, which stands for all kinds of hosts, with a system-assigned and a user-assigned identity that may
// read the resource group. The latter trusts a service account, too.
func everywhere(s *mockarm.Seed) {
	s.Issuers = append(s.Issuers, mockarm.SeedIssuer{Name: "cluster", URL: "https://cluster.example"})
	s.Identities = []mockarm.SeedIdentity{{
		ResourceGroup: "DevTest", Name: "id-reader", ClientID: readerApp, PrincipalID: readerOID,
		FederatedCredentials: []mockarm.SeedFederatedCredential{{Name: "cluster", Issuer: "https://cluster.example", Subject: account}},
	}}
	s.VirtualMachines[0].SystemAssigned = true
	s.VirtualMachines[0].UserAssignedIdentities = []string{identities + "id-reader"}
	for _, principal := range []string{machineID, identities + "id-reader"} {
		s.RoleAssignments = append(s.RoleAssignments, mockarm.SeedRoleAssignment{Role: "Reader", Principal: principal, Scope: group})
	}
}

// settle has this process run on a kind of host. azidentity finds it in the environment of the process, so that tests that do
// this run one after the other.
func settle(t *testing.T, mock *mockarm.Server, host mockarm.IdentityHost, keys string) {
	t.Helper()
	variables, err := mock.IdentityEnvironment(host, machineID, keys)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range variables {
		t.Setenv(name, value)
	}
	t.Cleanup(func() {
		if err := mock.Close(); err != nil {
			t.Error(err)
		}
	})
}

// readAs reads the resource group, and returns the client ID and the resource ID of who did.
func readAs(t *testing.T, p *prototest.Provider, choice prototest.Object) (clientID, resourceID string) {
	t.Helper()
	read, diags := p.Read(typeName, prototest.Object{"name": "DevTest", "subscription_id": mockarm.DefaultSubscriptionID}.With(choice))
	if len(diags) > 0 || read["location"] != "westus" {
		t.Errorf("with %v, read %v: %s", choice, read["location"], diags)
	}
	by, _ := read["read_by"].(prototest.Object)
	clientID, _ = by["client_id"].(string)
	resourceID, _ = by["identity_resource_id"].(string)
	return clientID, resourceID
}

//nolint:paralleltest // It changes the environment of the process.
func TestOnEveryKindOfHost(t *testing.T) {
	byAny := []prototest.Object{{"client_id": readerApp}, {"principal_id": readerOID}, {"user_assigned_identity_id": identities + "id-reader"}}
	for host, choices := range map[mockarm.IdentityHost][]prototest.Object{
		mockarm.VirtualMachineHost: byAny,
		mockarm.AppServiceHost:     byAny,
		mockarm.AzureMLHost:        byAny[:1],
		mockarm.CloudShellHost:     nil,
		mockarm.ServiceFabricHost:  nil,
	} {
		t.Run(string(host), func(t *testing.T) {
			p := prototest.Start(t, noLogin, prototest.Seed(everywhere))
			settle(t, p.Mock, host, "")
			if _, id := readAs(t, p, nil); id != machineID {
				t.Errorf("by default it is read by %s", id)
			}
			for _, choice := range choices {
				if client, _ := readAs(t, p, choice); client != readerApp {
					t.Errorf("with %v it is read by %s", choice, client)
				}
			}
			for _, choice := range byAny[len(choices):] {
				_, diags := p.Read(typeName, prototest.Object{"name": "DevTest"}.With(choice))
				mention(t, "with a choice that the host has not", diags, "This process runs on", "cannot be chosen")
			}
			if host == mockarm.VirtualMachineHost {
				return
			}
			_, diags := p.Read(typeName, prototest.Object{"name": "DevTest"})
			mention(t, "without a subscription", diags, "ARM_SUBSCRIPTION_ID")
		})
	}
}

func TestInAPod(t *testing.T) {
	t.Parallel()
	p := prototest.Start(t, prototest.Seed(everywhere))
	assertion, err := p.Mock.Assertion("cluster", account, "")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "azure-identity-token")
	if err := os.WriteFile(file, []byte(assertion), 0o600); err != nil {
		t.Fatal(err)
	}
	pod := prototest.Environment(map[string]string{"AZURE_FEDERATED_TOKEN_FILE": file, "AZURE_CLIENT_ID": readerApp, "AZURE_TENANT_ID": mockarm.DefaultTenantID})
	in := prototest.Start(t, prototest.With(p.Mock), noLogin, pod)
	for _, choice := range []prototest.Object{nil, {"client_id": readerApp}} {
		if client, id := readAs(t, in, choice); client != readerApp || id != identities+"id-reader" {
			t.Errorf("with %v it is read by %s %s", choice, client, id)
		}
	}
	_, diags := in.Read(typeName, prototest.Object{"name": "DevTest", "principal_id": readerOID})
	mention(t, "chosen by its object ID", diags, "Kubernetes pod", "client_id")
}
