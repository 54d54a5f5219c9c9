// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Package prototest drives the provider in process through the plugin protocol, in the order in which Terraform does, with
// a mock Azure behind it and no socket between them. A whole life cycle takes milliseconds, or, in a testing/synctest
// bubble, none.
//
// [Resource] is as strict as Terraform: what is applied must be what was planned, and after each apply comes a plan that
// must be empty.
package prototest
