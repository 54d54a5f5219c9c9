// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package logging

import (
	"context"

	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// Fields say what a line is about. They are texts, since tflog masks nothing else.
type Fields map[string]string

// Debug writes a line for who looks into what the provider does.
func Debug(ctx context.Context, message string, fields Fields) {
	tflog.Debug(masked(ctx), message, fields.values())
}

// Info writes a line for who wonders what the provider does.
func Info(ctx context.Context, message string, fields Fields) {
	tflog.Info(masked(ctx), message, fields.values())
}

func (f Fields) values() map[string]any {
	values := make(map[string]any, len(f))
	for name, text := range f {
		values[name] = text
	}
	return values
}
