// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// comparison is what an expression of version 1 is made of: one, or several joined by "and" (Microsoft Learn:
// workload-identities-flexible-federated-identity-credentials). Each is "claims['NAME'] eq 'VALUE'", or
// "claims['NAME'] matches 'PATTERN'", where "*" stands for any run of characters and "?" for one.
var comparison = regexp.MustCompile(`^\s*claims\['([^']+)'\]\s+(eq|matches)\s+'([^']*)'\s*(?:and\s|$)`)

// parseClaimsExpression makes of an expression the test whether claims match it.
func parseClaimsExpression(expression string) (func(jwt.MapClaims) bool, error) {
	var tests []func(jwt.MapClaims) bool
	for rest := expression; rest != "" || len(tests) == 0; {
		parts := comparison.FindStringSubmatch(rest)
		if parts == nil {
			return nil, fmt.Errorf("reading a claims matching expression: %q is not a comparison", rest)
		}
		whole, name, operator, wanted := parts[0], parts[1], parts[2], parts[3]
		rest = rest[len(whole):]
		if rest == "" && strings.HasSuffix(strings.TrimSpace(whole), "and") {
			return nil, fmt.Errorf("reading a claims matching expression: nothing follows %q", whole)
		}
		pattern := regexp.QuoteMeta(wanted)
		if operator == "matches" {
			pattern = strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(pattern)
		}
		matcher := regexp.MustCompile("(?s)^" + pattern + "$") // Always one: all else is quoted.
		tests = append(tests, func(claims jwt.MapClaims) bool { return matcher.MatchString(text(claims, name)) })
	}
	return func(claims jwt.MapClaims) bool {
		for _, test := range tests {
			if !test(claims) {
				return false
			}
		}
		return true
	}, nil
}
