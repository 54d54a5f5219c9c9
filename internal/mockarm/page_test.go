// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"io/fs"
	"net/http"
	"path"
	"strings"
	"testing"
)

func TestPageIsServedWithAllItsFiles(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	index := a.control(t, http.MethodGet, "/_mock/")
	if index.status != http.StatusOK || !strings.HasPrefix(index.text, "<!doctype html>") {
		t.Fatalf("%d %.100s", index.status, index.text)
	}
	if again := a.control(t, http.MethodGet, "/_mock/index.html"); again.text != index.text {
		t.Errorf("index.html: %d %.100s", again.status, again.text)
	}
	files, err := fs.ReadDir(pageFiles, "page")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		got := a.control(t, http.MethodGet, "/_mock/"+file.Name())
		want := pageTypes[path.Ext(file.Name())]
		if got.status != http.StatusOK || want == "" || got.header.Get("Content-Type") != want || got.text == "" {
			t.Errorf("%s: %d %s", file.Name(), got.status, got.header.Get("Content-Type"))
		}
	}
}

func TestPageLoadsNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	header := newAzure(t).control(t, http.MethodGet, "/_mock/").header
	policy := map[string]string{}
	for directive := range strings.SplitSeq(header.Get("Content-Security-Policy"), "; ") {
		name, sources, _ := strings.Cut(directive, " ")
		policy[name] = sources
	}
	for name, want := range map[string]string{
		"default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self'", "connect-src": "'self'",
		"base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'", "require-trusted-types-for": "'script'",
	} {
		if policy[name] != want {
			t.Errorf("the policy says %s %q, want %q", name, policy[name], want)
		}
	}
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
	} {
		if got := header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestPageIsReadAndNothingElse(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	for request, want := range map[string]int{
		"HEAD /_mock/": 200, "POST /_mock/": 405, "DELETE /_mock/page.css": 405, "GET /_mock/page.css": 200, "GET /_mock": 308,
		"GET /_mock/page": 404, "GET /_mock/page/index.html": 404, "GET /_mock/../page.go": 404, "GET /_mock/nothing.js": 404, "GET /_mock/page.css/": 404,
	} {
		method, path, _ := strings.Cut(request, " ")
		got := a.control(t, method, path)
		if got.status != want {
			t.Errorf("%s: %d, want %d", request, got.status, want)
		}
		if allowed := got.header.Get("Allow"); want == 405 && allowed != "GET, HEAD" {
			t.Errorf("%s: Allow %q", request, allowed)
		}
		if method == http.MethodHead && got.text != "" {
			t.Errorf("%s: %s", request, got.text)
		}
	}
	if location := a.control(t, http.MethodGet, "/_mock").header.Get("Location"); location != "/_mock/" {
		t.Errorf("Location %q", location)
	}
}

func TestPageIsForThisMachine(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	for _, path := range []string{"/_mock/", "/_mock", "/_mock/page.js"} {
		for host, want := range map[string]int{"127.0.0.1:8443": 0, "evil.example:8443": 403} {
			r := newRequest(t, http.MethodGet, "https://"+host+path, "")
			r.RemoteAddr = "127.0.0.1:4711"
			w := &recorder{header: http.Header{}}
			a.ServeHTTP(w, r)
			if forbidden := w.status == http.StatusForbidden; forbidden != (want == 403) {
				t.Errorf("%s at %s: %d", path, host, w.status)
			}
		}
	}
}
