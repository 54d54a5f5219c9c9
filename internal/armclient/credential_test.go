// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

func TestWithoutAWayToLogInTheErrorListsAllOfThem(t *testing.T) {
	t.Parallel()
	_, cfg := newMock(t)
	cfg.Credential = CredentialOptions{ClientID: "app"}
	w := tap(&cfg, nil)
	_, err := newClient(t, cfg).Identity(t.Context(), reader)
	if _, ok := errors.AsType[*NoCredentialError](err); !ok {
		t.Fatalf("error %v", err)
	}
	text := Describe(err)
	for _, want := range []string{
		"client_certificate_path (ARM_CLIENT_CERTIFICATE_PATH) is not set", "client_secret (ARM_CLIENT_SECRET) is not set", "use_oidc (ARM_USE_OIDC)",
		"use_aks_workload_identity (ARM_USE_AKS_WORKLOAD_IDENTITY)", "use_msi (ARM_USE_MSI)", "use_cli (ARM_USE_CLI)", "use_dev_cli (ARM_USE_DEV_CLI)",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the text:\n%s", want, text)
		}
	}
	if strings.Contains(text, "client_id (ARM_CLIENT_ID)") {
		t.Errorf("what is set is said to be missing:\n%s", text)
	}
	if len(w.requests) > 0 {
		t.Errorf("%d requests were sent", len(w.requests))
	}
}

// TestTenClientsAskForOneToken is about the first moment of an apply: each call makes a generated client with a token
// policy of its own.
func TestTenClientsAskForOneToken(t *testing.T) {
	t.Parallel()
	_, cfg := newMock(t)
	w := tap(&cfg, nil)
	c := newClient(t, cfg)
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			clients, err := armmsi.NewUserAssignedIdentitiesClient(mockarm.DefaultSubscriptionID, c.credential, c.armOptions())
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := clients.Get(t.Context(), "DevTest", "nobody", nil); !IsNotFound(err) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := w.count(isTokenRequest); n != 1 {
		t.Errorf("%d token requests", n)
	}
}

func TestTheTenantComesFromTheTokenIfNotFromTheConfiguration(t *testing.T) {
	t.Parallel()
	_, cfg := newMock(t, func(s *mockarm.Seed) { s.VirtualMachines[0].SystemAssigned = true })
	cfg.Credential = CredentialOptions{UseManagedIdentity: true}
	cfg.TenantID = ""
	if got, err := newClient(t, cfg).TenantID(t.Context()); err != nil || got != mockarm.DefaultTenantID {
		t.Errorf("the tenant is %q, %v", got, err)
	}
	cfg.TenantID = "configured"
	if got, err := newClient(t, cfg).TenantID(t.Context()); err != nil || got != "configured" {
		t.Errorf("the tenant is %q, %v", got, err)
	}
}

func TestAManagedIdentityLogsIn(t *testing.T) {
	t.Parallel()
	_, cfg := newMock(t, func(s *mockarm.Seed) {
		s.VirtualMachines[0].SystemAssigned = true
		s.RoleAssignments = append(s.RoleAssignments, mockarm.SeedRoleAssignment{Role: "Managed Identity Contributor", Principal: mockarm.DefaultMachineID, Scope: devTest.String()})
	})
	cfg.Credential = CredentialOptions{UseManagedIdentity: true}
	if _, err := newClient(t, cfg).CreateIdentity(t.Context(), reader, armmsi.Identity{Location: new("westus")}); err != nil {
		t.Error(err)
	}
}

func TestAWrongSecretIsExplained(t *testing.T) {
	t.Parallel()
	_, cfg := newMock(t)
	cfg.Credential.ClientSecret = "not-the-right-one"
	_, err := newClient(t, cfg).Identity(t.Context(), reader)
	text := Describe(err)
	if !strings.Contains(text, "AADSTS7000215") || !strings.Contains(text, "ARM_CLIENT_SECRET") {
		t.Errorf("the text is:\n%s", text)
	}
	if strings.Contains(text, cfg.Credential.ClientSecret) || strings.Contains(fmt.Sprint(err), cfg.Credential.ClientSecret) {
		t.Errorf("the secret is in the text:\n%s", text)
	}
}
