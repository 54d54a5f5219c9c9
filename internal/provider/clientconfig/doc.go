// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Package clientconfig tells who the provider is at Azure: what it is configured with, and what the token for Azure Resource
// Manager says that its credential got.
package clientconfig
