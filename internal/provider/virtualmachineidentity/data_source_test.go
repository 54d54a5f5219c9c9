// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package virtualmachineidentity_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
)

const (
	typeName   = "azuremi_virtual_machine_identity"
	group      = "/subscriptions/" + mockarm.DefaultSubscriptionID + "/resourceGroups/DevTest"
	identities = group + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"
)

func TestAllIdentitiesOfAMachine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := prototest.Start(t, prototest.Seed(func(s *mockarm.Seed) {
			for _, name := range []string{"id-b", "id-a", "id-gone"} {
				s.Identities = append(s.Identities, mockarm.SeedIdentity{ResourceGroup: "DevTest", Name: name})
				s.VirtualMachines[0].UserAssignedIdentities = append(s.VirtualMachines[0].UserAssignedIdentities, identities+name)
			}
			s.VirtualMachines[0].SystemAssigned = true
		}))
		p.Behind(http.MethodDelete, identities+"id-gone", "")
		read, diags := p.Read(typeName, prototest.Object{"virtual_machine_id": strings.ToUpper(mockarm.DefaultMachineID)})
		if len(diags) > 0 {
			t.Fatal(diags)
		}
		on := p.Mock.World().State().VirtualMachines[0]
		if want := (prototest.Object{
			"principal_id": on.SystemAssigned.PrincipalID, "client_id": on.SystemAssigned.ClientID, "tenant_id": mockarm.DefaultTenantID,
		}); !reflect.DeepEqual(read["system_assigned"], want) {
			t.Errorf("system_assigned is %v, want %v", read["system_assigned"], want)
		}
		var want []any
		for _, a := range on.UserAssigned {
			one := prototest.Object{"id": a.ID, "stale": a.Dead}
			if !a.Dead {
				one["principal_id"], one["client_id"] = a.PrincipalID, a.ClientID
			}
			want = append(want, one)
		}
		if !reflect.DeepEqual(read["user_assigned"], want) {
			t.Errorf("user_assigned is\n%v, want\n%v", read["user_assigned"], want)
		}
		if read["type"] != "SystemAssigned, UserAssigned" {
			t.Errorf("type is %v", read["type"])
		}
	})
}

func TestAMachineWithoutIdentities(t *testing.T) {
	t.Parallel()
	p := prototest.Start(t)
	read, diags := p.Read(typeName, prototest.Object{"virtual_machine_id": mockarm.DefaultMachineID})
	if len(diags) > 0 || read["type"] != "None" || read["system_assigned"] != nil || !reflect.DeepEqual(read["user_assigned"], []any{}) {
		t.Errorf("read %v %s", read, diags)
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	p := prototest.Start(t)
	for id, want := range map[string]string{
		mockarm.DefaultMachineID + "-2": "ResourceNotFound", group: "virtualMachines/example",
	} {
		if _, diags := p.Read(typeName, prototest.Object{"virtual_machine_id": id}); !diags.HasError() || !strings.Contains(diags.String(), want) {
			t.Errorf("%s: %s", id, diags)
		}
	}
}
