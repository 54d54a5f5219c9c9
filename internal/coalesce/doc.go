// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Package coalesce turns many small requests to one object into few large ones.
//
// [GroupCommit] is for writes. It is what databases do with their log: one commit is in flight at a time, what arrives
// meanwhile joins the next. Under load the batches grow by themselves, and a lone write waits only a moment.
//
// The package knows neither Azure nor Terraform.
package coalesce
