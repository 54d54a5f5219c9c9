// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

//go:build !unix

package main

import "os"

// sentByTerminal tells whether a signal came from the keyboard. Elsewhere than on Unix that is the only place where an
// interrupt comes from, and the console sends it to the child as well.
func sentByTerminal(received os.Signal) bool { return received == os.Interrupt }
