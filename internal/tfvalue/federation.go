// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package tfvalue

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// maxFederatedText is how many characters an issuer, a subject and an audience may have (Microsoft Learn:
// graph/api/resources/federatedidentitycredential).
const maxFederatedText = 600

// The meanings of a federated identity credential. Azure takes white space around them, and then matches no token (Microsoft
// Learn: workload-identity-federation-considerations); to Entra, no two spellings of them mean the same.
var (
	// FederatedCredentialName is the name of a federated identity credential.
	FederatedCredentialName = Meaning{
		description: "the name of a federated identity credential: 3 to 120 letters, digits, \"-\" and \"_\", the first of them a letter or digit",
		check: func(text string) error {
			if !federatedCredentialName.MatchString(text) {
				return fmt.Errorf("it is %q, with %d characters", text, len(text))
			}
			return nil
		},
		equal: strings.EqualFold,
	}
	// IssuerURL is the URL of an OpenID Connect issuer, exactly as in its tokens.
	IssuerURL = Meaning{description: "the URL of an OpenID Connect issuer", check: checkIssuer, equal: exactly}
	// FederatedSubject is who an issuer vouches for, exactly as in its tokens.
	FederatedSubject = Meaning{description: "the subject of an issuer's tokens", check: checkFederatedText, equal: exactly}
	// ClaimsMatchingExpression is a condition on the claims of an issuer's tokens, in place of the subject.
	ClaimsMatchingExpression = Meaning{
		description: "a claims matching expression, such as claims['sub'] matches 'repo:octo-org/octo-repo:*' and claims['repository_id'] eq '456789'",
		check:       checkClaimsExpression, equal: exactly,
	}
	// FederatedAudience is whom an issuer's tokens are for, exactly as in them.
	FederatedAudience = Meaning{description: "the audience of an issuer's tokens", check: checkFederatedText, equal: exactly}
)

var federatedCredentialName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_-]{2,119}$`)

func exactly(a, b string) bool { return a == b }

func checkFederatedText(text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return errors.New("it is empty")
	case strings.TrimSpace(text) != text:
		return fmt.Errorf("%q begins or ends with white space, which no token would match", text)
	case len([]rune(text)) > maxFederatedText:
		return fmt.Errorf("it has %d characters, and Azure takes %d at most", len([]rune(text)), maxFederatedText)
	}
	return nil
}

// checkIssuer demands what OpenID Connect Discovery 1.0 does of an issuer: https, a host, and neither query nor fragment.
func checkIssuer(text string) error {
	if err := checkFederatedText(text); err != nil {
		return err
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || strings.ContainsAny(text, "?# ") {
		return fmt.Errorf("it is %q, and an issuer is an https URL without query and fragment", text)
	}
	return nil
}

// claimComparison is what a claims matching expression is made of, with single blanks in between and a quote within the
// value doubled (Microsoft Learn: workload-identities-flexible-federated-identity-credentials).
var claimComparison = regexp.MustCompile(`^claims\['[^']+'\] (?:eq|matches) '(?:[^']|'')+'`)

// checkClaimsExpression demands comparisons joined by "and", and leaves it to Entra which claims it takes of which issuer.
func checkClaimsExpression(text string) error {
	for rest := text; ; {
		comparison := claimComparison.FindString(rest)
		if comparison == "" {
			return fmt.Errorf("%q stands in the place of a comparison, which is claims['NAME'] eq 'VALUE' or claims['NAME'] matches 'PATTERN', with single blanks", rest)
		}
		after := rest[len(comparison):]
		if after == "" {
			return nil
		}
		var joined bool
		if rest, joined = strings.CutPrefix(after, " and "); !joined {
			return fmt.Errorf("%q follows a comparison, and nothing can but another one, joined by \" and \"", after)
		}
	}
}
