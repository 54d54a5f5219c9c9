// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
)

const seedExample = "../../examples/mockarm/seed.json"

func TestExampleSeedIsPlanted(t *testing.T) {
	t.Parallel()
	load := func() *World {
		file, err := os.Open(seedExample)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = file.Close() }()
		seed, err := ReadSeed(file)
		if err != nil {
			t.Fatal(err)
		}
		w, err := NewWorld(seed, &Clock{})
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	w := load()
	state := w.State()
	synctest.Test(t, func(t *testing.T) { // Where time stands still: both are planted at the same moment.
		if one, other := load().State(), load().State(); !reflect.DeepEqual(one, other) {
			t.Error("two worlds of one seed differ")
		}
	})
	if got := len(state.Subscriptions[1].RegisteredProviders); got != 1 {
		t.Errorf("%d providers registered in the sandbox", got)
	}
	web := state.VirtualMachines[0]
	if web.SystemAssigned == nil || len(web.UserAssigned) != 1 || web.UserAssigned[0].Dead {
		t.Errorf("the machine web-1: %+v", web)
	}
	if operator := w.Operator(); operator.DisplayName != "pipeline" || operator.Secret != "pipeline-secret" {
		t.Errorf("the operator: %s", operator.DisplayName)
	}
	machine := caller{objectID: web.SystemAssigned.PrincipalID}
	w.mu.Lock()
	defer w.mu.Unlock()
	const group = "/subscriptions/bbbbbbbb-0000-4000-8000-000000000001/resourceGroups/shop"
	if !w.allowed(machine, "Microsoft.Resources/subscriptions/resourceGroups/read", group) {
		t.Error("the machine may not read its group")
	}
}

func TestSeedMistakesAreNamed(t *testing.T) {
	t.Parallel()
	plain, err := json.Marshal(DefaultSeed())
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct{ old, fresh, want string }{
		"a field that is not known":      {`"tenants":`, `"tennants":`, `unknown field "tennants"`},
		"a nested field":                 {`"location":"westus"`, `"location":"westus","color":"red"`, `unknown field "color"`},
		"no JSON":                        {`{`, `(`, "reading the seed"},
		"more behind the end":            {`]}`, `]} {}`, "there is more behind its end"},
		"a GUID that is none":            {`"id":"11111111-1111-4111-8111-111111111111"`, `"id":"eleven"`, `tenants[0].id: "eleven" is not a GUID`},
		"a GUID without dashes":          {`"vmId":"55555555-5555-4555-8555-555555555555"`, `"vmId":"55555555555545558555555555555555"`, "virtualMachines[0].vmId"},
		"no tenant":                      {`"tenants":[{"id":"11111111-1111-4111-8111-111111111111","displayName":"Mock Tenant"}]`, `"tenants":[]`, `subscriptions[0].tenant: there is no tenant ""`},
		"another tenant":                 {`"displayName":"Mock Subscription"`, `"tenant":"x"`, `subscriptions[0].tenant: there is no tenant "x"`},
		"an unknown provider":            {`"displayName":"Mock Subscription"`, `"registeredProviders":["Microsoft.Mars"]`, `registeredProviders: the mock has no resource provider "Microsoft.Mars"`},
		"a machine in no group":          {`"resourceGroup":"DevTest"`, `"resourceGroup":"Prod"`, `virtualMachines[0].resourceGroup: there is no resource group "Prod"`},
		"a group in no subscription":     {`"name":"DevTest"`, `"name":"DevTest","subscription":"x"`, `resourceGroups[0].subscription: there is no subscription "x"`},
		"a group without a location":     {`"location":"westus"`, `"location":""`, "resourceGroups[0].location: it must not be empty"},
		"an unknown identity":            {`"name":"vm-linux"`, `"name":"vm-linux","userAssignedIdentities":["/x"]`, `virtualMachines[0].userAssignedIdentities[0]: there is no identity "/x"`},
		"an unknown role":                {`"role":"Owner"`, `"role":"Emperor"`, `roleAssignments[0].role: there is no role "Emperor"`},
		"an unknown principal":           {`"principal":"44444444-`, `"principal":"54444444-`, "roleAssignments[0].principal"},
		"a scope that is none":           {`"scope":"/subscriptions/22222222-`, `"scope":"subscriptions/22222222-`, "roleAssignments[0].scope"},
		"a scope in no subscription":     {`"scope":"/subscriptions/22222222-`, `"scope":"/subscriptions/32222222-`, "roleAssignments[0].scope"},
		"a kind that is none":            {`"displayName":"operator"`, `"displayName":"operator","kind":"Robot"`, `principals[0].kind: "Robot" is none of`},
		"a user with a secret":           {`"displayName":"operator"`, `"displayName":"operator","kind":"User"`, "principals[0].appId: a User has no application"},
		"a certificate that is none":     {`"displayName":"operator"`, `"displayName":"operator","certificates":["x"]`, "principals[0].certificates[0]: this is not PEM"},
		"an operator without a secret":   {`"secret":"mock-operator-secret"`, `"secret":""`, "operator: there is no principal with a secret"},
		"an operator who is not there":   {`"operator":"33333333-`, `"operator":"83333333-`, "operator: there is no principal with a secret"},
		"two groups of one name":         {`{"name":"DevTest","location":"westus"}`, `{"name":"DevTest","location":"westus"},{"name":"devtest","location":"westus"}`, "resourceGroups[1].name: there is another"},
		"a role that is already there":   {`"roleAssignments":`, `"roleDefinitions":[{"name":"reader","assignableScopes":["/"],"permissions":[{}]}],"roleAssignments":`, `roleDefinitions[0].name: there is another role "reader"`},
		"a role that permits nothing":    {`"roleAssignments":`, `"roleDefinitions":[{"name":"x","assignableScopes":["/"],"permissions":[]}],"roleAssignments":`, "roleDefinitions[0].assignableScopes"},
		"an assignment without a scope":  {`"scope":"/subscriptions/22222222-2222-4222-8222-222222222222"`, `"scope":""`, "roleAssignments[0].scope"},
		"an identity with a wrong GUID":  {`"virtualMachines":`, `"identities":[{"resourceGroup":"DevTest","name":"a","clientId":"b"}],"virtualMachines":`, `identities[0].clientId: "b" is not a GUID`},
		"a principal without a name":     {`"displayName":"operator",`, ``, "principals[0].displayName"},
		"an identity in nothing by name": {`"virtualMachines":`, `"identities":[{"resourceGroup":"DevTest","name":""}],"virtualMachines":`, "identities[0].name: it must not be empty"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broken := strings.Replace(string(plain), c.old, c.fresh, 1)
			if broken == string(plain) {
				t.Fatalf("the seed has no %s: %s", c.old, plain)
			}
			if c.old == `]}` {
				broken = string(plain) + " {}"
			}
			seed, err := ReadSeed(strings.NewReader(broken))
			if err == nil {
				_, err = NewWorld(seed, &Clock{})
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestSeedMayHoldSeveralTenants(t *testing.T) {
	t.Parallel()
	const other = "99999999-9999-4999-8999-999999999999"
	seed := DefaultSeed()
	seed.Tenants = append(seed.Tenants, SeedTenant{ID: other})
	seed.Subscriptions[0].Tenant, seed.Principals[0].Tenant = DefaultTenantID, DefaultTenantID
	seed.Principals = append(seed.Principals, SeedPrincipal{Tenant: other, DisplayName: "operator", AppID: DefaultOperatorAppID, Secret: "x"})
	w, err := NewWorld(seed, &Clock{})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.Operator(); got.ObjectID != DefaultOperatorID {
		t.Errorf("the operator is %+v", got.ObjectID)
	}
}
