// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

// serve runs the mock until it is told to stop.
func serve(ctx context.Context, arguments []string, stdout, stderr io.Writer) (err error) {
	var o options
	rest, err := o.parse("serve", arguments)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return usageError{fmt.Errorf("serve takes no argument %q", rest[0])}
	}
	// Signals are caught before there is anything to leave behind.
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	a, err := o.start(stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.stop()) }()
	if _, err := io.WriteString(stdout, exports(a.environment)); err != nil {
		return fmt.Errorf("printing the environment: %w", err)
	}
	<-ctx.Done()
	return nil
}

// exports are the lines by which a shell takes an environment over.
func exports(environment map[string]string) string {
	var lines strings.Builder
	for _, name := range slices.Sorted(maps.Keys(environment)) {
		quoted := "'" + strings.ReplaceAll(environment[name], "'", `'\''`) + "'"
		lines.WriteString("export " + name + "=" + quoted + "\n")
	}
	return lines.String()
}
