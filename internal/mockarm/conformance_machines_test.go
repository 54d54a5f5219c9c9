// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"
)

// patchMachine sends an identity to the default machine and waits for the operation.
func (set clientSet) patchMachine(t *testing.T, identity *armcompute.VirtualMachineIdentity) (armcompute.VirtualMachine, error) {
	t.Helper()
	poller, err := set.machines.BeginUpdate(t.Context(), "DevTest", "vm-linux", armcompute.VirtualMachineUpdate{Identity: identity}, nil)
	if err != nil {
		return armcompute.VirtualMachine{}, err
	}
	updated, err := poller.PollUntilDone(t.Context(), nil)
	return updated.VirtualMachine, err
}

// userAssigned is the identity property that attaches one identity.
func userAssigned(id string) *armcompute.VirtualMachineIdentity {
	return &armcompute.VirtualMachineIdentity{
		Type:                   to.Ptr(armcompute.ResourceIdentityTypeUserAssigned),
		UserAssignedIdentities: map[string]*armcompute.UserAssignedIdentitiesValue{id: {}},
	}
}

func TestClientsAttachAndDetach(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	set := c.clients(t, c.operator(t))
	one, two := set.makeIdentity(t, "one"), set.makeIdentity(t, "two")

	for _, identity := range []string{*one.ID, *two.ID} {
		if _, err := set.patchMachine(t, userAssigned(identity)); err != nil {
			t.Fatalf("attaching %s: %v", identity, err)
		}
	}
	machine, err := set.machines.Get(t.Context(), "DevTest", "vm-linux", nil)
	if err != nil {
		t.Fatalf("reading the machine: %v", err)
	}
	if value := machine.Identity.UserAssignedIdentities[*one.ID]; len(machine.Identity.UserAssignedIdentities) != 2 || *value.ClientID != *one.Properties.ClientID {
		t.Errorf("attached are %v", machine.Identity.UserAssignedIdentities)
	}
	detach := userAssigned(*one.ID)
	detach.UserAssignedIdentities[*one.ID] = nil
	detached, err := set.patchMachine(t, detach)
	if err != nil || len(detached.Identity.UserAssignedIdentities) != 1 {
		t.Errorf("detached to %+v, %v", detached.Identity, err)
	}
	bare, err := set.patchMachine(t, &armcompute.VirtualMachineIdentity{
		Type:                   to.Ptr(armcompute.ResourceIdentityTypeNone),
		UserAssignedIdentities: azcore.NullValue[map[string]*armcompute.UserAssignedIdentitiesValue](),
	})
	if err != nil || bare.Identity != nil {
		t.Errorf("left with %+v, %v", bare.Identity, err)
	}
	_, err = set.patchMachine(t, userAssigned(*one.ID+"-gone"))
	wantRefusal(t, err, http.StatusBadRequest, "FailedIdentityOperation")
}

func TestClientsWriteOnlyWhatTheyHaveRead(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	set := c.clients(t, c.operator(t))
	identity := set.makeIdentity(t, "one")
	machine, err := set.machines.Get(t.Context(), "DevTest", "vm-linux", nil)
	if err != nil {
		t.Fatalf("reading the machine: %v", err)
	}
	update := armcompute.VirtualMachineUpdate{Identity: userAssigned(*identity.ID)}
	options := &armcompute.VirtualMachinesClientBeginUpdateOptions{IfMatch: machine.Etag}
	poller, err := set.machines.BeginUpdate(t.Context(), "DevTest", "vm-linux", update, options)
	written, err := made(t, poller, err).PollUntilDone(t.Context(), nil)
	if err != nil || *written.Etag == *machine.Etag {
		t.Fatalf("written with etag %v, %v", written.Etag, err)
	}
	_, err = set.machines.BeginUpdate(t.Context(), "DevTest", "vm-linux", update, options)
	wantRefusal(t, err, http.StatusPreconditionFailed, "PreconditionFailed")
	if want := fmt.Sprintf("Etag provided in if-match header %s does not match etag %s of resource.", *machine.Etag, *written.Etag); !containsMessage(err, want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestClientsMakeAndDeleteMachines(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	set := c.clients(t, c.operator(t))
	ctx := t.Context()
	creation, err := set.machines.BeginCreateOrUpdate(ctx, "DevTest", "second", armcompute.VirtualMachine{
		Location:   new("westus"),
		Identity:   &armcompute.VirtualMachineIdentity{Type: to.Ptr(armcompute.ResourceIdentityTypeSystemAssigned)},
		Properties: &armcompute.VirtualMachineProperties{HardwareProfile: &armcompute.HardwareProfile{VMSize: to.Ptr(armcompute.VirtualMachineSizeTypesStandardB1S)}},
	}, nil)
	machine, err := made(t, creation, err).PollUntilDone(ctx, nil)
	if err != nil || *machine.Properties.ProvisioningState != "Succeeded" {
		t.Fatalf("made %+v, %v", machine.VirtualMachine, err)
	}
	own, err := set.systemIdentities.GetByScope(ctx, *machine.ID, nil)
	if err != nil || *own.Properties.PrincipalID != *machine.Identity.PrincipalID {
		t.Errorf("the machine's own identity is %+v, %v", own.SystemAssignedIdentity, err)
	}
	machines, _ := collect(ctx, t, set.machines.NewListAllPager(nil),
		func(p armcompute.VirtualMachinesClientListAllResponse) []*armcompute.VirtualMachine { return p.Value })
	if len(machines) != 2 {
		t.Errorf("%d machines, want 2", len(machines))
	}
	deletion, err := set.machines.BeginDelete(ctx, "DevTest", "second", nil)
	if _, err = made(t, deletion, err).PollUntilDone(ctx, nil); err != nil {
		t.Errorf("deleting: %v", err)
	}
	_, err = set.machines.Get(ctx, "DevTest", "second", nil)
	wantRefusal(t, err, http.StatusNotFound, "ResourceNotFound")
}

func TestClientsAreRefusedWhatTheyHaveNoRightTo(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	identity := c.clients(t, c.operator(t)).makeIdentity(t, "one")

	reader := c.servicePrincipal(t, "reader", "Reader", testSubscription)
	readers := c.clients(t, c.signIn(t, reader.AppID, reader.Secret))
	_, err := readers.identities.Delete(t.Context(), "DevTest", "one", nil)
	wantRefusal(t, err, http.StatusForbidden, "AuthorizationFailed")
	_, err = readers.patchMachine(t, userAssigned(*identity.ID))
	wantRefusal(t, err, http.StatusForbidden, "AuthorizationFailed")
	permissions, _ := collect(t.Context(), t, readers.permissions.NewListForResourceGroupPager("DevTest", nil),
		func(p armauthorization.PermissionsClientListForResourceGroupResponse) []*armauthorization.Permission {
			return p.Value
		})
	if len(permissions) != 1 || *permissions[0].Actions[0] != "*/read" {
		t.Errorf("the reader's permissions are %v", permissions)
	}

	admin := c.servicePrincipal(t, "admin", "Virtual Machine Contributor", testGroup)
	admins := c.clients(t, c.signIn(t, admin.AppID, admin.Secret))
	_, err = admins.patchMachine(t, userAssigned(*identity.ID))
	wantRefusal(t, err, http.StatusForbidden, "LinkedAuthorizationFailed")
	c.world.mu.Lock()
	c.world.grant(t, admin.ObjectID, "Managed Identity Operator", testGroup)
	c.world.mu.Unlock()
	if _, err = admins.patchMachine(t, userAssigned(*identity.ID)); err != nil {
		t.Errorf("attaching with the right to assign: %v", err)
	}
}

// TestClientsWaitAsLongAsTheyAreAskedTo has a client poll an operation of the default length, in a bubble in which time
// does not have to pass for real.
func TestClientsWaitAsLongAsTheyAreAskedTo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAzure(t)
		options := &arm.ClientOptions{ClientOptions: policy.ClientOptions{
			Cloud: cloud.Configuration{Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
				cloud.ResourceManager: {Endpoint: a.URL(), Audience: "https://management.azure.com"},
			}},
			Transport: transporter(a.Transport().RoundTrip),
		}}
		client, err := armcompute.NewVirtualMachinesClient(DefaultSubscriptionID, fixedToken(a.operator(t).token), options)
		machines := made(t, client, err)
		start := time.Now()
		poller, err := machines.BeginUpdate(t.Context(), "DevTest", "vm-linux", armcompute.VirtualMachineUpdate{
			Identity: &armcompute.VirtualMachineIdentity{Type: to.Ptr(armcompute.ResourceIdentityTypeSystemAssigned)},
		}, nil)
		machine, err := made(t, poller, err).PollUntilDone(t.Context(), nil)
		if err != nil || machine.Identity.PrincipalID == nil {
			t.Fatalf("the machine is %+v, %v", machine.VirtualMachine, err)
		}
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("the operation was noticed after %v, want 2s", took)
		}
	})
}
