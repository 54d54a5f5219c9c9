// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// receivedSecretsSize bounds what is remembered of the secrets that were received: a mock that runs for days must not eat up
// the machine.
const receivedSecretsSize = 10_000

// receivedSecrets are what clients have proven by who they are. The request log has none of them.
type receivedSecrets struct {
	mu   sync.Mutex
	seen map[string]bool
}

func (s *receivedSecrets) note(secrets ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range secrets {
		if secret == "" || len(s.seen) >= receivedSecretsSize {
			continue
		}
		if s.seen == nil {
			s.seen = map[string]bool{}
		}
		s.seen[secret] = true
	}
}

// noteTokens remembers the tokens in the headers of a request.
func (s *receivedSecrets) noteTokens(r *http.Request) {
	for _, header := range []string{"Authorization", auxiliaryHeader} {
		for _, value := range r.Header.Values(header) {
			for token := range strings.SplitSeq(value, ",") {
				_, token, _ = strings.Cut(strings.TrimSpace(token), " ")
				s.note(token)
			}
		}
	}
}

// Secrets are what nobody else may find out: the client secrets of all principals, and every client secret, client assertion
// and token that the server has received. It is for tests that look for them in what a client has written.
func (s *Server) Secrets() []string {
	s.received.mu.Lock()
	all := maps.Clone(s.received.seen)
	s.received.mu.Unlock()
	if all == nil {
		all = map[string]bool{}
	}
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	for _, principal := range s.world.principals {
		if principal.Secret != "" {
			all[principal.Secret] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}
