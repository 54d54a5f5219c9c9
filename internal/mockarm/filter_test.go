// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"slices"
	"testing"
)

func TestFilterIsReadTermByTerm(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want []filterTerm // nil where the text is no filter
	}{
		{"", []filterTerm{}},
		{"atScope()", []filterTerm{{name: "atscope", call: true}}},
		{" atScope( ) ", []filterTerm{{name: "atscope", call: true}}},
		{"assignedTo('x')", []filterTerm{{name: "assignedto", call: true, value: "x"}}},
		{"roleName  EQ 'it''s'", []filterTerm{{name: "rolename", value: "it's"}}},
		{"roleName eq ''", []filterTerm{{name: "rolename"}}},
		{"atScope() and principalId eq 'a and b'", []filterTerm{{name: "atscope", call: true}, {name: "principalid", value: "a and b"}}},
		{"type eq 'a' AND roleName eq 'b' and atScopeAndBelow()", []filterTerm{{name: "type", value: "a"}, {name: "rolename", value: "b"}, {name: "atscopeandbelow", call: true}}},
		{"atScope", nil},
		{"atScope(", nil},
		{"atScope('x'", nil},
		{"atScope() and", nil},
		{"atScope() or atScope()", nil},
		{"atScope() atScope()", nil},
		{"name eq x", nil},
		{"name eq 'x", nil},
		{"name eq 'x''", nil},
		{"name eq 'x'''", []filterTerm{{name: "name", value: "x'"}}},
		{"name ne 'x'", nil},
		{"(name eq 'x')", nil},
		{" eq 'x'", nil},
	} {
		got, err := parseFilter(test.text)
		if (err == nil) != (test.want != nil) || !slices.Equal(got, test.want) {
			t.Errorf("%q is read as %v, %v; want %v", test.text, got, err, test.want)
		}
	}
}

// FuzzFilter has any text either read into terms with names or refused.
func FuzzFilter(f *testing.F) {
	for _, text := range []string{"", "atScope()", "atScope() and assignedTo('x')", "roleName eq 'it''s'", "a eq '", "a("} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		terms, err := parseFilter(text)
		if err != nil && len(terms) > 0 {
			t.Errorf("%q is refused and still read as %v", text, terms)
		}
		for _, term := range terms {
			if term.name == "" {
				t.Errorf("%q has a term without a name", text)
			}
		}
	})
}
