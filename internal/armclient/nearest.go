// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"cmp"
	"slices"
	"strings"
)

// nearest returns the names that somebody who wrote name may have meant, the likeliest first: at most three, each no
// further away than a third of the name's length, or holding the whole of it.
func nearest(name string, names []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	var candidates []candidate
	wanted := strings.ToLower(name)
	for _, n := range names {
		lower := strings.ToLower(n)
		d := distance(wanted, lower)
		if d <= max(2, len(wanted)/3) || wanted != "" && strings.Contains(lower, wanted) {
			candidates = append(candidates, candidate{n, d})
		}
	}
	slices.SortFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.name, b.name))
	})
	candidates = slices.CompactFunc(candidates, func(a, b candidate) bool { return a.name == b.name })
	var found []string
	for _, c := range candidates[:min(3, len(candidates))] {
		found = append(found, c.name)
	}
	return found
}

// distance is Levenshtein's: how many characters must be put in, taken out or changed to make a into b.
func distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range from {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range to {
			change := diagonal
			if x != y {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(to)]
}
