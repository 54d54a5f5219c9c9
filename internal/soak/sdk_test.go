// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package soak

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

// cloudOf is the mock in the SDK's terms.
func cloudOf(server *mockarm.Server) cloud.Configuration {
	return cloud.Configuration{
		ActiveDirectoryAuthorityHost: server.URL() + "/",
		Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
			cloud.ResourceManager: {Endpoint: server.URL(), Audience: "https://management.azure.com"},
		},
	}
}

// sdk does the same with the generated clients, as a program of somebody else's would: without etags, and again after a 409.
func sdk(t *testing.T, server *mockarm.Server) func(context.Context, int) error {
	t.Helper()
	who := server.World().Operator()
	options := policy.ClientOptions{Cloud: cloudOf(server), Transport: &http.Client{Transport: transport(t, server)}}
	credential, err := azidentity.NewClientSecretCredential(who.TenantID, who.AppID, who.Secret, &azidentity.ClientSecretCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true})
	if err != nil {
		t.Fatal(err)
	}
	armOptions := &arm.ClientOptions{ClientOptions: options}
	identities, err := armmsi.NewUserAssignedIdentitiesClient(mockarm.DefaultSubscriptionID, credential, armOptions)
	if err != nil {
		t.Fatal(err)
	}
	machines, err := armcompute.NewVirtualMachinesClient(mockarm.DefaultSubscriptionID, credential, armOptions)
	if err != nil {
		t.Fatal(err)
	}
	update := func(ctx context.Context, identity *armcompute.VirtualMachineIdentity, etag *string) error {
		poller, err := machines.BeginUpdate(ctx, "DevTest", "vm-linux", armcompute.VirtualMachineUpdate{Identity: identity}, &armcompute.VirtualMachinesClientBeginUpdateOptions{IfMatch: etag})
		if err == nil {
			_, err = poller.PollUntilDone(ctx, &runtime.PollUntilDoneOptions{Frequency: time.Second})
		}
		return err
	}
	return func(ctx context.Context, round int) error {
		name := fmt.Sprintf("sdk-%d", round)
		id := group + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/" + name
		return steps([]func() error{
			func() error {
				_, err := identities.CreateOrUpdate(ctx, "DevTest", name, armmsi.Identity{Location: new("westus")}, nil)
				return err
			},
			func() error {
				attached := &armcompute.VirtualMachineIdentity{
					Type: new(armcompute.ResourceIdentityTypeUserAssigned), UserAssignedIdentities: map[string]*armcompute.UserAssignedIdentitiesValue{id: {}},
				}
				return untilTaken(ctx, func() error { return update(ctx, attached, nil) }, http.StatusConflict)
			},
			func() error {
				pages := 0
				for pager := identities.NewListByResourceGroupPager("DevTest", nil); pager.More(); pages++ {
					if _, err := pager.NextPage(ctx); err != nil {
						return err
					}
				}
				return nil
			},
		}, []func() error{
			// Whoever takes the last one away must know that it is the last; nobody does, so that it is asked for until it is so.
			func() error {
				return untilTaken(ctx, func() error {
					machine, err := machines.Get(ctx, "DevTest", "vm-linux", nil)
					if err != nil {
						return err
					}
					change := &armcompute.VirtualMachineIdentity{Type: new(armcompute.ResourceIdentityTypeNone)}
					if machine.Identity != nil && len(machine.Identity.UserAssignedIdentities) > 1 {
						change.Type = new(armcompute.ResourceIdentityTypeUserAssigned)
						change.UserAssignedIdentities = map[string]*armcompute.UserAssignedIdentitiesValue{id: nil}
					}
					return update(ctx, change, machine.Etag)
				}, http.StatusConflict, http.StatusPreconditionFailed, http.StatusBadRequest)
			},
			func() error { _, err := identities.Delete(ctx, "DevTest", name, nil); return err },
		})
	}
}

// untilTaken repeats a write, after a pause drawn by lot, for as long as it is refused with one of several statuses.
func untilTaken(ctx context.Context, write func() error, statuses ...int) error {
	for {
		err := write()
		if response, refused := errors.AsType[*azcore.ResponseError](err); !refused || !slices.Contains(statuses, response.StatusCode) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(10+rand.IntN(50)) * time.Millisecond):
		}
	}
}
