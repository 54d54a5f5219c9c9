// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package tfvalue_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/azuremi/terraform-provider-azuremi/internal/tfvalue"
)

// createWithin is a timeouts block that says how long a creation takes at most.
func createWithin(create types.String) timeouts.Value {
	kinds := map[string]attr.Type{"create": types.StringType}
	return timeouts.Value{Object: types.ObjectValueMust(kinds, map[string]attr.Value{"create": create})}
}

func TestAnOperationEndsWhenItHasHadItsTime(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		timeouts timeouts.Value
		want     time.Duration
	}{
		"as the configuration says":       {createWithin(types.StringValue("90s")), 90 * time.Second},
		"the default for none":            {createWithin(types.StringNull()), 5 * time.Minute},
		"the default without a block":     {timeouts.Value{Object: types.ObjectNull(map[string]attr.Type{"create": types.StringType})}, 5 * time.Minute},
		"at once, where nothing is given": {createWithin(types.StringValue("0s")), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var diags diag.Diagnostics
				start := time.Now()
				ctx, cancel := tfvalue.WithTimeout(t.Context(), "create", c.timeouts.Create, 5*time.Minute, &diags)
				defer cancel()
				<-ctx.Done()
				if took := time.Since(start); took != c.want || diags.HasError() {
					t.Errorf("it ends after %s, want %s: %v", took, c.want, diags)
				}
				cause := context.Cause(ctx)
				if !errors.Is(cause, context.DeadlineExceeded) || !strings.Contains(cause.Error(), "timeouts.create sets it") || !strings.Contains(cause.Error(), c.want.String()) {
					t.Errorf("it ends because of %v", cause)
				}
			})
		})
	}
}

func TestATimeThatCannotBeReadIsAnError(t *testing.T) {
	t.Parallel()
	var diags diag.Diagnostics
	diags.AddWarning("earlier", "It stays.")
	_, cancel := tfvalue.WithTimeout(t.Context(), "create", createWithin(types.StringValue("soon")).Create, time.Minute, &diags)
	cancel()
	if diags.ErrorsCount() != 1 || diags.WarningsCount() != 1 {
		t.Errorf("it says %v", diags)
	}
}

func TestAnInterruptIsNotTakenForATimeout(t *testing.T) {
	t.Parallel()
	interrupted := errors.New("interrupted")
	parent, interrupt := context.WithCancelCause(t.Context())
	var diags diag.Diagnostics
	ctx, cancel := tfvalue.WithTimeout(parent, "create", createWithin(types.StringNull()).Create, time.Hour, &diags)
	defer cancel()
	interrupt(interrupted)
	<-ctx.Done()
	if cause := context.Cause(ctx); !errors.Is(cause, interrupted) || errors.Is(cause, context.DeadlineExceeded) {
		t.Errorf("it ends because of %v", cause)
	}
}
