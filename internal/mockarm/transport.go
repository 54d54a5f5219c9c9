// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"syscall"
)

// Transport answers requests to ARM and Entra without a socket, whatever their host: for tests in testing/synctest
// bubbles, and for those that count microseconds. The handler runs on the caller's goroutine.
func (s *Server) Transport() http.RoundTripper { return transport{scheme: "https", handler: s} }

// SocketTransport is a way of a client's own to the server's socket, which trusts its certificate authority alone. It is nil
// before [Server.Listen].
func (s *Server) SocketTransport() *http.Transport {
	ca := s.CACertificate()
	if ca == nil {
		return nil
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca) // It is the server's own.
	return &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
}

// IMDSTransport answers a machine's requests to its IMDS without a socket. machineID is the machine's ARM ID.
func (s *Server) IMDSTransport(machineID string) http.RoundTripper {
	return transport{scheme: "http", handler: s.imdsHandler(machineID)}
}

// A transport hands requests to a handler.
type transport struct {
	scheme  string
	handler http.Handler
}

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(outgoing *http.Request) (*http.Response, error) {
	if outgoing.Body != nil {
		defer func() { _ = outgoing.Body.Close() }() // Reading it has succeeded or failed by then.
	}
	if outgoing.URL.Scheme != t.scheme {
		return nil, errors.New("mockarm: the transport answers " + t.scheme + " only")
	}
	if err := outgoing.Context().Err(); err != nil {
		return nil, err
	}
	incoming := outgoing.Clone(outgoing.Context())
	incoming.URL = &url.URL{Path: outgoing.URL.Path, RawPath: outgoing.URL.RawPath, RawQuery: outgoing.URL.RawQuery}
	incoming.RequestURI = incoming.URL.RequestURI()
	incoming.Proto, incoming.ProtoMajor, incoming.ProtoMinor = "HTTP/2.0", 2, 0
	incoming.RemoteAddr = "127.0.0.1:1"
	if incoming.Host == "" {
		incoming.Host = outgoing.URL.Host
	}
	if incoming.Body == nil {
		incoming.Body = http.NoBody
	}
	answer := &recorder{header: http.Header{}}
	aborted := t.serve(answer, incoming)
	if err := outgoing.Context().Err(); err != nil {
		return nil, err
	}
	status, length, body := answer.status, int64(answer.body.Len()), io.Reader(&answer.body)
	if aborted {
		if status == 0 {
			return nil, &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
		}
		length, body = announced(answer.header), io.MultiReader(body, brokenOff{})
	}
	return &http.Response{
		Status:     http.StatusText(status),
		StatusCode: status,
		Proto:      "HTTP/2.0", ProtoMajor: 2,
		Header:        answer.header,
		Body:          io.NopCloser(body),
		ContentLength: length,
		Request:       outgoing,
	}, nil
}

// serve has the handler answer. It tells true where the handler breaks the connection off, as net/http has it.
func (t transport) serve(answer *recorder, incoming *http.Request) (aborted bool) {
	defer func() {
		switch thrown := recover(); thrown {
		case nil:
		case http.ErrAbortHandler:
			aborted = true
		default:
			panic(thrown)
		}
	}()
	t.handler.ServeHTTP(answer, incoming)
	return false
}

// announced is the length of a body as its header tells it, -1 if it does not.
func announced(header http.Header) int64 {
	length, err := strconv.ParseInt(header.Get("Content-Length"), 10, 64)
	if err != nil {
		return -1
	}
	return length
}

// brokenOff is the end of a body whose connection has broken.
type brokenOff struct{}

// Read implements [io.Reader].
func (brokenOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// A recorder is a [http.ResponseWriter] that keeps what is written.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements [http.ResponseWriter].
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader implements [http.ResponseWriter].
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

// Write implements [http.ResponseWriter].
func (r *recorder) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(p)
}
