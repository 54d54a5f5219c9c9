// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net"
	"net/http"
	"strings"
)

// serveControl answers the control plane: what was asked of the mock, what has become of the world, and the way back to
// the beginning. It is not a part of Azure, and so not of ARM's name space.
//
// It needs no token, and is therefore for this machine only: for connections from loopback, by a name of loopback (a web
// page that has its own name point here is refused), and not for pages of other origins.
func (s *Server) serveControl(w http.ResponseWriter, r *http.Request) {
	if !fromThisMachine(r, s.URL()) {
		writeJSON(w, r, http.StatusForbidden, map[string]any{"error": "the control plane answers on loopback only"})
		return
	}
	var method string
	var answer func() any
	switch strings.TrimSuffix(r.URL.Path, "/") {
	case "/_mock/requests":
		method, answer = http.MethodGet, func() any { return append([]RequestRecord{}, s.Requests()...) }
	case "/_mock/state":
		method, answer = http.MethodGet, func() any { return s.world.State() }
	case "/_mock/reset":
		method, answer = http.MethodPost, func() any { s.Reset(); return map[string]any{} }
	default:
		writeJSON(w, r, http.StatusNotFound, map[string]any{"error": "there are requests, state and reset"})
		return
	}
	if r.Method != method {
		w.Header().Set("Allow", method)
		writeJSON(w, r, http.StatusMethodNotAllowed, map[string]any{"error": "use " + method})
		return
	}
	writeJSON(w, r, http.StatusOK, answer())
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
