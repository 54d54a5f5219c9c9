// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Package identityassignment is one identity on one virtual machine in Terraform: a user-assigned identity, or the machine's
// own system-assigned one.
//
// Azure has no such resource. An assignment is an entry in the machine's identity block, which others write too, so it is
// made and unmade by a PATCH that names nothing else (see armclient). The machine may belong to another configuration.
package identityassignment
