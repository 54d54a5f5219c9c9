// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package soak

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"
	"github.com/google/uuid"

	"github.com/azuremi/terraform-provider-azuremi/internal/armclient"
	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm/operator"
)

func clients(t *testing.T, server *mockarm.Server) []client {
	t.Helper()
	return []client{
		{"the provider", provider(t, server, "one")},
		{"another provider", provider(t, server, "two")},
		{"the SDK", sdk(t, server)},
		{"a workflow", workflow(t, server)},
		{"a team", team(t, server)},
		{"a machine", machine(t, server)},
		{"a page", page(t, server)},
		{"a file", file(t, server)},
		{"an auditor", auditor(server)},
	}
}

// provider is what an apply and a destroy of the tutorial come to: an identity, its assignment and its grant, the proof that
// the machine reads its group with it, and all of it taken away.
func provider(t *testing.T, server *mockarm.Server, name string) func(context.Context, int) error {
	t.Helper()
	who := server.World().Operator()
	imds, err := server.IMDSEndpoint(mockarm.DefaultMachineID)
	if err != nil {
		t.Fatal(err)
	}
	groupID, err := armid.Parse(group)
	if err != nil {
		t.Fatal(err)
	}
	machineID, err := armid.Parse(mockarm.DefaultMachineID)
	if err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context, round int) error {
		c, err := armclient.New(armclient.Config{
			Cloud: armclient.Cloud{
				Name: "custom", AuthorityHost: server.URL(), ResourceManagerEndpoint: server.URL(), ResourceManagerAudience: "https://management.azure.com",
			},
			SubscriptionID: mockarm.DefaultSubscriptionID, TenantID: who.TenantID, CACertificates: server.CACertificate(), IMDSEndpoint: imds,
			Credential:               armclient.CredentialOptions{ClientID: who.AppID, ClientSecret: who.Secret},
			DisableInstanceDiscovery: true,
		})
		if err != nil {
			return err
		}
		id, err := armid.Parse(fmt.Sprintf("%s/providers/Microsoft.ManagedIdentity/userAssignedIdentities/provider-%s-%d", group, name, round))
		if err != nil {
			return err
		}
		var clientID, principalID string
		var granted armid.ID
		return steps([]func() error{
			func() error {
				identity, err := c.CreateIdentity(ctx, id, armmsi.Identity{Location: new("westus")})
				if err == nil {
					clientID, principalID = *identity.Properties.ClientID, *identity.Properties.PrincipalID
				}
				return err
			},
			func() error { _, err := c.AssignIdentity(ctx, machineID, id); return err },
			func() error {
				name := armclient.RoleAssignmentName(who.TenantID, groupID, principalID, reader)
				wanted, err := armid.Parse(group + "/providers/Microsoft.Authorization/roleAssignments/" + name)
				if err != nil {
					return err
				}
				granted, _, err = c.CreateRoleAssignment(ctx, wanted, armauthorization.RoleAssignmentProperties{
					PrincipalID: &principalID, RoleDefinitionID: new(subscription + "/providers/Microsoft.Authorization/roleDefinitions/" + reader),
					PrincipalType: new(armauthorization.PrincipalTypeServicePrincipal),
				})
				return err
			},
			func() error {
				reads, err := c.ManagedIdentity(armclient.IdentitySelector{ClientID: clientID})
				if err != nil {
					return err
				}
				_, by, err := reads.ResourceGroup(ctx, groupID)
				if err == nil && by.PrincipalID != principalID {
					err = fmt.Errorf("%s was read by %s, not by %s", group, by.PrincipalID, principalID)
				}
				return err
			},
		}, []func() error{
			func() error {
				if granted.IsZero() {
					return nil
				}
				return c.DeleteRoleAssignment(ctx, granted, "")
			},
			func() error { return c.UnassignIdentity(ctx, machineID, id) },
			func() error { return c.DeleteIdentity(ctx, id) },
		})
	}
}

// workflow logs in with what an outside issuer says of it, as an identity that trusts it, and is refused what it may not do.
func workflow(t *testing.T, server *mockarm.Server) func(context.Context, int) error {
	t.Helper()
	who, err := operator.New(server)
	if err != nil {
		t.Fatal(err)
	}
	web := &http.Client{Transport: transport(t, server)}
	return func(ctx context.Context, round int) error {
		id := fmt.Sprintf("%s/providers/Microsoft.ManagedIdentity/userAssignedIdentities/workflow-%d", group, round)
		subject := fmt.Sprintf("repo:octo-org/octo-repo:environment:%d", round)
		var clientID string
		return steps([]func() error{
			func() error {
				answer, err := who.Do(ctx, http.MethodPut, id, `{"location":"westus"}`)
				properties, _ := answer["properties"].(map[string]any)
				clientID, _ = properties["clientId"].(string)
				return err
			},
			func() error {
				_, err := who.Do(ctx, http.MethodPut, id+"/federatedIdentityCredentials/github",
					`{"properties":{"issuer":"https://token.actions.githubusercontent.com","subject":"`+subject+`","audiences":["api://AzureADTokenExchange"]}}`)
				return err
			},
			func() error {
				assertion, err := server.Assertion("github", subject, "")
				if err != nil {
					return err
				}
				answer, err := web.PostForm(server.URL()+"/"+mockarm.DefaultTenantID+"/oauth2/v2.0/token", url.Values{
					"grant_type": {"client_credentials"}, "client_id": {clientID}, "scope": {"https://management.azure.com/.default"},
					"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion},
				})
				if err != nil {
					return err
				}
				return expect(answer, http.StatusOK)
			},
		}, []func() error{
			func() error { _, err := who.Do(ctx, http.MethodDelete, id, ""); return err },
		})
	}
}

// team makes a group with a machine that has an identity, and takes the whole group away again.
func team(t *testing.T, server *mockarm.Server) func(context.Context, int) error {
	t.Helper()
	who, err := operator.New(server)
	if err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context, round int) error {
		own := fmt.Sprintf("%s/resourceGroups/team-%d", subscription, round)
		do := func(method, path, body string) func() error {
			return func() error { _, err := who.Do(ctx, method, own+path, body); return err }
		}
		return steps([]func() error{
			do(http.MethodPut, "", `{"location":"westus"}`),
			do(http.MethodPut, "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/theirs", `{"location":"westus"}`),
			do(http.MethodPut, "/providers/Microsoft.Compute/virtualMachines/vm", `{"location":"westus","identity":{"type":"SystemAssigned, UserAssigned","userAssignedIdentities":{"`+
				own+`/providers/Microsoft.ManagedIdentity/userAssignedIdentities/theirs":{}}},"properties":{"hardwareProfile":{"vmSize":"Standard_B1s"}}}`),
			do(http.MethodPut, "/providers/Microsoft.Compute/virtualMachineScaleSets/vmss", `{"location":"westus","sku":{"name":"Standard_B1s","capacity":2},
				"properties":{"orchestrationMode":"Uniform","upgradePolicy":{"mode":"Rolling"},"virtualMachineProfile":{}}}`),
			do(http.MethodPut, "/providers/Microsoft.Authorization/roleAssignments/"+uuid.NewString(),
				`{"properties":{"principalId":"`+mockarm.DefaultOperatorID+`","roleDefinitionId":"`+subscription+`/providers/Microsoft.Authorization/roleDefinitions/`+reader+`"}}`),
		}, []func() error{do(http.MethodDelete, "", "")})
	}
}

// machine is code on the machine that asks its metadata service, for a token among other things. Whether it has an identity
// at the moment is the others' business.
func machine(t *testing.T, server *mockarm.Server) func(context.Context, int) error {
	t.Helper()
	endpoint, err := server.IMDSEndpoint(mockarm.DefaultMachineID)
	if err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context, round int) error {
		query := "?api-version=2018-02-01&resource=https://management.azure.com/"
		if round%2 == 1 {
			query += "&client_id=" + uuid.NewString()
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+query, http.NoBody)
		if err != nil {
			return err
		}
		request.Header.Set("Metadata", "true")
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		return expect(answer, http.StatusOK, http.StatusBadRequest, http.StatusTooManyRequests)
	}
}

// page looks on, as a browser does.
func page(t *testing.T, server *mockarm.Server) func(context.Context, int) error {
	t.Helper()
	web := &http.Client{Transport: transport(t, server)}
	return func(ctx context.Context, _ int) error {
		for _, path := range []string{"/_mock/state", "/_mock/requests", "/_mock/faults", "/_mock/"} {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL()+path, http.NoBody)
			if err != nil {
				return err
			}
			answer, err := web.Do(request)
			if err != nil {
				return err
			}
			if err := expect(answer, http.StatusOK); err != nil {
				return err
			}
		}
		return nil
	}
}

// file keeps the world while everybody works, and reads what it has kept: a world in order, too.
func file(t *testing.T, server *mockarm.Server) func(context.Context, int) error {
	t.Helper()
	directory := t.TempDir()
	return func(_ context.Context, round int) error {
		state := server.World().State()
		encoded, err := json.Marshal(state)
		if err != nil {
			return err
		}
		read, err := mockarm.ReadState(bytes.NewReader(encoded))
		if err != nil {
			return err
		}
		kept, _, err := mockarm.OpenStateFile(filepath.Join(directory, fmt.Sprint(round)), mockarm.DefaultSeed(), &mockarm.Clock{})
		if err != nil {
			return err
		}
		if err := kept.World().Restore(read); err != nil {
			return err
		}
		return kept.Save()
	}
}

// auditor reads the log as it grows, and finds errors of the server's that nobody has asked for.
func auditor(server *mockarm.Server) func(context.Context, int) error {
	last := 0
	return func(ctx context.Context, _ int) error {
		for _, r := range server.Requests() {
			if r.Number > last && r.Status >= http.StatusInternalServerError && r.Fault == "" {
				return fmt.Errorf("%s %s failed with %d by the server's fault", r.Method, r.Path, r.Status)
			}
			last = max(last, r.Number)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
			return nil
		}
	}
}

// expect reads an answer to its end and wants one of several statuses.
func expect(answer *http.Response, statuses ...int) error {
	body, err := io.ReadAll(answer.Body)
	if closeErr := answer.Body.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	if slices.Contains(statuses, answer.StatusCode) {
		return nil
	}
	return fmt.Errorf("%s %s: %d %s", answer.Request.Method, answer.Request.URL.Path, answer.StatusCode, strings.TrimSpace(string(body)))
}
