// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Package armclient is what the provider needs of Azure, in Azure's terms.
//
// A [Client] speaks to Azure Resource Manager (ARM) as the provider's own credential; a [ManagedIdentity] speaks to it as
// an identity of the machine that the process runs on. Both go through one pipeline: one connection pool, one token per
// audience and tenant, no token to any host but the configured one, and patience that is bounded by the caller's context.
//
// The types of Azure's SDK go in and out as they are, and so do its errors; [IsNotFound], [ErrorCode] and [Describe] read
// them. The package knows nothing of Terraform.
package armclient
