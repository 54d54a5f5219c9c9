// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Package roledefinition reads what a role allows, and where it can be assigned.
package roledefinition
