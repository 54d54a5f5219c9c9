// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"slices"
	"strings"
)

// The hosts of Azure's public cloud that the mock can stand in for. Microsoft Graph is among them so that no token of the
// mock is sent to the real one.
const (
	publicARM   = "management.azure.com"
	publicEntra = "login.microsoftonline.com"
	publicGraph = "graph.microsoft.com"
)

var publicHosts = []string{publicARM, publicEntra, publicGraph}

// ServePublicHosts has the server answer as Azure's public hosts, too, for clients that come through [Server.ProxyEndpoint]
// and have these names built in. Its certificate is then for these names as well; so it must come before [Server.Listen].
func (s *Server) ServePublicHosts() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.public = true
}

// publicNames are the names of public hosts that the server answers to.
func (s *Server) publicNames() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.public {
		return nil
	}
	return publicHosts
}

// standsInFor tells whether the server answers as a host of Azure's public cloud.
func (s *Server) standsInFor(host string) bool {
	return slices.Contains(s.publicNames(), strings.ToLower(host))
}

// answerAs answers, for one of the public hosts, what that does not have; at the mock's own address everything is in one
// place. It tells whether it has answered.
func (s *Server) answerAs(w http.ResponseWriter, r *http.Request, segments []string) bool {
	host := strings.ToLower(strings.TrimSuffix(r.Host, ":443"))
	if !s.standsInFor(host) {
		return false
	}
	switch {
	case host == publicEntra && isEntra(segments), host == publicARM && !isEntra(segments):
		return false
	case host == publicARM:
		s.writeARM(w, r, gateway(fail(http.StatusNotFound, "NotFound", "The requested path does not name a resource.")))
	case host == publicGraph:
		writeJSON(w, r, http.StatusNotFound, fail(http.StatusNotFound, "ResourceNotFound", "There is no Microsoft Graph here.").body)
	default:
		writeEntraError(w, r, s.world, entraError{http.StatusNotFound, "invalid_request", 90002, "The requested endpoint does not exist."})
	}
	return true
}
