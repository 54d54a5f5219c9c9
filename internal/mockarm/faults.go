// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// faults are those that have been injected into a server, in the order in which they came.
type faults struct {
	mu     sync.Mutex
	active []*activeFault
}

// An activeFault keeps count for a fault.
type activeFault struct {
	Fault
	index   int
	pattern *regexp.Regexp
	seen    int            // requests, or operations, that it is about
	struck  int            // those that it has struck
	alike   map[string]int // how many came of one method, path and caller
}

// FaultRecord tells what has become of a fault.
type FaultRecord struct {
	Fault Fault `json:"fault"`
	// Seen is how many requests came that the fault is about, or how many operations.
	Seen int `json:"seen"`
	// Struck is how many of them it has struck.
	Struck int `json:"struck"`
}

// Inject adds faults. Where several of them would strike one request, the first does; each counts for itself. They stay
// until [Server.ClearFaults].
func (s *Server) Inject(injected ...Fault) error {
	for i := range injected {
		if err := injected[i].check(); err != nil {
			return fmt.Errorf("injecting faults: [%d].%w", i, err)
		}
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	for _, fault := range injected {
		s.faults.active = append(s.faults.active, &activeFault{
			Fault: fault, index: len(s.faults.active), pattern: pathPattern(fault.Path), alike: map[string]int{},
		})
	}
	return nil
}

// Faults tells what has become of the faults that have been injected.
func (s *Server) Faults() []FaultRecord {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	records := make([]FaultRecord, 0, len(s.faults.active))
	for _, fault := range s.faults.active {
		records = append(records, FaultRecord{Fault: fault.Fault, Seen: fault.seen, Struck: fault.struck})
	}
	return records
}

// ClearFaults takes all faults away.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.active = nil
}

// restart has all faults count from the beginning.
func (f *faults) restart() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range f.active {
		fault.seen, fault.struck = 0, 0
		clear(fault.alike)
	}
}

// An exposure is a request, or the operation that it begins, as faults see it.
type exposure struct {
	kind      RequestKind
	method    string
	path      string
	caller    string // "" also where no fault asks for it
	operation bool
}

// askForCaller tells whether it matters who sends a request. Finding it out takes the world's lock, under which operations
// are struck; so it is done before.
func (f *faults) askForCaller() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(f.active, func(fault *activeFault) bool { return fault.Caller != "" || fault.Probability != 0 })
}

// strike finds the fault that strikes, nil if none does.
func (f *faults) strike(e exposure) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	var striking *Fault
	for _, fault := range f.active {
		if fault.isAbout(e) && fault.chooses(e) && striking == nil {
			fault.struck++
			striking = new(fault.Fault)
		}
	}
	return striking
}

// isAbout tells whether the fault concerns a request.
func (f *activeFault) isAbout(e exposure) bool {
	return f.ofOperations() == e.operation &&
		(f.Kind == "" || f.Kind == e.kind) &&
		(f.Method == "" || strings.EqualFold(f.Method, e.method)) &&
		f.pattern.MatchString(strings.TrimSuffix(e.path, "/")) &&
		(f.Caller == "" || key(f.Caller) == key(e.caller))
}

// chooses counts a request and tells whether the fault strikes it.
func (f *activeFault) chooses(e exposure) bool {
	f.seen++
	chosen := (f.Nth == 0 || f.seen == f.Nth) &&
		(f.Every == 0 || f.seen%f.Every == 0) &&
		(f.Count == 0 || f.struck < f.Count)
	if f.Probability == 0 {
		return chosen
	}
	who := fmt.Sprintf("%s|%s|%s", strings.ToUpper(e.method), key(e.path), key(e.caller))
	f.alike[who]++
	return f.coin(who, f.alike[who]) < f.Probability && chosen
}

// coin is a number from 0 up to 1 that depends on its arguments, the seed and the fault's place in the list only.
func (f *activeFault) coin(who string, n int) float64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d|%d|%s|%d", f.Seed, f.index, who, n))
	return float64(binary.BigEndian.Uint64(sum[:8])>>11) / (1 << 53)
}
