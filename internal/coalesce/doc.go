// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Package coalesce turns many small requests to one object into few large ones.
//
// [GroupCommit] is for writes. It is what databases do with their log: one commit is in flight at a time, what arrives
// meanwhile joins the next. Under load the batches grow by themselves, and a lone write waits only a moment.
//
// [Snapshot] is for reads. What was read of an object is kept until it is written: a refresh of many things in one object
// reads it once. There are no time windows, since Terraform shows a provider at most ten reads at a time.
//
// [Lists] is for reads of many objects that can be listed together: after the first few, a list of their group serves.
//
// The package knows neither Azure nor Terraform.
package coalesce
