// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package tfvalue

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// A Meaning is a kind of text that can be spelled in several ways.
type Meaning struct {
	description string
	check       func(text string) error
	equal       func(a, b string) bool
}

// Equal reports whether two spellings mean the same.
func (m Meaning) Equal(a, b string) bool { return a == b || m.equal(a, b) }

// Fits reports whether a text has such a meaning.
func (m Meaning) Fits(text string) bool { return m.check(text) == nil }

// Merge returns the value for state when ARM has answered with got: the spelling that is there already if it means the
// same, since Terraform would take any other for drift.
func (m Meaning) Merge(prior types.String, got string) types.String {
	if !prior.IsNull() && !prior.IsUnknown() && m.Equal(prior.ValueString(), got) {
		return prior
	}
	return types.StringValue(got)
}

// Validator returns a validator that refuses a text which has no such meaning.
func (m Meaning) Validator() validator.String { return meaningValidator{m} }

// KeepSpelling returns a plan modifier that plans no change where the configuration only spells the value in state
// differently. It must stand before a modifier that replaces the resource.
func (m Meaning) KeepSpelling() planmodifier.String { return keepSpelling{m} }

type meaningValidator struct{ Meaning }

func (v meaningValidator) Description(context.Context) string {
	return "value must be " + v.description
}

func (v meaningValidator) MarkdownDescription(context.Context) string {
	return "value must be " + v.description
}

func (v meaningValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := v.check(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, fmt.Sprintf("%s is not %s", req.Path, v.description), "Here "+err.Error()+".")
	}
}

type keepSpelling struct{ Meaning }

func (k keepSpelling) Description(context.Context) string {
	return "another spelling of the same value is no change"
}

func (k keepSpelling) MarkdownDescription(ctx context.Context) string { return k.Description(ctx) }

// PlanModifyString may plan the value in state for another one in the configuration: Terraform lets a provider do that when
// it holds the two to be equivalent.
func (k keepSpelling) PlanModifyString(_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	if req.StateValue.IsNull() || req.PlanValue.IsNull() || req.PlanValue.IsUnknown() {
		return
	}
	if k.Equal(req.StateValue.ValueString(), req.PlanValue.ValueString()) {
		resp.PlanValue = req.StateValue
	}
}
