// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Command terraform-provider-azuremi serves the Terraform provider for Azure managed identities.
package main

import (
	"context"
	"flag"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/azuremi/terraform-provider-azuremi/internal/provider"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/logging"
)

// version is set by the release build.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "serve for a debugger: print how Terraform reaches this process, and wait")
	flag.Parse()
	logging.BridgeAzure(os.Getenv)
	err := providerserver.Serve(context.Background(), provider.New(version), providerserver.ServeOpts{
		Address: "registry.terraform.io/azuremi/azuremi",
		Debug:   *debug,
	})
	if err != nil {
		log.Fatal(err)
	}
}
