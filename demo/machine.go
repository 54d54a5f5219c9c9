// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"slices"
	"strings"
)

// whereAzureIs are the variables that tell where Azure is. All others of these families may tell who to be there, and
// nothing on the machine needs that.
var whereAzureIs = []string{
	"ARM_ENVIRONMENT",
	"ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST",
	"ARM_RESOURCE_MANAGER_ENDPOINT",
	"ARM_RESOURCE_MANAGER_AUDIENCE",
	"ARM_METADATA_HOSTNAME",
	"ARM_DISABLE_INSTANCE_DISCOVERY",
	"ARM_CA_CERTIFICATE_FILE",
	"ARM_MSI_ENDPOINT",
}

// onTheMachine is the environment of a process on the virtual machine: there is no login in it, and the only identity to be
// had is that of the machine, from the instance metadata service.
func onTheMachine(environment []string) []string {
	var kept []string
	for _, pair := range environment {
		name, _, _ := strings.Cut(pair, "=")
		family := strings.HasPrefix(name, "ARM_") || strings.HasPrefix(name, "AZURE_")
		if !family || slices.Contains(whereAzureIs, name) {
			kept = append(kept, pair)
		}
	}
	return append(kept, "ARM_USE_CLI=false")
}
