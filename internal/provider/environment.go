// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/provider/logging"
)

// environment answers for what the configuration leaves out.
type environment struct {
	getenv func(string) string
	diags  *diag.Diagnostics
}

// text returns the argument, or else the first of the variables that is set.
func (e environment) text(v types.String, variables ...string) string {
	if !v.IsNull() {
		return v.ValueString()
	}
	return e.or("", variables...)
}

// or returns a value, or else the first of the variables that is set.
func (e environment) or(value string, variables ...string) string {
	for _, variable := range variables {
		if value == "" {
			value = e.getenv(variable)
		}
	}
	return value
}

// secret is text that no log may hold, and secretOr is or for the same.
func (e environment) secret(v types.String, variable string) string {
	text := e.text(v, variable)
	logging.Hide(text)
	return text
}

func (e environment) secretOr(value string, variables ...string) string {
	text := e.or(value, variables...)
	logging.Hide(text)
	return text
}

// guid demands of a variable what the schema demands of the argument: the IDs become parts of URLs and of names.
func (e environment) guid(v types.String, variable string) string {
	text := e.text(v, variable)
	if v.IsNull() && text != "" {
		e.demandGUID(variable, text)
	}
	return text
}

func (e environment) demandGUID(variable, text string) {
	if len(text) != 36 || uuid.Validate(text) != nil {
		e.diags.AddError(variable+" is not a GUID", fmt.Sprintf("The environment variable %s is %q, and a GUID looks like \"00000000-0000-0000-0000-000000000000\".", variable, text))
	}
}

// guids returns the list, or else what a variable lists with semicolons between.
func (e environment) guids(ctx context.Context, v types.List, variable string, limit int) []string {
	var all []string
	if !v.IsNull() {
		if !v.IsUnknown() {
			e.diags.Append(v.ElementsAs(ctx, &all, true)...)
		}
		return all
	}
	for text := range strings.SplitSeq(e.getenv(variable), ";") {
		if text = strings.TrimSpace(text); text != "" {
			e.demandGUID(variable, text)
			all = append(all, text)
		}
	}
	if len(all) > limit {
		e.diags.AddError("Too many in "+variable, fmt.Sprintf("The environment variable %s lists %d IDs, and at most %d are possible.", variable, len(all), limit))
	}
	return all
}

func (e environment) flag(v types.Bool, variable string, byDefault bool) bool {
	if !v.IsNull() {
		return v.ValueBool()
	}
	text := e.getenv(variable)
	if text == "" {
		return byDefault
	}
	value, err := strconv.ParseBool(text)
	if err != nil {
		e.diags.AddError("Cannot read "+variable, fmt.Sprintf("The environment variable %s is %q, and must be true or false.", variable, text))
	}
	return value
}
