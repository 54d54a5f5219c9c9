// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Package resourcegroup reads a resource group with the token of a managed identity of the machine that Terraform runs on.
//
// It is the last step of Microsoft's tutorials, and the proof that the others hold: the identity exists, this machine has
// it, and its role reaches the resource group. The provider's own credential has no part in it.
package resourcegroup
