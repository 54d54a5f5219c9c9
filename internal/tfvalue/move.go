// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package tfvalue

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// FromAzurerm reads the state that a moved block brings along, if it is that of a type of azurerm's. It is false for any
// other: Terraform then says that the resources cannot be moved.
func FromAzurerm(req resource.MoveStateRequest, typeName string, into any, diags *diag.Diagnostics) bool {
	// Forks and mirrors of the registry keep the namespace and the name.
	if req.SourceTypeName != typeName || !strings.HasSuffix(req.SourceProviderAddress, "/hashicorp/azurerm") || req.SourceRawState == nil {
		return false
	}
	if err := json.Unmarshal(req.SourceRawState.JSON, into); err != nil {
		diags.AddError("Cannot read the state of "+typeName, fmt.Sprintf("It is not as azurerm writes it: %s.", err))
		return false
	}
	return true
}
