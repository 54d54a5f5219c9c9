// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Package acctest runs configurations as users do: a real Terraform or OpenTofu, the provider as a program of its own, and
// the mock Azure over HTTPS. What came of it is asked of the mock's store, and not of Terraform's state alone.
//
// What authors of modules are told to do is done here as well, in a [Shell] with the mock as a program.
package acctest
