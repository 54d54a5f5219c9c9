// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// inProcessURL is where a server that has no socket answers, through its [Server.Transport]. The name never resolves
// (RFC 6761), so that a client with the wrong transport reaches nobody.
const inProcessURL = "https://mockarm.invalid"

// Server answers for a [World]: ARM, Entra, the cloud's metadata and the control plane at one address, and the IMDS of
// each machine at one of its own. It needs no socket before [Server.Listen].
type Server struct {
	world      *World
	services   []service
	allowances allowances
	log        requestLog
	received   receivedSecrets
	faults     faults
	crowd      crowd // of the requests to each IMDS

	mu        sync.Mutex
	authority *authority
	address   string // of the HTTPS listener; "" without one
	running   []*http.Server
	onClose   []func()          // what else there is to clear up
	imds      map[string]string // URLs of the IMDS listeners, by machine
	proxies   map[string]string // URLs of the proxies, by machine
	tunnels   map[net.Conn]bool // that are open through them
	public    bool              // whether the server answers as Azure's public hosts
}

// NewServer makes a server for a world.
func NewServer(w *World) *Server {
	return &Server{
		world: w, services: services(),
		imds: map[string]string{}, proxies: map[string]string{}, tunnels: map[net.Conn]bool{},
	}
}

// World is what the server serves.
func (s *Server) World() *World { return s.world }

// Listen starts to serve HTTPS with HTTP/2 on a free port of 127.0.0.1.
func (s *Server) Listen() error { return s.ListenOn("127.0.0.1:0") }

// ListenOn is [Server.Listen] on a given address, which must be on loopback: whoever reaches the server can reset it.
func (s *Server) ListenOn(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("listening on %q: %w", address, err)
	}
	if !isLoopback(host) {
		return fmt.Errorf("listening on %q: the mock serves loopback only", address)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.address != "" {
		return fmt.Errorf("listening on %q: already listening on %q", address, s.address)
	}
	var names []string
	if s.public {
		names = publicHosts
	}
	if s.authority, err = newAuthority(names...); err != nil {
		return fmt.Errorf("making the certificate authority: %w", err)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("listening on %q: %w", address, err)
	}
	s.address = listener.Addr().String()
	server := s.start(s)
	server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{s.authority.server}, MinVersion: tls.VersionTLS12}
	go func() { _ = server.ServeTLS(listener, "", "") }() // Ends with Close.
	return nil
}

// start makes an HTTP server that Close will close. The caller holds the lock.
func (s *Server) start(handler http.Handler) *http.Server {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		// Clients that hang up or do not trust the CA are their own business.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	s.running = append(s.running, server)
	return server
}

// Close ends all listeners and their connections.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var first error
	for _, server := range s.running {
		if err := server.Close(); err != nil && first == nil {
			first = fmt.Errorf("closing a listener: %w", err)
		}
	}
	for _, clean := range s.onClose {
		clean()
	}
	for end := range s.tunnels {
		_ = end.Close() // Whoever is at the other end may have done so already.
	}
	s.running, s.onClose, s.address = nil, nil, ""
	clear(s.imds)
	clear(s.proxies)
	return first
}

// URL is where ARM and Entra answer, without a trailing slash.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.address == "" {
		return inProcessURL
	}
	return "https://" + s.address
}

// CACertificate is the certificate of the throw-away CA in PEM, nil before [Server.Listen].
func (s *Server) CACertificate() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.authority == nil {
		return nil
	}
	return s.authority.certificate
}

// IMDSEndpoint is the token endpoint of a machine's IMDS, in the form of the variable ARM_MSI_ENDPOINT. machineID is the
// ARM ID of the machine, or of a scale set, whose instances have one in common. The first call starts the listener.
func (s *Server) IMDSEndpoint(machineID string) (string, error) {
	if !s.world.hasHost(machineID) {
		return "", fmt.Errorf("starting an IMDS: there is no virtual machine or scale set %q", machineID)
	}
	endpoint, err := s.listenFor(s.imds, machineID, s.imdsHandler(machineID))
	if err != nil {
		return "", fmt.Errorf("starting the IMDS of %q: %w", machineID, err)
	}
	return endpoint + imdsTokenPath, nil
}

// listenFor is the URL of a listener on loopback that serves a machine in plain HTTP. The first call for a machine starts it;
// endpoints are those that have been started.
func (s *Server) listenFor(endpoints map[string]string, machineID string, handler http.Handler) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if endpoint := endpoints[key(machineID)]; endpoint != "" {
		return endpoint, nil
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := s.start(handler)
	go func() { _ = server.Serve(listener) }() // Ends with Close.
	endpoint := "http://" + listener.Addr().String()
	endpoints[key(machineID)] = endpoint
	return endpoint, nil
}

// Requests are the requests that the server has answered, oldest first; those to the control plane are not among them.
func (s *Server) Requests() []RequestRecord { return s.log.all() }

// Reset brings the world back to its seed and forgets the requests. Faults stay, and count from the beginning.
func (s *Server) Reset() {
	s.world.Reset()
	s.log.clear()
	s.allowances.forget()
	s.faults.restart()
}

// ServeHTTP answers everything that is asked of the HTTPS address.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.received.noteTokens(r)
	switch segments, _ := splitPath(r.URL.EscapedPath()); {
	case s.answerAs(w, r, segments):
	case hasFold(segments, 0, "_mock"):
		s.serveControl(w, r)
	case hasFold(segments, 0, "metadata"):
		s.record(w, r, MetadataRequest, nobody, func(w http.ResponseWriter) string { s.serveMetadata(w, r); return "" })
	case isIssuer(segments):
		s.record(w, r, IssuerRequest, nobody, func(w http.ResponseWriter) string { s.serveIssuer(w, r, segments); return "" })
	case isEntra(segments):
		s.record(w, r, EntraRequest, nobody, func(w http.ResponseWriter) string { return s.serveEntra(w, r, segments) })
	default:
		s.record(w, r, ARMRequest, sync.OnceValue(func() string { return s.callerOf(r) }), func(w http.ResponseWriter) string { return s.serveARM(w, r).objectID })
	}
}

// nobody is the caller of a request that has none.
func nobody() string { return "" }

// callerOf is the object ID of the principal whose token a request to ARM carries, "" if it carries none that is valid.
func (s *Server) callerOf(r *http.Request) string {
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	c, _ := s.world.authenticate(r.Header.Values("Authorization"), s.isOwnURL, "")
	return c.objectID
}

// isOwnURL tells whether a URL is one of this server's.
func (s *Server) isOwnURL(url string) bool {
	url, own := strings.TrimSuffix(strings.ToLower(url), "/"), s.URL()
	if url == own {
		return true
	}
	_, port, err := net.SplitHostPort(strings.TrimPrefix(own, "https://"))
	return err == nil && url == "https://"+net.JoinHostPort("localhost", port)
}

// isLoopback tells whether a host, a name or an address, is this machine and no other can reach it.
func isLoopback(host string) bool {
	address := net.ParseIP(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || address != nil && address.IsLoopback()
}
