// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// resourceGroup is what the last curl of the tutorials prints.
type resourceGroup struct {
	ID         string          `json:"id"`
	Name       string          `json:"name"`
	Location   string          `json:"location"`
	Properties groupProperties `json:"properties"`
}

type groupProperties struct {
	ProvisioningState string `json:"provisioningState"`
}

// String writes the resource group as the tutorials show it: JSON, a member a line.
func (g resourceGroup) String() string {
	var lines []string
	for _, member := range []struct {
		name  string
		value any
	}{{"id", g.ID}, {"name", g.Name}, {"location", g.Location}, {"properties", g.Properties}} {
		value, err := json.Marshal(member.value)
		if err != nil {
			return err.Error() // Cannot happen: texts have JSON.
		}
		lines = append(lines, fmt.Sprintf("%q:%s", member.name, value))
	}
	return "{\n" + strings.Join(lines, ",\n") + "\n}"
}

// A reader is the identity that has read the resource group.
type reader struct {
	ClientID           string `json:"client_id"`
	PrincipalID        string `json:"principal_id"`
	TenantID           string `json:"tenant_id"`
	IdentityResourceID string `json:"identity_resource_id"`
}

// String writes who it is.
func (r reader) String() string {
	return fmt.Sprintf("read by\n  client ID     %s\n  principal ID  %s\n  tenant ID     %s\n  identity      %s\n",
		r.ClientID, r.PrincipalID, r.TenantID, r.IdentityResourceID)
}
