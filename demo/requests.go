// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// A request is one that Azure was asked.
type request struct {
	Kind   string `json:"kind"`
	Method string `json:"method"`
	Path   string `json:"path"`
	Status int    `json:"status"`
	Caller string `json:"caller"`
}

// wasRead tells whether a principal has read a resource.
func wasRead(requests []request, id, principalID string) bool {
	return slices.ContainsFunc(requests, func(r request) bool {
		return r.Kind == "arm" && r.Method == http.MethodGet && r.Status == http.StatusOK &&
			strings.EqualFold(r.Path, id) && strings.EqualFold(r.Caller, principalID)
	})
}

// The columns of the table, in the order in which a resource lives.
var methods = []string{http.MethodGet, http.MethodPut, http.MethodPatch, http.MethodPost, http.MethodDelete}

// table counts requests by what they were for and their method. Those to Azure Resource Manager come first, by the type of
// the resource.
func table(requests []request) string {
	counts := map[string]map[string]int{}
	var arm, others []string
	for _, r := range requests {
		what := subject(r)
		if counts[what] == nil {
			counts[what] = map[string]int{}
			if r.Kind == "arm" {
				arm = append(arm, what)
			} else {
				others = append(others, what)
			}
		}
		counts[what][r.Method]++
	}
	slices.Sort(arm)
	slices.Sort(others)
	lines := []string{row("", func(method string) string { return method })}
	for _, what := range slices.Concat(arm, others) {
		lines = append(lines, row(what, func(method string) string {
			if n := counts[what][method]; n > 0 {
				return strconv.Itoa(n)
			}
			return ""
		}))
	}
	return strings.Join(lines, "")
}

func row(what string, cell func(method string) string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  %-50s", what)
	for _, method := range methods {
		fmt.Fprintf(&b, "%8s", cell(method))
	}
	return strings.TrimRight(b.String(), " ") + "\n"
}

// subject is what a request was for.
func subject(r request) string {
	path := strings.ToLower(strings.TrimSuffix(r.Path, "/"))
	switch r.Kind {
	case "entra":
		if strings.HasSuffix(path, "/token") {
			return "Microsoft Entra: token"
		}
		return "Microsoft Entra: discovery"
	case "imds":
		if strings.HasPrefix(path, "/metadata/identity/") {
			return "instance metadata: token"
		}
		return "instance metadata: machine"
	case "metadata":
		return "metadata of the cloud"
	}
	return resourceType(r.Path)
}

// resourceType is the type of the resource that a path of Azure Resource Manager names: what stands behind the last
// "providers", without the names between the types. Polling an operation is a kind of its own, whatever it works on.
func resourceType(path string) string {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	last := -1
	for i, segment := range segments {
		if strings.EqualFold(segment, "providers") {
			last = i
		}
	}
	if last < 0 {
		if len(segments) > 2 {
			return "Microsoft.Resources/resourceGroups"
		}
		return "Microsoft.Resources/subscriptions"
	}
	var types []string
	for i, segment := range segments[last+1:] {
		if i == 0 || i%2 == 1 {
			types = append(types, segment)
		}
	}
	if len(types) == 3 && strings.EqualFold(types[1], "locations") {
		return "polls of " + types[0] + " operations"
	}
	return strings.Join(types, "/")
}
