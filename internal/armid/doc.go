// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Package armid holds the resource IDs of Azure Resource Manager (ARM).
//
// ARM compares IDs without regard to case (ARM RPC, common-api-details.md) and its services spell them as they like: the
// managed-identity service answers with "resourcegroups" where every other one writes "resourceGroups". An [ID] is brought
// into one canonical spelling when it is parsed, so that the rest of the code can print, store and compare it without
// thinking of case again.
package armid
