// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"errors"
	"strings"
)

// A filterTerm is one condition of a $filter: a call such as atScope() or assignedTo('x'), or a comparison such as
// principalId eq 'x'. Names are in lower case, because the services do not mind their case.
type filterTerm struct {
	name  string
	call  bool
	value string
}

var errFilter = errors.New("not a filter of calls and comparisons joined by and")

// parseFilter reads the part of OData's filter language that Azure Resource Manager's collections understand: terms
// joined by "and". An empty filter has no terms.
func parseFilter(text string) ([]filterTerm, error) {
	var terms []filterTerm
	rest := strings.TrimSpace(text)
	for rest != "" {
		if len(terms) > 0 {
			word, after, found := strings.Cut(rest, " ")
			if !found || !strings.EqualFold(word, "and") {
				return nil, errFilter
			}
			rest = strings.TrimSpace(after)
		}
		term, after, err := parseTerm(rest)
		if err != nil {
			return nil, err
		}
		terms = append(terms, term)
		rest = strings.TrimSpace(after)
	}
	return terms, nil
}

func parseTerm(text string) (term filterTerm, rest string, err error) {
	end := strings.IndexAny(text, " (")
	if end <= 0 {
		return filterTerm{}, "", errFilter
	}
	term.name = strings.ToLower(text[:end])
	if text[end] == '(' {
		term.call = true
		rest = strings.TrimSpace(text[end+1:])
		if strings.HasPrefix(rest, "'") {
			if term.value, rest, err = parseQuoted(rest); err != nil {
				return filterTerm{}, "", err
			}
		}
		rest, closed := strings.CutPrefix(strings.TrimSpace(rest), ")")
		if !closed {
			return filterTerm{}, "", errFilter
		}
		return term, rest, nil
	}
	word, after, _ := strings.Cut(strings.TrimSpace(text[end:]), " ")
	if !strings.EqualFold(word, "eq") {
		return filterTerm{}, "", errFilter
	}
	term.value, rest, err = parseQuoted(strings.TrimSpace(after))
	return term, rest, err
}

// parseQuoted reads a literal in single quotes, in which a quote is doubled.
func parseQuoted(text string) (value, rest string, err error) {
	rest, opened := strings.CutPrefix(text, "'")
	if !opened {
		return "", "", errFilter
	}
	for {
		before, after, closed := strings.Cut(rest, "'")
		if !closed {
			return "", "", errFilter
		}
		value += before
		if !strings.HasPrefix(after, "'") {
			return value, after, nil
		}
		value += "'"
		rest = after[1:]
	}
}
