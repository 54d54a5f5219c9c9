// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"slices"
	"strings"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
)

// MachineIdentities are all identities that a machine carries.
type MachineIdentities struct {
	Type           string // as Compute spells it: "None", "SystemAssigned", "UserAssigned" or "SystemAssigned, UserAssigned"
	TenantID       string // of the system-assigned identity
	SystemAssigned *Assignment
	UserAssigned   []Assignment // by ID
}

// MachineIdentities reads all identities that a machine carries. An entry whose identity is gone has the status [Stale]; an
// entry that does not hold a resource ID is left out, since there is nothing that could be said of it.
func (c *Client) MachineIdentities(ctx context.Context, machineID armid.ID) (MachineIdentities, error) {
	ctx = withCorrelationID(ctx)
	m, err := c.knownMachine(ctx, machineID)
	if err != nil {
		return MachineIdentities{}, err
	}
	all := MachineIdentities{Type: string(identityType(m.identity.systemAssigned, len(m.identity.userAssigned) > 0)), TenantID: m.identity.tenantID}
	if m.identity.systemAssigned {
		own, err := c.assignment(ctx, m, machineID, armid.ID{})
		if err != nil {
			return MachineIdentities{}, err
		}
		all.SystemAssigned = &own
	}
	for _, on := range m.identity.userAssigned {
		id, err := armid.Parse(on.spelling)
		if err != nil {
			continue
		}
		one, err := c.assignment(ctx, m, machineID, id)
		if err != nil {
			return MachineIdentities{}, err
		}
		all.UserAssigned = append(all.UserAssigned, one)
	}
	slices.SortFunc(all.UserAssigned, func(a, b Assignment) int { return strings.Compare(a.Identity.Key(), b.Identity.Key()) })
	return all, nil
}
