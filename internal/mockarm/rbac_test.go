// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import "testing"

func TestActionsMatchWildcards(t *testing.T) {
	t.Parallel()
	const read = "Microsoft.Compute/virtualMachines/read"
	cases := []struct {
		pattern, action string
		want            bool
	}{
		{"*", read, true},
		{"*/read", read, true},
		{"Microsoft.Compute/*", read, true},
		{"microsoft.COMPUTE/virtualmachines/READ", read, true},
		{"Microsoft.Compute/*/read", read, true},
		{"Microsoft.Compute/virtualMachines/*", read, true},
		{"Microsoft.ManagedIdentity/userAssignedIdentities/*/read", "Microsoft.ManagedIdentity/userAssignedIdentities/read", true},
		{"*/write", read, false},
		{"Microsoft.Compute/virtualMachines", read, false},
		{"Microsoft.Compute/virtualMachines/re", read, false},
		{"Microsoft.Storage/*", read, false},
		{"a*a", "a", false}, // The ends must not share a letter.
		{"a*b*a", "aba", true},
		{"a*b*a", "aa", false},
		{"", read, false},
	}
	for _, c := range cases {
		if got := matchAction(c.pattern, c.action); got != c.want {
			t.Errorf("matchAction(%q, %q) = %t", c.pattern, c.action, got)
		}
	}
}

func TestRolesCountAtTheirScopeAndBelow(t *testing.T) {
	t.Parallel()
	const (
		read      = "Microsoft.Compute/virtualMachines/read"
		write     = "Microsoft.Compute/virtualMachines/write"
		grant     = "Microsoft.Authorization/roleAssignments/write"
		group     = "/subscriptions/" + DefaultSubscriptionID + "/resourceGroups/DevTest"
		machine   = DefaultMachineID
		wholeRoot = "/"
	)
	type granted struct{ role, scope string }
	cases := map[string]struct {
		grants        []granted
		action, scope string
		want          bool
	}{
		"nothing":                               {nil, read, machine, false},
		"at the scope":                          {[]granted{{"Reader", machine}}, read, machine, true},
		"from the group":                        {[]granted{{"Reader", group}}, read, machine, true},
		"from the subscription":                 {[]granted{{"Reader", testSubscription}}, read, machine, true},
		"from the root":                         {[]granted{{"Reader", wholeRoot}}, read, machine, true},
		"in another casing":                     {[]granted{{"Reader", "/SUBSCRIPTIONS/" + DefaultSubscriptionID + "/resourcegroups/devtest"}}, read, machine, true},
		"not upwards":                           {[]granted{{"Reader", machine}}, read, group, false},
		"not to a name with the same beginning": {[]granted{{"Reader", group}}, read, group + "2", false},
		"not by another's action":               {[]granted{{"Reader", group}}, write, machine, false},
		"not what notActions take back":         {[]granted{{"Contributor", group}}, grant, machine, false},
		"what another role gives again":         {[]granted{{"Contributor", group}, {"Owner", machine}}, grant, machine, true},
		"not by the other role above its scope": {[]granted{{"Contributor", group}, {"Owner", machine}}, grant, group, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAzure(t)
			who := newGUID()
			a.world.mu.Lock()
			defer a.world.mu.Unlock()
			for _, g := range c.grants {
				a.world.grant(t, who, g.role, g.scope)
			}
			if got := a.world.allowed(caller{objectID: who}, c.action, c.scope); got != c.want {
				t.Errorf("allowed = %t", got)
			}
			if got := len(a.world.permissions(caller{objectID: who}, DefaultMachineID)); got != len(c.grants) && c.scope == machine {
				t.Errorf("%d permissions of %d roles", got, len(c.grants))
			}
			if a.world.allowed(caller{objectID: newGUID()}, c.action, c.scope) {
				t.Error("somebody else may, too")
			}
		})
	}
}
