// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package tfvalue

import (
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Duration is a time span as Go writes it, longer than none.
var Duration = Meaning{
	description: "a duration, such as \"90s\" or \"5m\"",
	check: func(text string) error {
		if d, err := time.ParseDuration(text); err != nil || d <= 0 {
			return fmt.Errorf("it is %q", text)
		}
		return nil
	},
	equal: func(a, b string) bool {
		left, err := time.ParseDuration(a)
		if err != nil {
			return false
		}
		right, err := time.ParseDuration(b)
		return err == nil && left == right
	},
}

// ToDuration returns a [Duration] that was validated, zero for null.
func ToDuration(v types.String) time.Duration {
	d, err := time.ParseDuration(v.ValueString())
	if err != nil {
		return 0
	}
	return d
}
