// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package logging

import (
	"context"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// patterns find secrets by their looks.
var patterns = []*regexp.Regexp{
	// JSON Web Tokens (RFC 7519): a token's header is a JSON object in base64url, and so begins with eyJ.
	regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*`),
	// What carries a secret in a form (RFC 6749, section 2.3.1; RFC 7523, section 2.2) or in a JSON object.
	regexp.MustCompile(`(?i)(?:client_secret|assertion|access_?token|refresh_token|oidc_?token)\\?["']?\s*[=:]\s*\\?["']?[^\s"'&,}]+`),
	regexp.MustCompile(`(?i)\b(?:bearer|basic)\s+[A-Za-z0-9._~+/-]{20,}=*`),
	// The signature in the URL of a long-running operation.
	regexp.MustCompile(`[?&][chst]=[^&\s"']+`),
}

// secrets are the configured ones, in every spelling that a line may hold them in. They are the process's, as the log is.
// A process of Terraform's has one configuration; where tests have several, each hides what it has for all.
var secrets struct {
	sync.RWMutex

	spellings map[string]bool
}

// Hide masks a text in every line from now on.
func Hide(texts ...string) {
	secrets.Lock()
	defer secrets.Unlock()
	known := maps.Clone(secrets.spellings)
	if known == nil {
		known = map[string]bool{}
	}
	for _, text := range texts {
		if strings.TrimSpace(text) == "" {
			continue // Every line holds nothing.
		}
		quoted := strconv.Quote(text)
		for _, spelling := range []string{text, url.QueryEscape(text), url.PathEscape(text), quoted[1 : len(quoted)-1]} {
			known[spelling] = true
		}
	}
	secrets.spellings = known
}

// hidden lists what [Hide] was given, the longest first: one secret may be the beginning of another.
func hidden() []string {
	secrets.RLock()
	defer secrets.RUnlock()
	return slices.SortedFunc(maps.Keys(secrets.spellings), func(a, b string) int { return len(b) - len(a) })
}

// masked is ctx with all masks on the provider's own logger. Masks last no longer than their context, and each request of
// Terraform brings a fresh one, so that they are put on for each line.
func masked(ctx context.Context) context.Context {
	ctx = tflog.MaskMessageRegexes(ctx, patterns...)
	ctx = tflog.MaskAllFieldValuesRegexes(ctx, patterns...)
	ctx = tflog.MaskMessageStrings(ctx, hidden()...)
	return tflog.MaskAllFieldValuesStrings(ctx, hidden()...)
}

// maskedSubsystem is ctx with all masks on a subsystem's logger.
func maskedSubsystem(ctx context.Context, name string) context.Context {
	ctx = tflog.SubsystemMaskMessageRegexes(ctx, name, patterns...)
	ctx = tflog.SubsystemMaskAllFieldValuesRegexes(ctx, name, patterns...)
	ctx = tflog.SubsystemMaskMessageStrings(ctx, name, hidden()...)
	return tflog.SubsystemMaskAllFieldValuesStrings(ctx, name, hidden()...)
}
