// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Package functions holds the provider's functions. Some build the subjects of federated identity credentials exactly as
// issuers write them, because Entra compares them with case and character by character; another takes resource IDs apart.
package functions
