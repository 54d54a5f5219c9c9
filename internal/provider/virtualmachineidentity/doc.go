// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Package virtualmachineidentity reads which identities a virtual machine carries, and which of them can be used.
package virtualmachineidentity
