// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
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
	methods, isIssuers := s.controlIssuer(w, r)
	if !isIssuers {
		methods = s.controls(w, r)[strings.TrimSuffix(r.URL.Path, "/")]
	}
	if methods == nil {
		writeJSON(w, r, http.StatusNotFound, map[string]any{"error": "there are requests, state, faults, reset, and issuers/NAME/token and job"})
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
	writeJSON(w, r, http.StatusOK, answer)
}

// controls are what the control plane does, by path and method.
func (s *Server) controls(w http.ResponseWriter, r *http.Request) map[string]map[string]func() (any, error) {
	return map[string]map[string]func() (any, error){
		"/_mock/requests": {http.MethodGet: func() (any, error) { return append([]RequestRecord{}, s.Requests()...), nil }},
		"/_mock/state": {
			http.MethodGet: func() (any, error) { return s.world.State(), nil },
			http.MethodPut: func() (any, error) {
				state, err := ReadState(http.MaxBytesReader(w, r.Body, maxState))
				if err == nil {
					err = s.world.Restore(state)
				}
				return s.world.State(), err
			},
		},
		"/_mock/reset": {http.MethodPost: func() (any, error) { s.Reset(); return map[string]any{}, nil }},
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
