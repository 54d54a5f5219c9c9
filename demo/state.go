// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"slices"
	"strings"
)

// state is what there is in Azure, as far as the tutorials can change it.
type state struct {
	Identities []struct {
		ID          string `json:"id"`
		PrincipalID string `json:"principalId"`
	} `json:"identities"`
	VirtualMachines []struct {
		ID             string       `json:"id"`
		SystemAssigned *attachment  `json:"systemAssigned"`
		UserAssigned   []attachment `json:"userAssigned"`
	} `json:"virtualMachines"`
	RoleAssignments []struct {
		ID          string `json:"id"`
		RoleName    string `json:"roleName"`
		PrincipalID string `json:"principalId"`
	} `json:"roleAssignments"`
}

// An attachment is an identity on a machine.
type attachment struct {
	ID          string `json:"id"`
	PrincipalID string `json:"principalId"`
}

// objects describes each object of the state. An identity that was made anew is another one: its principal is.
func (s state) objects() []string {
	var all []string
	for _, i := range s.Identities {
		all = append(all, fmt.Sprintf("the identity %s (principal %s)", i.ID, i.PrincipalID))
	}
	for _, vm := range s.VirtualMachines {
		if own := vm.SystemAssigned; own != nil {
			all = append(all, fmt.Sprintf("the system-assigned identity (principal %s) of %s", own.PrincipalID, vm.ID))
		}
		for _, a := range vm.UserAssigned {
			all = append(all, fmt.Sprintf("the attachment of %s (principal %s) to %s", a.ID, a.PrincipalID, vm.ID))
		}
	}
	for _, a := range s.RoleAssignments {
		all = append(all, fmt.Sprintf("the role assignment %s (%s to %s)", a.ID, a.RoleName, a.PrincipalID))
	}
	return all
}

// compare demands that Azure has after a tutorial what it had before: nothing more, and nothing less.
func compare(before, after state) error {
	var wrong []string
	was, is := before.objects(), after.objects()
	for _, object := range is {
		if !slices.Contains(was, object) {
			wrong = append(wrong, object+" is left")
		}
	}
	for _, object := range was {
		if !slices.Contains(is, object) {
			wrong = append(wrong, object+" was there before, and is gone")
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("the mock is not as it was:\n  - %s", strings.Join(wrong, "\n  - "))
	}
	return nil
}
