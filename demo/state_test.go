// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// worldBefore is a state as the mock tells it, with something of everything that the tutorials make.
const worldBefore = `{
	"identities": [{"id": "ID", "principalId": "P1"}],
	"virtualMachines": [{"id": "VM", "systemAssigned": {"principalId": "P2"}, "userAssigned": [{"id": "ID", "principalId": "P1"}]}],
	"roleAssignments": [{"id": "RA", "roleName": "Owner", "principalId": "P3"}]
}`

func parse(t *testing.T, text string) state {
	t.Helper()
	var s state
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNothingIsLeftOfAnUnchangedWorld(t *testing.T) {
	t.Parallel()
	if err := compare(parse(t, worldBefore), parse(t, worldBefore)); err != nil {
		t.Error(err)
	}
}

func TestWhatIsLeftOrGoneIsTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, changed, want string }{
		"an identity":                     {`[{"id": "ID", "principalId": "P1"}],`, `[{"id": "ID", "principalId": "P1"}, {"id": "ID2", "principalId": "P4"}],`, "the identity ID2 (principal P4) is left"},
		"an identity made anew":           {`[{"id": "ID", "principalId": "P1"}],`, `[{"id": "ID", "principalId": "P5"}],`, "the identity ID (principal P1) was there before, and is gone"},
		"an attachment":                   {`"userAssigned": [`, `"userAssigned": [{"id": "ID2", "principalId": "P4"}, `, "the attachment of ID2 (principal P4) to VM is left"},
		"an attachment of somebody else":  {`"userAssigned": [{"id": "ID", "principalId": "P1"}]`, `"userAssigned": []`, "the attachment of ID (principal P1) to VM was there before, and is gone"},
		"a system-assigned identity":      {`"P2"`, `"P6"`, "the system-assigned identity (principal P6) of VM is left"},
		"a system-assigned identity gone": {`"systemAssigned": {"principalId": "P2"}, `, ``, "the system-assigned identity (principal P2) of VM was there before, and is gone"},
		"a role assignment":               {`"roleAssignments": [`, `"roleAssignments": [{"id": "RA2", "roleName": "Reader", "principalId": "P4"}, `, "the role assignment RA2 (Reader to P4) is left"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			after := strings.Replace(worldBefore, c.old, c.changed, 1)
			if after == worldBefore {
				t.Fatal("the test changes nothing")
			}
			if err := compare(parse(t, worldBefore), parse(t, after)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v, want %q", err, c.want)
			}
		})
	}
}
