// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
)

// imdsAddress is where every machine in Azure finds its IMDS. Most clients know no other address.
const imdsAddress = "169.254.169.254"

// A proxy leads clients to the mock that have Azure's addresses built in, by HTTP_PROXY: it answers for the IMDS at its
// link-local address and, on request, has the mock stand in for Azure's public hosts. It invents no other way out: all else
// goes to the proxy that the user had before, or is a tunnel (CONNECT), which some clients ask of HTTP_PROXY for HTTPS, too.
type proxy struct {
	server *Server
	imds   http.Handler // of the machine that the clients run on, nil for none
	// former tells the user's own proxy for a request, nil where there is none.
	former func(*http.Request) (*url.URL, error)
}

// ProxyEndpoint is the URL of a proxy, in the form of the variable HTTP_PROXY, behind which clients are on a machine, as far
// as http://169.254.169.254 is concerned. machineID is the machine's ARM ID, "" for none. The first call starts the listener.
func (s *Server) ProxyEndpoint(machineID string) (string, error) {
	p := &proxy{server: s, former: http.ProxyFromEnvironment}
	if machineID != "" {
		if !s.world.hasHost(machineID) {
			return "", fmt.Errorf("starting a proxy: there is no virtual machine or scale set %q", machineID)
		}
		p.imds = s.imdsHandler(machineID)
	}
	endpoint, err := s.listenFor(s.proxies, machineID, p)
	if err != nil {
		return "", fmt.Errorf("starting a proxy: %w", err)
	}
	return endpoint, nil
}

// ServeHTTP implements [http.Handler].
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodConnect:
		p.tunnel(w, r)
	case r.URL.Host == "":
		http.Error(w, "mockarm: this is a proxy, for HTTP_PROXY", http.StatusBadRequest)
	case r.URL.Hostname() == imdsAddress && p.imds != nil:
		p.imds.ServeHTTP(w, r)
	default:
		p.passOn(w, r)
	}
}

// passOn gives a request to the user's own proxy. What is meant for the metadata service never leaves this machine.
func (p *proxy) passOn(w http.ResponseWriter, r *http.Request) {
	next, err := p.former(r)
	switch {
	case r.URL.Hostname() == imdsAddress:
		http.Error(w, "mockarm: there is no metadata service here; choose a machine with --vm", http.StatusForbidden)
	case err != nil:
		http.Error(w, "mockarm: the proxy of the environment cannot be used: "+err.Error(), http.StatusBadGateway)
	case next == nil || r.URL.Scheme != "http":
		http.Error(w, fmt.Sprintf("mockarm: this proxy answers for http://%s only; add %s to NO_PROXY to reach it in plain HTTP",
			imdsAddress, r.URL.Hostname()), http.StatusForbidden)
	default:
		(&httputil.ReverseProxy{
			Rewrite:   func(*httputil.ProxyRequest) {}, // The request is in absolute form, and stays as it is.
			Transport: &http.Transport{Proxy: http.ProxyURL(next), DisableKeepAlives: true},
			ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
				http.Error(w, "mockarm: passing the request on: "+err.Error(), http.StatusBadGateway)
			},
		}).ServeHTTP(w, r)
	}
}

// tunnel connects a client with the host that it names: with the mock itself where that stands in for the host.
func (p *proxy) tunnel(w http.ResponseWriter, r *http.Request) {
	far, err := p.dial(r.Context(), r.Host)
	if err != nil {
		http.Error(w, "mockarm: "+err.Error(), http.StatusBadGateway)
		return
	}
	near, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		_ = far.Close()
		http.Error(w, "mockarm: tunnels need HTTP/1.1", http.StatusHTTPVersionNotSupported)
		return
	}
	if _, err := near.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n")); err != nil {
		_, _ = near.Close(), far.Close() // The client has gone away.
		return
	}
	p.server.join(near, buffered.Reader, far)
}

// dial connects to where a tunnel to a host leads.
func (p *proxy) dial(ctx context.Context, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	switch {
	case err != nil:
		return nil, fmt.Errorf("connecting to %q: %w", address, err)
	case host == imdsAddress:
		return nil, fmt.Errorf("connecting to %s: the metadata service speaks plain HTTP", address)
	case port == "443" && p.server.standsInFor(host):
		return dialer.DialContext(ctx, "tcp", strings.TrimPrefix(p.server.URL(), "https://"))
	}
	next, err := p.former(&http.Request{URL: &url.URL{Scheme: "https", Host: address}})
	if err != nil {
		return nil, fmt.Errorf("reading the proxy of the environment: %w", err)
	}
	if next == nil {
		return dialer.DialContext(ctx, "tcp", address)
	}
	return dialThrough(ctx, next, address)
}
