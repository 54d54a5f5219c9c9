// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package tfvalue

import (
	"strings"
	"unicode"
)

// unspaced writes a condition with one blank wherever it has white space, and none at its ends or beside a bracket or an
// exclamation mark. What stands in quotes is a literal, and stays as it is (Microsoft Learn: "Azure role assignment
// condition format and syntax").
func unspaced(condition string) string {
	var b strings.Builder
	quoted, pending, last := false, false, '('
	for _, r := range condition {
		if !quoted && unicode.IsSpace(r) {
			pending = true
			continue
		}
		if pending && !strings.ContainsRune("([{!", last) && !strings.ContainsRune(")]},", r) {
			b.WriteRune(' ')
		}
		pending = false
		if r == '\'' && last != '\\' {
			quoted = !quoted
		}
		b.WriteRune(r)
		last = r
	}
	return b.String()
}
