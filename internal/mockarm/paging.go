// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"encoding/base64"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// A listBody is what ARM answers to the GET of a collection (ARM RPC, resource-api-reference.md, "Get Resources").
type listBody struct {
	Value    any        `json:"value"`
	NextLink string     `json:"nextLink,omitempty"`
	Count    *listCount `json:"count,omitempty"` // of subscriptions only
}

// A listCount tells how many items all pages of a list hold together.
type listCount struct {
	Type  string `json:"type"`
	Value int    `json:"value"`
}

// skipToken is the name under which ARM carries the position in a list from one page to the next.
const skipToken = "$skipToken"

// page answers the page of a list that a request asks for. The items must come in the same order every time. The link to
// the next page is absolute and opaque, and repeats the query of the first.
func page[T any](w *World, req *request, items []T) *response {
	return pageOf(req, slices.Values(items), w.settings.pageSize(), func(item T) T { return item })
}

// pageOf is page with a size of the caller's own, for items that are shown in another form than the list has them in. Only
// those of the page are.
func pageOf[T, B any](req *request, items iter.Seq[T], size int, show func(T) B) *response {
	start, err := readSkipToken(queryValue(req, skipToken))
	if err != nil {
		return fail(http.StatusBadRequest, "InvalidSkipToken", "The provided skip token is invalid.")
	}
	shown, position, more := []B{}, 0, false
	for item := range items {
		if position++; position <= start {
			continue
		}
		if more = len(shown) == size; more {
			break
		}
		shown = append(shown, show(item))
	}
	body := listBody{Value: shown}
	if more {
		query := maps.Clone(req.query)
		for name := range query {
			if strings.EqualFold(name, skipToken) {
				delete(query, name)
			}
		}
		query.Set(skipToken, writeSkipToken(start+size))
		body.NextLink = req.baseURL + (&url.URL{Path: req.target.path}).EscapedPath() + "?" + query.Encode()
	}
	return ok(body)
}

// queryValue is a parameter of the query. ARM reads the names of parameters without regard to case, and clients do write
// both "$skipToken" and "$skiptoken".
func queryValue(req *request, name string) string {
	for key, values := range req.query {
		if strings.EqualFold(key, name) && len(values) > 0 {
			return values[0]
		}
	}
	return ""
}

func writeSkipToken(position int) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(position)))
}

func readSkipToken(token string) (int, error) {
	if token == "" {
		return 0, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return 0, err
	}
	position, err := strconv.ParseUint(string(text), 10, 31)
	return int(position), err
}
