// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Package userassignedidentity is Microsoft.ManagedIdentity/userAssignedIdentities in Terraform.
//
// All of its operations are synchronous, and the answer to a write is the state: nothing waits, and nothing is read again
// (Azure REST API specifications, ManagedIdentity.json).
package userassignedidentity
