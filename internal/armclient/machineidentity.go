// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
)

// This file holds the rules of a machine's identity block (Microsoft Learn: "Configure managed identities on Azure virtual
// machines", REST), and no I/O:
//
//   - a PATCH is a delta: an identity with {} is added, one with null is removed, one that is not named stays;
//   - type is no delta: it says what holds after the PATCH, and taking "UserAssigned" out of it takes all identities off;
//   - with a type without "UserAssigned" no identity may be named.

// machineIdentity is the identity block of a machine as Compute tells it.
type machineIdentity struct {
	systemAssigned bool
	principalID    string // of the system-assigned identity
	tenantID       string // of the system-assigned identity
	userAssigned   map[string]attachment
}

// attachment is a user-assigned identity on a machine.
type attachment struct {
	spelling    string // the ID as the machine has it; a removal must name it so
	principalID string
	clientID    string
}

// dead reports whether the entry has stayed behind an identity that was deleted. It stays dead when an identity is made again
// under the name, until it is taken off and put on again (Microsoft Learn: "Managed identities for Azure resources
// frequently asked questions"). While the machine is updating, an entry that is new looks the same.
func (a attachment) dead() bool { return a.principalID == "" }

// readMachineIdentity maps Compute's answer. A machine without any identity has no block at all.
func readMachineIdentity(block *armcompute.VirtualMachineIdentity) machineIdentity {
	m := machineIdentity{userAssigned: map[string]attachment{}}
	if block == nil {
		return m
	}
	// Compute writes "SystemAssigned, UserAssigned"; others write it without the space.
	m.systemAssigned = strings.Contains(strings.ToLower(string(value(block.Type))), "systemassigned")
	if m.systemAssigned {
		m.principalID, m.tenantID = value(block.PrincipalID), value(block.TenantID)
	}
	for spelling, ids := range block.UserAssignedIdentities {
		a := attachment{spelling: spelling}
		if ids != nil {
			a.principalID, a.clientID = value(ids.PrincipalID), value(ids.ClientID)
		}
		m.userAssigned[machineKey(spelling)] = a
	}
	return m
}

// machineKey is the key under which an ID that a machine has is found. What does not parse as an ID is foreign to us, and
// is kept as it is.
func machineKey(spelling string) string {
	if id, err := armid.Parse(spelling); err == nil {
		return id.Key()
	}
	return strings.ToLower(spelling)
}

// change is one wish for a machine's identity block.
type change struct {
	machine  armid.ID
	identity armid.ID // zero for the system-assigned identity
	assign   bool     // or else unassign
}

// done reports whether the block is already as the change wants it.
func (m machineIdentity) done(c change) bool {
	if c.identity.IsZero() {
		return m.systemAssigned == c.assign
	}
	_, found := m.userAssigned[c.identity.Key()]
	return found == c.assign
}

// delta returns the identity block of the PATCH that makes the changes, nil when there is nothing to change. No two
// changes may name one identity.
func (m machineIdentity) delta(changes []change) *armcompute.VirtualMachineIdentity {
	systemAssigned := m.systemAssigned
	left := len(m.userAssigned)
	entries := map[string]*armcompute.UserAssignedIdentitiesValue{}
	changed := false
	for _, c := range changes {
		if m.done(c) {
			continue
		}
		changed = true
		switch {
		case c.identity.IsZero():
			systemAssigned = c.assign
		case c.assign:
			entries[c.identity.String()] = &armcompute.UserAssignedIdentitiesValue{}
			left++
		default:
			entries[m.userAssigned[c.identity.Key()].spelling] = nil
			left--
		}
	}
	if !changed {
		return nil
	}
	if left == 0 {
		// The type alone takes the last ones off, and must come without a map; null says so where leaving it out would too.
		entries = azcore.NullValue[map[string]*armcompute.UserAssignedIdentitiesValue]()
	}
	return &armcompute.VirtualMachineIdentity{Type: new(identityType(systemAssigned, left > 0)), UserAssignedIdentities: entries}
}

func identityType(systemAssigned, userAssigned bool) armcompute.ResourceIdentityType {
	switch {
	case systemAssigned && userAssigned:
		return armcompute.ResourceIdentityTypeSystemAssignedUserAssigned
	case systemAssigned:
		return armcompute.ResourceIdentityTypeSystemAssigned
	case userAssigned:
		return armcompute.ResourceIdentityTypeUserAssigned
	default:
		return armcompute.ResourceIdentityTypeNone
	}
}
