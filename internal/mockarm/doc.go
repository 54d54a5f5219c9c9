// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Package mockarm is an Azure for one machine: Azure Resource Manager with the resource providers that managed
// identities need, Microsoft Entra's token endpoints, and an instance metadata service (IMDS) for every virtual machine
// and scale set.
//
// It is stateful and it enforces. A request must carry a token that this Azure signed, for this audience and tenant, and
// not expired; role-based access control (RBAC) is evaluated from the role assignments in the store for every request;
// a managed identity gets a token only while it is attached to the machine that asks; etags, uniqueness and API versions
// are checked as Azure checks them. What a client gets away with here, it gets away with in Azure.
//
// What goes wrong in Azure goes wrong here on request: [Server.Inject] and [Settings] have a fault or a delay for each of the
// rules that clients stumble over, with the documented limits among them. What they do depends on seeds and on the world's
// clock, never on chance.
//
// Everything is kept in memory in a [World] and served on loopback: [Server] answers ARM and Entra over HTTPS with
// HTTP/2 under a throw-away certificate authority, and each machine's IMDS over plain HTTP.
//
// The package depends on nothing of the provider that it is there to test.
package mockarm
