// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestACloudIsDiscovered(t *testing.T) {
	t.Parallel()
	mock, cfg := newMock(t)
	w := tap(&cfg, nil)
	got, err := DiscoverCloud(t.Context(), "mockarm.invalid", Config{Transport: w})
	want := Cloud{"custom", mockURL + "/", mockURL + "/", "https://management.core.windows.net/"}
	if err != nil || got != want {
		t.Errorf("got %+v, want %+v: %v", got, want, err)
	}
	if asked := mock.Requests(); len(asked) != 1 || asked[0].Path != "/metadata/endpoints" || asked[0].Query != "api-version=2022-09-01" {
		t.Errorf("the mock was asked %+v", asked)
	}
	cfg.Cloud = got
	if _, err := newClient(t, cfg).Identity(t.Context(), reader); !IsNotFound(err) {
		t.Error(err)
	}
	if n := w.count(func(r *http.Request) bool {
		return r.URL.Path == "/metadata/endpoints" && len(r.Header.Values("Authorization")) > 0
	}); n > 0 {
		t.Error("a token went to the metadata")
	}
}

func TestWhyACloudIsNotDiscovered(t *testing.T) {
	t.Parallel()
	document := func(login, manager, audiences string) string {
		return `{"name":"Stack","resourceManager":"` + manager + `","authentication":{"loginEndpoint":"` + login + `","audiences":[` + audiences + `]}}`
	}
	const login, manager = "https://login.stack.example/", "https://management.stack.example"
	for name, c := range map[string]struct {
		host    string
		status  int
		header  map[string]string
		content string
		err     error
		want    string
	}{
		"a URL":                {"https://stack.example", 0, nil, "", nil, "must be a host without scheme and path"},
		"an http URL":          {"http://stack.example", 0, nil, "", nil, "must be a host without scheme and path"},
		"a path":               {"stack.example/x", 0, nil, "", nil, "must be a host without scheme and path"},
		"a query":              {"stack.example?x=", 0, nil, "", nil, "must be a host without scheme and path"},
		"somebody":             {"me@stack.example", 0, nil, "", nil, "must be a host without scheme and path"},
		"nothing":              {"", 0, nil, "", nil, "must be a host without scheme and path"},
		"not reachable":        {"stack.example", 0, nil, "", &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}, "cannot be asked"},
		"not found":            {"stack.example", 404, nil, "", nil, "HTTP status 404 Not Found"},
		"elsewhere":            {"stack.example", 302, map[string]string{"Location": "https://evil.example/"}, "", nil, "HTTP status 302 Found"},
		"out of order":         {"stack.example", 503, nil, "", nil, "HTTP status 503"},
		"not JSON":             {"stack.example", 200, map[string]string{"Content-Type": "text/html"}, "<html>", nil, "something else than the endpoints of a cloud (text/html)"},
		"an array":             {"stack.example", 200, nil, "[]", nil, "something else than the endpoints"},
		"no login":             {"stack.example", 200, nil, document("", manager, `"a"`), nil, "lacks authentication.loginEndpoint"},
		"no Resource Manager":  {"stack.example", 200, nil, document(login, "", `"a"`), nil, "lacks resourceManager"},
		"no audience":          {"stack.example", 200, nil, document(login, manager, ""), nil, "lacks authentication.audiences"},
		"an audience of blank": {"stack.example", 200, nil, document(login, manager, `""`), nil, "lacks authentication.audiences"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // The request is repeated, with pauses.
				start := time.Now()
				_, err := DiscoverCloud(t.Context(), c.host, Config{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
					if r.URL.Host != "stack.example" || r.URL.Scheme != "https" {
						t.Errorf("%s was asked", r.URL)
					}
					if c.err != nil {
						return nil, c.err
					}
					return answer(r, c.status, c.header, c.content), nil
				})})
				wrong, ok := errors.AsType[*ArgumentError](err)
				if !ok || wrong.Argument != "metadata_host" || !strings.Contains(err.Error(), "metadata_host (ARM_METADATA_HOSTNAME)") || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %v, want %q", err, c.want)
				}
				if took := time.Since(start); took > metadataTime {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// What a host says is held to the same rules as what is configured.
func TestADiscoveredCloudIsChecked(t *testing.T) {
	t.Parallel()
	const document = `{"resourceManager":"http://management.stack.example","authentication":{"loginEndpoint":"https://login.stack.example","audiences":["https://a.example"]}}`
	found, err := DiscoverCloud(t.Context(), "stack.example", Config{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		return answer(r, http.StatusOK, nil, document), nil
	})})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(Config{Cloud: found}); err == nil || !strings.Contains(err.Error(), "which is not an https URL") {
		t.Errorf("error %v", err)
	}
}

func TestAHostThatDoesNotAnswerIsNotWaitedForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, err := DiscoverCloud(t.Context(), "stack.example", Config{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})})
		if err == nil || time.Since(start) != metadataTime {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
	})
}
