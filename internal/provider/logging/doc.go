// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Package logging is the way of the provider into Terraform's log. What goes through it is masked: tokens are known by
// their looks, and the secrets of the configuration by their values. The linter sees to it that nothing goes past it.
//
// The Azure SDK tells what it does, too: its requests, retries, waits and logins are lines of the subsystem "azure" where the
// environment asks for a log ([BridgeAzure]). No line holds a body, nor a header that is not known to be harmless.
package logging
