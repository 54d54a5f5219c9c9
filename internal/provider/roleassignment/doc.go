// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Package roleassignment is Microsoft.Authorization/roleAssignments in Terraform.
//
// An assignment's name is a GUID that its creator chooses. Here it is drawn from what the assignment says (tenant, scope,
// principal and role), so that asking twice is asking once: a create whose answer was lost is repeated, not doubled.
package roleassignment
