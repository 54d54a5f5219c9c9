// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package main

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// sentByTerminal tells whether a signal came from the keyboard, which sends it to the whole foreground process group of
// the terminal, and so to the child as well. It is taken to have come from there if this process is in that group.
func sentByTerminal(received os.Signal) bool {
	if received != os.Interrupt && received != syscall.SIGQUIT {
		return false
	}
	terminal, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer func() { _ = terminal.Close() }() // Nothing was written.
	foreground, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPGRP)
	return err == nil && foreground == unix.Getpgrp()
}
