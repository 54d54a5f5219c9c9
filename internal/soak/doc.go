// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Package soak has clients of every kind work in one mock Azure at once, over real sockets, for as long as one likes: the
// provider's own client, the Azure SDK's, machines, workflows, and those who look on. It has nothing but a test:
//
//	go test -race ./internal/soak -soak 5m
package soak
