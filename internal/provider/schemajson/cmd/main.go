// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Command cmd writes the schema of azuremi to standard output as JSON, for the generator of the documentation.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/azuremi/terraform-provider-azuremi/internal/provider"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/schemajson"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	server, err := providerserver.NewProtocol6WithError(provider.New("dev")())()
	if err != nil {
		return fmt.Errorf("starting the provider in process: %w", err)
	}
	document, err := schemajson.Marshal(ctx, "azuremi", server)
	if err != nil {
		return err
	}
	if _, err := os.Stdout.Write(document); err != nil {
		return fmt.Errorf("writing the schema: %w", err)
	}
	return nil
}
