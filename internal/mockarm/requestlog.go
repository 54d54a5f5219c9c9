// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// requestLogSize bounds the request log: a mock that runs for days must not eat up the machine.
const requestLogSize = 10_000

// RequestKind tells which part of Azure a request went to.
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
	Number   int           `json:"number"` // counted from one, over all resets
	Time     time.Time     `json:"time"`   // by the world's clock
	Kind     RequestKind   `json:"kind"`
	Method   string        `json:"method"`
	Path     string        `json:"path"`
	Query    string        `json:"query,omitempty"`
	Status   int           `json:"status"`           // 0 if the connection broke before there was an answer
	Caller   string        `json:"caller,omitempty"` // object ID of the token's principal; for IMDS, the machine
	Duration time.Duration `json:"duration"`         // in nanoseconds
	// CallerName is the display name that the caller had in the directory, and of a machine its name.
	CallerName string `json:"callerName,omitempty"`
	// Fault is what a fault has done to the request; empty if none has struck it.
	Fault string `json:"fault,omitempty"`
}

// A requestLog keeps the newest requests.
type requestLog struct {
	mu      sync.Mutex
	records []RequestRecord
	oldest  int // index into records once the log is full
	last    int // number of the newest record that there has been
}

func (l *requestLog) add(record RequestRecord) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	record.Number = l.last
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

// after gives the records with larger numbers, and the number of the oldest record that is kept, or will be.
func (l *requestLog) after(number int) (records []RequestRecord, oldest int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	count := len(l.records)
	records = []RequestRecord{}
	for i := max(0, count-max(0, l.last-number)); i < count; i++ {
		records = append(records, l.records[(l.oldest+i)%count])
	}
	return records, l.last - count + 1
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
		record.CallerName = s.world.nameOf(record.Caller)
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
	record.Fault = fault.effect()
	record.Caller = callerOf()
	s.suffer(fault, watched, r, kind, func(w http.ResponseWriter) { record.Caller = answer(w) })
}

// nameOf is what people call a caller. The caller of this function must not hold the world's lock.
func (w *World) nameOf(caller string) string {
	if caller == "" {
		return ""
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if principal := w.principals[key(caller)]; principal != nil {
		return principal.DisplayName
	}
	if host := w.host(caller); host != nil {
		return host.Name
	}
	return ""
}

// effect tells in a few words what a fault does to a request.
func (f *Fault) effect() string {
	var effects []string
	add := func(does bool, effect string) {
		if does {
			effects = append(effects, effect)
		}
	}
	add(f.Delay > 0, "delayed by "+f.Delay.String())
	add(f.Reset == ResetBefore, "reset before its effect")
	add(f.Status != 0, "answered with "+strconv.Itoa(f.Status)+" "+f.code())
	add(f.AnswerDelay > 0, "answer delayed by "+f.AnswerDelay.String())
	add(f.Reset == ResetAfter, "reset after its effect")
	add(f.Truncate, "answer truncated")
	return strings.Join(effects, ", ")
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
