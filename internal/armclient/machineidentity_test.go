// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"
)

const identityPrefix = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/DevTest/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"

// having is the identity block of a machine that has identities; "system" is its own.
func having(names ...string) *armcompute.VirtualMachineIdentity {
	block := &armcompute.VirtualMachineIdentity{UserAssignedIdentities: map[string]*armcompute.UserAssignedIdentitiesValue{}}
	system := false
	for _, name := range names {
		if name == "system" {
			system = true
			continue
		}
		block.UserAssignedIdentities[identityPrefix+name] = &armcompute.UserAssignedIdentitiesValue{ClientID: new("c-" + name), PrincipalID: new("p-" + name)}
	}
	block.Type = new(identityType(system, len(block.UserAssignedIdentities) > 0))
	return block
}

func wish(text string) change {
	c := change{assign: text[0] == '+'}
	if text[1:] != "system" {
		c.identity = identityNamed(text[1:])
	}
	return c
}

func TestDelta(t *testing.T) {
	t.Parallel()
	a, b := `"`+identityPrefix+`a"`, `"`+identityPrefix+`b"`
	for name, c := range map[string]struct {
		has   *armcompute.VirtualMachineIdentity
		wants string
		body  string // "" for nothing to do
	}{
		"the first":                           {nil, "+a", `{"type":"UserAssigned","userAssignedIdentities":{` + a + `:{}}}`},
		"another, and the others go unnamed":  {having("b"), "+a", `{"type":"UserAssigned","userAssignedIdentities":{` + a + `:{}}}`},
		"beside the machine's own":            {having("system"), "+a", `{"type":"SystemAssigned, UserAssigned","userAssignedIdentities":{` + a + `:{}}}`},
		"one of two away":                     {having("a", "b"), "-a", `{"type":"UserAssigned","userAssignedIdentities":{` + a + `:null}}`},
		"the last away":                       {having("a"), "-a", `{"type":"None","userAssignedIdentities":null}`},
		"the last but the machine's own":      {having("system", "a"), "-a", `{"type":"SystemAssigned","userAssignedIdentities":null}`},
		"one for another":                     {having("a"), "-a +b", `{"type":"UserAssigned","userAssignedIdentities":{` + a + `:null,` + b + `:{}}}`},
		"the machine's own on":                {nil, "+system", `{"type":"SystemAssigned","userAssignedIdentities":null}`},
		"the machine's own on beside others":  {having("a"), "+system", `{"type":"SystemAssigned, UserAssigned","userAssignedIdentities":{}}`},
		"the machine's own off":               {having("system"), "-system", `{"type":"None","userAssignedIdentities":null}`},
		"the machine's own off beside others": {having("system", "a"), "-system", `{"type":"UserAssigned","userAssignedIdentities":{}}`},
		"all at once":                         {having("system", "a"), "-system -a +b", `{"type":"UserAssigned","userAssignedIdentities":{` + a + `:null,` + b + `:{}}}`},
		"what is there":                       {having("system", "a"), "+a +system", ""},
		"what is not there":                   {having("b"), "-a -system", ""},
		"one of which is there":               {having("a"), "+a +b", `{"type":"UserAssigned","userAssignedIdentities":{` + b + `:{}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var changes []change
			for text := range strings.FieldsSeq(c.wants) {
				changes = append(changes, wish(text))
			}
			delta := readMachineIdentity(c.has).delta(changes)
			if delta == nil {
				if c.body != "" {
					t.Errorf("no write, want %s", c.body)
				}
				return
			}
			body, err := json.Marshal(delta)
			if err != nil {
				t.Fatal(err)
			}
			if string(body) != c.body {
				t.Errorf("the write is\n%s, want\n%s", body, c.body)
			}
		})
	}
}

func TestAnEntryIsTakenOffInTheMachinesSpelling(t *testing.T) {
	t.Parallel()
	odd := strings.ToUpper(identityPrefix) + "A"
	has := &armcompute.VirtualMachineIdentity{
		Type: new(armcompute.ResourceIdentityType("SystemAssigned,UserAssigned")),
		UserAssignedIdentities: map[string]*armcompute.UserAssignedIdentitiesValue{
			odd:                  nil, // as while the machine is updating
			identityPrefix + "b": {},
		},
	}
	m := readMachineIdentity(has)
	if !m.systemAssigned || len(m.userAssigned) != 2 {
		t.Fatalf("read %+v", m)
	}
	delta := m.delta([]change{wish("-a")})
	if entry, named := delta.UserAssignedIdentities[odd]; !named || entry != nil || len(delta.UserAssignedIdentities) != 1 {
		t.Errorf("the write names %v", delta.UserAssignedIdentities)
	}
}

// For any machine and any changes, the write leads to what was wanted, names nothing else, and another one has nothing to do.
func TestDeltaLeadsToWhatIsWanted(t *testing.T) {
	t.Parallel()
	names := []string{"a", "b", "c", "d"}
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var has []string
		for _, name := range append(names, "system") {
			if random.IntN(2) == 0 {
				has = append(has, name)
			}
		}
		before := readMachineIdentity(having(has...))
		var changes []change
		wanted := map[string]bool{}
		for _, name := range append(names, "system") {
			if random.IntN(2) == 0 {
				c := wish(map[bool]string{true: "+", false: "-"}[random.IntN(2) == 0] + name)
				changes = append(changes, c)
				wanted[c.identity.Key()] = c.assign
			}
		}
		delta := before.delta(changes)
		after := patched(before, delta)
		for _, c := range changes {
			if !after.done(c) {
				t.Fatalf("%v with %v became %+v", has, changes, after)
			}
		}
		if _, named := wanted[""]; !named && after.systemAssigned != before.systemAssigned {
			t.Fatalf("%v with %v changed the machine's own identity", has, changes)
		}
		for key := range before.userAssigned {
			if _, named := wanted[key]; !named {
				if _, still := after.userAssigned[key]; !still {
					t.Fatalf("%v with %v lost %s", has, changes, key)
				}
			}
		}
		if delta := after.delta(changes); delta != nil {
			t.Fatalf("%v with %v is not done after one write: %+v", has, changes, delta)
		}
	}
}

// patched is what Compute makes of a PATCH (see the rules at the head of machineidentity.go).
func patched(m machineIdentity, delta *armcompute.VirtualMachineIdentity) machineIdentity {
	if delta == nil {
		return m
	}
	after := machineIdentity{userAssigned: maps.Clone(m.userAssigned)}
	after.systemAssigned = strings.HasPrefix(string(*delta.Type), "SystemAssigned")
	if !strings.Contains(string(*delta.Type), "UserAssigned") {
		clear(after.userAssigned)
		return after
	}
	for spelling, entry := range delta.UserAssignedIdentities {
		if entry == nil {
			delete(after.userAssigned, machineKey(spelling))
		} else {
			after.userAssigned[machineKey(spelling)] = attachment{spelling: spelling}
		}
	}
	return after
}
