// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package tfvalue

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// NoTimeouts is the value of a resource's timeouts block that is not there.
func NoTimeouts() timeouts.Value {
	return timeouts.Value{Object: types.ObjectNull(map[string]attr.Type{
		"create": types.StringType, "read": types.StringType, "update": types.StringType, "delete": types.StringType,
	})}
}

// WithTimeout returns a context that ends when an operation has had its time: what the configuration's timeouts block says,
// or else the default. get is the method of the timeouts value that belongs to the operation, and verb the operation's name
// in that block.
func WithTimeout(
	ctx context.Context, verb string, get func(context.Context, time.Duration) (time.Duration, diag.Diagnostics), byDefault time.Duration, diags *diag.Diagnostics,
) (context.Context, context.CancelFunc) {
	timeout, d := get(ctx, byDefault)
	diags.Append(d...)
	return context.WithTimeoutCause(ctx, timeout, fmt.Errorf("the time for it, %s, is over (timeouts.%s sets it): %w", timeout, verb, context.DeadlineExceeded))
}
