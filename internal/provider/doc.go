// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Package provider wires the provider together. provider.go lists all that it offers and is the place to start reading;
// configure.go is the one place that reads the environment. Each Azure thing has a package of its own below this one.
package provider
