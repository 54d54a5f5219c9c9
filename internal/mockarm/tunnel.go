// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// dialer makes the far ends of tunnels.
var dialer = &net.Dialer{Timeout: 30 * time.Second}

// dialThrough connects to an address through another proxy (RFC 9110, section 9.3.6, "CONNECT").
func dialThrough(ctx context.Context, next *url.URL, address string) (net.Conn, error) {
	var connect interface {
		DialContext(ctx context.Context, network, address string) (net.Conn, error)
	}
	var port string
	switch next.Scheme {
	case "http":
		connect, port = dialer, "80"
	case "https":
		connect, port = &tls.Dialer{NetDialer: dialer}, "443"
	default:
		return nil, fmt.Errorf("connecting to %s: the proxy of the environment is neither http nor https, but %s", address, next.Scheme)
	}
	connection, err := connect.DialContext(ctx, "tcp", net.JoinHostPort(next.Hostname(), cmp.Or(next.Port(), port)))
	if err != nil {
		return nil, fmt.Errorf("connecting to the proxy of the environment: %w", err)
	}
	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{}}
	if user := next.User; user != nil {
		password, _ := user.Password()
		request.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)))
	}
	tunneled := &readAhead{Conn: connection, reader: bufio.NewReader(connection)}
	if err := tunneled.negotiate(request); err != nil {
		_ = connection.Close()
		return nil, fmt.Errorf("connecting to %s through the proxy of the environment: %w", address, err)
	}
	return tunneled, nil
}

// A readAhead is a connection of which some has been read already.
type readAhead struct {
	net.Conn
	reader *bufio.Reader
}

// Read implements [io.Reader].
func (c *readAhead) Read(p []byte) (int, error) { return c.reader.Read(p) }

// negotiate asks for a tunnel, with time for it.
func (c *readAhead) negotiate(request *http.Request) error {
	if err := c.SetDeadline(time.Now().Add(dialer.Timeout)); err != nil {
		return err
	}
	if err := request.Write(c.Conn); err != nil {
		return err
	}
	response, err := http.ReadResponse(c.reader, request)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		_ = response.Body.Close()
		return fmt.Errorf("it answers %s", response.Status)
	}
	return c.SetDeadline(time.Time{})
}

// join carries what two connections send to each other, until both have ended or the server closes. start is what has
// been read from the near one, and what follows.
func (s *Server) join(near net.Conn, start io.Reader, far net.Conn) {
	defer s.holdOpen(near, far)()
	carry := func(to net.Conn, from io.Reader) {
		_, _ = io.Copy(to, from) // Whoever hangs up has done so; the other end is told.
		if half, can := to.(interface{ CloseWrite() error }); can {
			_ = half.CloseWrite()
			return
		}
		_ = to.Close()
	}
	var both sync.WaitGroup
	both.Go(func() { carry(far, start) })
	both.Go(func() { carry(near, far) })
	both.Wait()
}

// holdOpen has [Server.Close] close the ends of a tunnel, unless what it returns has done so before.
func (s *Server) holdOpen(ends ...net.Conn) (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, end := range ends {
		s.tunnels[end] = true
	}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, end := range ends {
			delete(s.tunnels, end)
			_ = end.Close()
		}
	}
}
