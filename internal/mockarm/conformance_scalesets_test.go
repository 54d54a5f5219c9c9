// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"
)

// patchScaleSet sends an identity to a scale set and waits for the operation.
func (set clientSet) patchScaleSet(t *testing.T, identity *armcompute.VirtualMachineScaleSetIdentity, etag *string) (armcompute.VirtualMachineScaleSet, error) {
	t.Helper()
	poller, err := set.scaleSets.BeginUpdate(t.Context(), "DevTest", "web", armcompute.VirtualMachineScaleSetUpdate{Identity: identity},
		&armcompute.VirtualMachineScaleSetsClientBeginUpdateOptions{IfMatch: etag})
	if err != nil {
		return armcompute.VirtualMachineScaleSet{}, err
	}
	updated, err := poller.PollUntilDone(t.Context(), nil)
	return updated.VirtualMachineScaleSet, err
}

func TestClientsFindTheScaleSetLifeCycle(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	set := c.clients(t, c.operator(t))
	ctx := t.Context()
	identity := set.makeIdentity(t, "one")

	creation, err := set.scaleSets.BeginCreateOrUpdate(ctx, "DevTest", "web", armcompute.VirtualMachineScaleSet{
		Location: new("westus"),
		SKU:      &armcompute.SKU{Name: new("Standard_B1s"), Tier: new("Standard"), Capacity: to.Ptr[int64](2)},
		Properties: &armcompute.VirtualMachineScaleSetProperties{
			UpgradePolicy:         &armcompute.UpgradePolicy{Mode: to.Ptr(armcompute.UpgradeModeManual)},
			VirtualMachineProfile: &armcompute.VirtualMachineScaleSetVMProfile{OSProfile: &armcompute.VirtualMachineScaleSetOSProfile{ComputerNamePrefix: new("web")}},
		},
	}, nil)
	scaleSet, err := made(t, creation, err).PollUntilDone(ctx, nil)
	if err != nil || *scaleSet.Properties.ProvisioningState != "Succeeded" || *scaleSet.SKU.Capacity != 2 ||
		*scaleSet.Properties.OrchestrationMode != armcompute.OrchestrationModeUniform {
		t.Fatalf("made %+v, %v", scaleSet.VirtualMachineScaleSet, err)
	}

	attached, err := set.patchScaleSet(t, &armcompute.VirtualMachineScaleSetIdentity{
		Type:                   to.Ptr(armcompute.ResourceIdentityTypeSystemAssignedUserAssigned),
		UserAssignedIdentities: map[string]*armcompute.UserAssignedIdentitiesValue{*identity.ID: {}},
	}, scaleSet.Etag)
	if err != nil || *attached.Identity.UserAssignedIdentities[*identity.ID].ClientID != *identity.Properties.ClientID || attached.Identity.PrincipalID == nil {
		t.Fatalf("attached %+v, %v", attached.Identity, err)
	}
	own, err := set.systemIdentities.GetByScope(ctx, *attached.ID, nil)
	if err != nil || *own.Properties.PrincipalID != *attached.Identity.PrincipalID {
		t.Errorf("the scale set's own identity is %+v, %v", own.SystemAssignedIdentity, err)
	}
	_, err = set.patchScaleSet(t, &armcompute.VirtualMachineScaleSetIdentity{Type: to.Ptr(armcompute.ResourceIdentityTypeNone)}, scaleSet.Etag)
	wantRefusal(t, err, http.StatusPreconditionFailed, "PreconditionFailed")

	upToDate := func() (count int) {
		instances, _ := collect(ctx, t, set.instances.NewListPager("DevTest", "web", nil),
			func(p armcompute.VirtualMachineScaleSetVMsClientListResponse) []*armcompute.VirtualMachineScaleSetVM {
				return p.Value
			})
		if len(instances) != 2 {
			t.Errorf("%d instances, want 2", len(instances))
		}
		for _, instance := range instances {
			if *instance.Properties.LatestModelApplied {
				count++
			}
		}
		return count
	}
	if got := upToDate(); got != 0 {
		t.Errorf("%d instances have the new model without an upgrade", got)
	}
	upgrade, err := set.scaleSets.BeginUpdateInstances(ctx, "DevTest", "web", armcompute.VirtualMachineScaleSetVMInstanceRequiredIDs{InstanceIDs: []*string{new("*")}}, nil)
	if _, err = made(t, upgrade, err).PollUntilDone(ctx, nil); err != nil {
		t.Errorf("upgrading: %v", err)
	}
	if got := upToDate(); got != 2 {
		t.Errorf("%d instances have the new model after the upgrade", got)
	}
	instance, err := set.instances.Get(ctx, "DevTest", "web", "1", nil)
	if err != nil || *instance.InstanceID != "1" || instance.Identity.UserAssignedIdentities[*identity.ID] == nil {
		t.Errorf("the instance is %+v, %v", instance.VirtualMachineScaleSetVM, err)
	}

	for scope, count := range map[string]int{
		"group": len(first(collect(ctx, t, set.scaleSets.NewListPager("DevTest", nil),
			func(p armcompute.VirtualMachineScaleSetsClientListResponse) []*armcompute.VirtualMachineScaleSet {
				return p.Value
			}))),
		"subscription": len(first(collect(ctx, t, set.scaleSets.NewListAllPager(nil),
			func(p armcompute.VirtualMachineScaleSetsClientListAllResponse) []*armcompute.VirtualMachineScaleSet {
				return p.Value
			}))),
	} {
		if count != 1 {
			t.Errorf("the %s lists %d scale sets", scope, count)
		}
	}
	deletion, err := set.scaleSets.BeginDelete(ctx, "DevTest", "web", nil)
	if _, err = made(t, deletion, err).PollUntilDone(ctx, nil); err != nil {
		t.Errorf("deleting: %v", err)
	}
	_, err = set.scaleSets.Get(ctx, "DevTest", "web", nil)
	wantRefusal(t, err, http.StatusNotFound, "ResourceNotFound")
}

func first[T any](value T, _ int) T { return value }
