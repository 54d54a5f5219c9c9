// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Package accesstoken gets tokens of a managed identity of the host that Terraform runs on, for whatever else speaks to Azure
// in the same run: another provider, or a provisioner.
//
// The token is an ephemeral value, which Terraform writes neither into a plan nor into state. It cannot be renewed: Terraform
// holds the value for the whole run, and asks a provider only to keep alive what stands behind it.
package accesstoken
