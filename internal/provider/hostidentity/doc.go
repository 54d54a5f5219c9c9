// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Package hostidentity is the managed identity of the host that Terraform runs on, as whatever uses it is configured with it
// and tells of it: how it is chosen, and who it turned out to be.
package hostidentity
