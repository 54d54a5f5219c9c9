// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"
)

// Exit codes of a shell for a command that did not run, or was ended by a signal.
const (
	exitNotExecutable = 126
	exitNotFound      = 127
	exitSignal        = 128
)

// execute runs a command with the mock at its side and returns its exit code.
func execute(ctx context.Context, arguments []string, stderr io.Writer) (_ int, err error) {
	var o options
	command, err := o.parse("exec", arguments)
	if err != nil {
		return 0, err
	}
	if len(command) == 0 {
		return 0, usageError{errors.New("exec needs a command, behind --")}
	}
	// Signals are caught before there is anything to leave behind; none ends this process from here on.
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer signal.Stop(signals)
	a, err := o.start(stderr)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, a.stop()) }()
	return runCommand(ctx, command, a.environment, signals)
}

// runCommand runs a command to its end and passes signals on to it.
func runCommand(ctx context.Context, command []string, environment map[string]string, signals <-chan os.Signal) (int, error) {
	child := exec.CommandContext(ctx, command[0], command[1:]...)
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	child.Env = os.Environ()
	for _, name := range slices.Sorted(maps.Keys(environment)) {
		child.Env = append(child.Env, name+"="+environment[name]) // The last of a name counts.
	}
	if err := child.Start(); err != nil {
		code := exitNotExecutable
		if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
			code = exitNotFound
		}
		return code, fmt.Errorf("running %s: %w", command[0], err)
	}
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }()
	for {
		select {
		case received := <-signals:
			// At a terminal the child has had it already. Twice means "at once" to Terraform, which would lose its state.
			if !sentByTerminal(received) {
				_ = child.Process.Signal(received) // Fails only if the child has just ended.
			}
		case err := <-ended:
			if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
				return 1, fmt.Errorf("running %s: %w", command[0], err)
			}
			return exitCode(child.ProcessState), nil
		}
	}
}

// exitCode is that of the child, as a shell tells it.
func exitCode(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return exitSignal + int(status.Signal())
	}
	return state.ExitCode()
}
