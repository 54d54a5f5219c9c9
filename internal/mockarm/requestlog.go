// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// requestLogSize bounds the request log: a mock that runs for days must not eat up the machine.
const requestLogSize = 10_000

// RequestKind tells which part of Azure a request went to. For the identity endpoint of a host that is no virtual machine it
// is the [IdentityHost].
type RequestKind string

// The parts of Azure that the request log tells apart.
const (
	ARMRequest      RequestKind = "arm"
	EntraRequest    RequestKind = "entra"
	IMDSRequest     RequestKind = "imds"
	MetadataRequest RequestKind = "metadata"
	IssuerRequest   RequestKind = "issuer" // to an issuer outside of Azure that the mock hosts
)

// RequestRecord is what the log keeps of a request. Headers and bodies, where the secrets are, it does not see.
type RequestRecord struct {
	Time     time.Time     `json:"time"` // by the world's clock
	Kind     RequestKind   `json:"kind"`
	Method   string        `json:"method"`
	Path     string        `json:"path"`
	Query    string        `json:"query,omitempty"`
	Status   int           `json:"status"`           // 0 if the connection broke before there was an answer
	Caller   string        `json:"caller,omitempty"` // object ID of the token's principal; for IMDS and the like, the machine
	Duration time.Duration `json:"duration"`         // in nanoseconds
}

// isKnown tells whether there are requests of the kind.
func (k RequestKind) isKnown() bool {
	_, isHost := identityProtocols[IdentityHost(k)]
	return isHost || slices.Contains([]RequestKind{ARMRequest, EntraRequest, IMDSRequest, MetadataRequest, IssuerRequest}, k)
}

// A requestLog keeps the newest requests.
type requestLog struct {
	mu      sync.Mutex
	records []RequestRecord
	oldest  int // index into records once the log is full
}

func (l *requestLog) add(record RequestRecord) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.records) < requestLogSize {
		l.records = append(l.records, record)
		return
	}
	l.records[l.oldest] = record
	l.oldest = (l.oldest + 1) % requestLogSize
}

func (l *requestLog) all() []RequestRecord {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Concat(l.records[l.oldest:], l.records[:l.oldest])
}

func (l *requestLog) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.records, l.oldest = nil, 0
}

// record answers a request and logs it, unless a fault has other plans for it. answer returns the caller, as far as it is
// known.
func (s *Server) record(w http.ResponseWriter, r *http.Request, kind RequestKind, callerOf func() string, answer func(http.ResponseWriter) string) {
	record := RequestRecord{Time: s.world.clock.Now(), Kind: kind, Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery}
	start := time.Now()
	watched := &statusWatcher{ResponseWriter: w}
	defer func() { // Also when the connection breaks.
		record.Status, record.Duration = watched.status, time.Since(start)
		s.log.add(record)
	}()
	exposed := exposure{kind: kind, method: r.Method, path: r.URL.Path}
	if s.faults.askForCaller() {
		exposed.caller = callerOf()
	}
	fault := s.faults.strike(exposed)
	if fault == nil {
		record.Caller = answer(watched)
		return
	}
	record.Caller = callerOf()
	s.suffer(fault, watched, r, kind, func(w http.ResponseWriter) { record.Caller = answer(w) })
}

// A statusWatcher remembers the status that a handler writes.
type statusWatcher struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements [http.ResponseWriter].
func (w *statusWatcher) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets [http.ResponseController] and [http.MaxBytesReader] reach the connection.
func (w *statusWatcher) Unwrap() http.ResponseWriter { return w.ResponseWriter }
