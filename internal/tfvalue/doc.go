// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Package tfvalue holds what Terraform values mean in Azure.
//
// ARM spells IDs, locations and role definitions in more than one way, and a user may do so too. A [Meaning] knows which
// spellings are the same: another one in ARM's answer is no drift, another one in the configuration is no change.
package tfvalue
