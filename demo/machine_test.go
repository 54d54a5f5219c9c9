// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"slices"
	"testing"
)

func TestTheMachineHasNoLogin(t *testing.T) {
	t.Parallel()
	got := onTheMachine([]string{
		"PATH=/bin", "ARM_CLIENT_ID=a", "ARM_CLIENT_SECRET=b", "ARM_TENANT_ID=c", "ARM_SUBSCRIPTION_ID=d", "ARM_USE_MSI=true", "ARM_USE_CLI=true",
		"ARM_OIDC_TOKEN=e", "ARM_CLIENT_CERTIFICATE_PATH=f", "AZURE_CLIENT_ID=g", "AZURE_CLIENT_SECRET=h", "AZURE_AUTHORITY_HOST=i",
		"ARM_MSI_ENDPOINT=http://127.0.0.1:1/metadata/identity/oauth2/token", "ARM_RESOURCE_MANAGER_ENDPOINT=https://127.0.0.1:2", "ARMOUR=j",
	})
	want := []string{
		"PATH=/bin", "ARM_MSI_ENDPOINT=http://127.0.0.1:1/metadata/identity/oauth2/token", "ARM_RESOURCE_MANAGER_ENDPOINT=https://127.0.0.1:2", "ARMOUR=j",
		"ARM_USE_CLI=false",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the environment is %q, want %q", got, want)
	}
}
