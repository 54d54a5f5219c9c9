// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"embed"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// pagePath is where the page is that shows the world and what is asked of it.
const pagePath = "/_mock/"

//go:embed page
var pageFiles embed.FS

// pageTypes are the types of the page's files. The system's own table is not asked: on some machines it says of scripts that
// they are text, and browsers do not run those.
var pageTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// pagePolicy has the browser load nothing but the page's own files and the control plane, run no script that stands in the
// document, and make no markup of text (W3C: Content Security Policy Level 3, Trusted Types). Names and tags, which anybody
// may have written, are text in the page; this holds even where that were forgotten.
var pagePolicy = strings.Join([]string{
	"default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
	"base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
}, "; ")

// servePage answers with a file of the page. It tells false for a path that is none of the page's.
func servePage(w http.ResponseWriter, r *http.Request) bool {
	name, found := strings.CutPrefix(r.URL.Path, pagePath)
	if r.URL.Path+"/" == pagePath {
		http.Redirect(w, r, pagePath, http.StatusPermanentRedirect) // What the page loads is relative to it.
		return true
	}
	if name == "" {
		name = "index.html"
	}
	content, err := fs.ReadFile(pageFiles, path.Join("page", name))
	contentType := pageTypes[path.Ext(name)]
	if !found || err != nil || contentType == "" {
		return false
	}
	header := w.Header()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		writeJSON(w, r, http.StatusMethodNotAllowed, map[string]any{"error": "use GET, HEAD"})
		return true
	}
	header.Set("Content-Type", contentType)
	header.Set("Content-Security-Policy", pagePolicy)
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	send(w, r, http.StatusOK, content)
	return true
}
