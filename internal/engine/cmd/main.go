// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Command cmd prints the path of the engine for acceptance tests, and builds that engine first where it must.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/azuremi/terraform-provider-azuremi/internal/engine"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	found, err := engine.Find(ctx, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(found.Path)
}
