// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
)

// mock is the control plane of the mock Azure, which needs no login and answers on this machine only.
type mock struct {
	url    string
	client *http.Client
}

// newMock returns the mock that answers at a URL, with a certificate of the authority in a file.
func newMock(url, authority string) (mock, error) {
	if url == "" {
		return mock{}, errors.New("there is no mock Azure (MOCKARM_URL is not set): run \"make demo\", or \"mockarm exec -- go run ./demo\"")
	}
	pem, err := os.ReadFile(authority)
	if err != nil {
		return mock{}, fmt.Errorf("reading the mock's certificate authority (ARM_CA_CERTIFICATE_FILE): %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return mock{}, fmt.Errorf("reading the mock's certificate authority (ARM_CA_CERTIFICATE_FILE): %s holds no certificate", authority)
	}
	return mock{url: url, client: &http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: true,
	}}}, nil
}

// state tells what there is in Azure now.
func (m mock) state(ctx context.Context) (state, error) {
	var s state
	return s, m.get(ctx, "state", &s)
}

// requests are all that Azure was asked until now.
func (m mock) requests(ctx context.Context) ([]request, error) {
	var all []request
	return all, m.get(ctx, "requests", &all)
}

func (m mock) get(ctx context.Context, what string, into any) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("asking the mock for its %s: %w", what, err)
		}
	}()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.url+"/_mock/"+what, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := m.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(into)
}
