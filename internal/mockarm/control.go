// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxState is the size of a state that can be restored: that of some hundred thousand objects.
const maxState = 256 << 20

// serveControl answers the control plane: what was asked of the mock, what has become of the world, what is to go wrong,
// what outside issuers vouch for, and the way back to the beginning. It is not a part of Azure, and so not of ARM's name space.
//
// It needs no token, and is therefore for this machine only: for connections from loopback, by a name of loopback (a web
// page that has its own name point here is refused), and not for pages of other origins.
func (s *Server) serveControl(w http.ResponseWriter, r *http.Request) {
	if !fromThisMachine(r, s.URL()) {
		writeJSON(w, r, http.StatusForbidden, map[string]any{"error": "the control plane answers on loopback only"})
		return
	}
	if servePage(w, r) {
		return
	}
	methods, isIssuers := s.controlIssuer(w, r)
	if !isIssuers {
		methods = s.controls(w, r)[strings.TrimSuffix(r.URL.Path, "/")]
	}
	if methods == nil {
		writeJSON(w, r, http.StatusNotFound, map[string]any{"error": "there are a page at /_mock/, and requests, state, settings, clock, faults, reset, and issuers/NAME/token and job"})
		return
	}
	act := methods[r.Method]
	if act == nil {
		allowed := strings.Join(slices.Sorted(maps.Keys(methods)), ", ")
		w.Header().Set("Allow", allowed)
		writeJSON(w, r, http.StatusMethodNotAllowed, map[string]any{"error": "use " + allowed})
		return
	}
	answer, err := act()
	if err != nil {
		writeJSON(w, r, http.StatusBadRequest, map[string]any{"error": err.Error()})
		return
	}
	if _, isUnchanged := answer.(unchanged); isUnchanged {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	writeJSON(w, r, http.StatusOK, answer)
}

// unchanged is the answer to somebody who has the newest one already.
type unchanged struct{}

// oldestRequest is the header that tells the number of the oldest request in the log, or of the next one if the log is empty:
// who keeps a copy of the log drops what is older.
const oldestRequest = "Mockarm-Oldest-Request"

// requestsAfter answers the requests behind the number in the query; all without one.
func (s *Server) requestsAfter(w http.ResponseWriter, r *http.Request) (any, error) {
	number := 0
	if after := r.URL.Query().Get("after"); after != "" {
		var err error
		if number, err = strconv.Atoi(after); err != nil || number < 0 {
			return nil, fmt.Errorf("reading after: %q is not the number of a request", after)
		}
	}
	records, oldest := s.log.after(number)
	w.Header().Set(oldestRequest, strconv.Itoa(oldest))
	return records, nil
}

// stateUnlessKnown answers the state, unless the request tells its etag (RFC 9110, 13.1.2). Whoever looks at a large world
// once a second asks for no snapshot of it as long as nothing changes.
func (s *Server) stateUnlessKnown(w http.ResponseWriter, r *http.Request) (any, error) {
	state, version := s.world.stateAfter(strings.Trim(r.Header.Get("If-None-Match"), `"`))
	w.Header().Set("ETag", `"`+version+`"`)
	if state == nil {
		return unchanged{}, nil
	}
	return state, nil
}

// controls are what the control plane does, by path and method.
func (s *Server) controls(w http.ResponseWriter, r *http.Request) map[string]map[string]func() (any, error) {
	return map[string]map[string]func() (any, error){
		"/_mock/requests": {http.MethodGet: func() (any, error) { return s.requestsAfter(w, r) }},
		"/_mock/state": {
			http.MethodGet: func() (any, error) { return s.stateUnlessKnown(w, r) },
			http.MethodPut: func() (any, error) {
				state, err := ReadState(http.MaxBytesReader(w, r.Body, maxState))
				if err == nil {
					err = s.world.Restore(state)
				}
				return s.world.State(), err
			},
		},
		"/_mock/reset": {http.MethodPost: func() (any, error) { s.Reset(); return map[string]any{}, nil }},
		"/_mock/settings": {
			http.MethodGet: func() (any, error) { return s.world.Settings(), nil },
			http.MethodPatch: func() (any, error) {
				err := s.world.ChangeSettings(http.MaxBytesReader(w, r.Body, maxBody))
				return s.world.Settings(), err
			},
			http.MethodDelete: func() (any, error) {
				s.world.Configure(func(settings *Settings) { *settings = Settings{} })
				return s.world.Settings(), nil
			},
		},
		"/_mock/clock": {
			http.MethodGet:  func() (any, error) { return s.clockTime(), nil },
			http.MethodPost: func() (any, error) { return s.moveClock(w, r) },
		},
		"/_mock/faults": {
			http.MethodGet: func() (any, error) { return s.Faults(), nil },
			http.MethodPost: func() (any, error) {
				list, err := ReadFaults(http.MaxBytesReader(w, r.Body, maxBody))
				if err == nil {
					err = s.Inject(list...)
				}
				return s.Faults(), err
			},
			http.MethodDelete: func() (any, error) { s.ClearFaults(); return s.Faults(), nil },
		},
	}
}

// clockTime tells the time of the world.
func (s *Server) clockTime() any { return map[string]any{"time": s.world.clock.Now()} }

// moveClock moves the world's clock on: {"advance": "10m"}. Tokens run out, operations end and lags are over without anybody
// waiting. It finds clients that do not renew their tokens. Time cannot be taken back: tokens have seen it.
func (s *Server) moveClock(w http.ResponseWriter, r *http.Request) (any, error) {
	var body struct {
		Advance durationText `json:"advance"`
	}
	if err := readDocument(http.MaxBytesReader(w, r.Body, maxBody), &body); err != nil {
		return nil, fmt.Errorf("reading how far to move the clock: %w", err)
	}
	if body.Advance <= 0 {
		return nil, errors.New("advance: the clock goes forward only")
	}
	s.world.clock.Advance(time.Duration(body.Advance))
	return s.clockTime(), nil
}

func fromThisMachine(r *http.Request, own string) bool {
	remote, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil || !isLoopback(remote) {
		return false
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(r.Host); err == nil {
		host = name
	}
	if !isLoopback(host) && "https://"+host != own {
		return false
	}
	return http.NewCrossOriginProtection().Check(r) == nil
}
