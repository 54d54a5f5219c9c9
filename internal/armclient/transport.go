// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// newHTTPClient returns the one HTTP client for ARM and Entra.
func newHTTPClient(transport http.RoundTripper, caCertificates []byte) (*http.Client, error) {
	if transport == nil {
		network, err := newNetwork(caCertificates)
		if err != nil {
			return nil, err
		}
		transport = network
	}
	return &http.Client{Transport: transport, CheckRedirect: refuseRedirect}, nil
}

// refuseRedirect hands a redirect to the caller instead of following it. Neither ARM nor Entra nor IMDS redirects, and a
// request that is redirected may carry a token or a secret.
func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func newNetwork(caCertificates []byte) (*http.Transport, error) {
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("reading the system's certificate authorities: %w", err)
	}
	if len(caCertificates) > 0 && !roots.AppendCertsFromPEM(caCertificates) {
		return nil, errors.New("the CA certificates hold no certificate in PEM form")
	}
	dialer := &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:       http.ProxyFromEnvironment,
		DialContext: dialer.DialContext,
		// HTTP/2 is more than speed: the SDK sends the filters of role assignments with bare spaces, which no HTTP/1.1
		// request line can hold.
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          100,
		MaxIdleConnsPerHost:   10,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		// A connection that died without a word is found out by a ping, not by the end of the operation's time.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 10 * time.Second, PingTimeout: 5 * time.Second},
	}, nil
}
