// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package identityassignment

import (
	"fmt"
	"strings"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
)

// systemAssigned stands in a key for the machine's own identity, which has no resource ID.
const systemAssigned = "SystemAssigned"

// key names an assignment.
type key struct {
	machine  armid.ID
	identity armid.ID // zero for the system-assigned identity
}

// String returns the ID that the resource has in Terraform.
func (k key) String() string {
	if k.identity.IsZero() {
		return k.machine.String() + "|" + systemAssigned
	}
	return k.machine.String() + "|" + k.identity.String()
}

// subject is the identity in the words of a message.
func (k key) subject() string {
	if k.identity.IsZero() {
		return "the system-assigned identity"
	}
	return fmt.Sprintf("the user-assigned identity %q", k.identity.Name())
}

// parseKey reads what [key.String] has written, or a user has in their own spelling.
func (t machineType) parseKey(text string) (key, error) {
	machineText, identityText, ok := strings.Cut(text, "|")
	if !ok {
		return key{}, fmt.Errorf("an assignment is imported by the ID of the %s, \"|\", and the ID of the identity or %q; %q holds no \"|\"", t.noun, systemAssigned, text)
	}
	var k key
	var err error
	if k.machine, err = armid.ParseAs(t.armType, machineText); err != nil {
		return key{}, fmt.Errorf("what stands before \"|\" is not the ID of a %s: %w", t.noun, err)
	}
	if strings.EqualFold(identityText, systemAssigned) {
		return k, nil
	}
	if k.identity, err = armid.ParseAs(armid.TypeUserAssignedIdentity, identityText); err != nil {
		return key{}, fmt.Errorf("what stands behind \"|\" is neither %q nor the ID of a user-assigned identity: %w", systemAssigned, err)
	}
	return k, nil
}
