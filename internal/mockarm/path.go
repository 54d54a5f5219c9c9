// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// resourcesNamespace owns what a path names without a provider: tenants, subscriptions, resource groups.
const resourcesNamespace = "Microsoft.Resources"

// parseTarget reads the path of a request to ARM, still escaped. It tells false for a path that names nothing.
//
// Repeated slashes count as one: SDKs put scopes that begin with a slash behind a slash of their own.
func parseTarget(method, escapedPath string) (target, bool) {
	segments, valid := splitPath(escapedPath)
	if !valid || len(segments) == 0 {
		return target{}, false
	}
	t := target{path: join(segments)}
	at := lastIndexFold(segments, "providers")
	if at < 0 || namesProvider(method, segments[at+1:]) {
		return t.withoutProvider(method, segments)
	}
	if !t.withScope(segments[:at]) {
		return target{}, false
	}
	t.scope, t.namespace = join(segments[:at]), segments[at+1]
	t.take(method, segments[at+2:])
	return t, true
}

// namesProvider tells whether what stands behind "providers" names the resource provider itself, and not a type of it:
// "…/providers/Microsoft.Compute", and its registration.
func namesProvider(method string, rest []string) bool {
	switch len(rest) {
	case 0, 1:
		return true
	case 2:
		return method == http.MethodPost && slices.ContainsFunc([]string{"register", "unregister"}, func(verb string) bool {
			return strings.EqualFold(verb, rest[1])
		})
	default:
		return false
	}
}

// withoutProvider reads a path that has no provider: all its segments are types and names of Microsoft.Resources.
func (t target) withoutProvider(method string, segments []string) (target, bool) {
	t.take(method, segments)
	var scope []string
	switch {
	case hasFold(segments, 0, "subscriptions") && hasFold(segments, 2, "resourceGroups") && len(segments) > 3:
		scope = segments[:4]
	case hasFold(segments, 0, "subscriptions") && len(segments) > 1:
		scope = segments[:2]
	case hasFold(segments, 0, "subscriptions"), hasFold(segments, 0, "tenants"), hasFold(segments, 0, "providers"):
	default:
		return target{}, false
	}
	t.scope = join(scope)
	return t, t.withScope(scope)
}

// withScope reads subscription and resource group from a scope: the tenant, a subscription, a resource group, a
// management group, or a resource. It tells false where the scope is none of these.
func (t *target) withScope(segments []string) bool {
	if len(segments) == 0 {
		return true
	}
	rest := segments
	if hasFold(rest, 0, "subscriptions") {
		if len(rest) < 2 {
			return false
		}
		t.subscription, rest = rest[1], rest[2:]
		if hasFold(rest, 0, "resourceGroups") {
			if len(rest) < 2 {
				return false
			}
			t.resourceGroup, rest = rest[1], rest[2:]
		}
	}
	// What is left are resources: each "providers", a namespace, and pairs of type and name.
	for len(rest) > 0 {
		if !hasFold(rest, 0, "providers") {
			return false
		}
		resource := rest[1:]
		if next := lastIndexFold(resource, "providers"); next >= 0 {
			resource = resource[:next]
		}
		if len(resource) < 3 || len(resource)%2 == 0 {
			return false
		}
		rest = rest[1+len(resource):]
	}
	return true
}

// take reads types and names. An odd segment at the end is a type, and the target its collection; in a POST to an item it
// is the action's name.
func (t *target) take(method string, segments []string) {
	if method == http.MethodPost && len(segments) > 1 && len(segments)%2 == 1 {
		t.verb, segments = segments[len(segments)-1], segments[:len(segments)-1]
	}
	for i, segment := range segments {
		if i%2 == 0 {
			t.types = append(t.types, segment)
		} else {
			t.names = append(t.names, segment)
		}
	}
}

// place tells which form of a path this is.
func (t target) place() place {
	switch {
	case t.verb != "":
		return onAction
	case len(t.types) > len(t.names):
		return onCollection
	default:
		return onItem
	}
}

// typeName is the type as registered by a service, "virtualMachines" or "userAssignedIdentities/federatedIdentityCredentials".
func (t target) typeName() string { return strings.Join(t.types, "/") }

// provider is the namespace of the target.
func (t target) provider() string {
	if t.namespace == "" {
		return resourcesNamespace
	}
	return t.namespace
}

// isResourceGroup tells whether the target is a resource group itself, and not something in one.
func (t target) isResourceGroup() bool {
	return t.namespace == "" && len(t.types) == 2 && len(t.names) == 2 && t.resourceGroup != ""
}

// authorizationScope is where RBAC asks for the right to do something with the target: the item itself, or what a
// collection belongs to; "/" is the root. Its casing is the request's, as in the messages of the service.
func (t target) authorizationScope() string {
	switch {
	case t.place() == onItem:
		return t.path
	case t.place() == onCollection && t.namespace != "" && len(t.names) == 0:
		return "/" + strings.TrimPrefix(t.scope, "/")
	default:
		parent := t.path[:strings.LastIndexByte(t.path, '/')]
		return "/" + strings.TrimPrefix(parent, "/")
	}
}

// splitPath cuts an escaped path into its segments and unescapes them.
func splitPath(escapedPath string) ([]string, bool) {
	var segments []string
	for segment := range strings.SplitSeq(escapedPath, "/") {
		if segment == "" {
			continue
		}
		plain, err := url.PathUnescape(segment)
		if err != nil || strings.Contains(plain, "/") {
			return nil, false
		}
		segments = append(segments, plain)
	}
	return segments, true
}

func join(segments []string) string {
	if len(segments) == 0 {
		return ""
	}
	return "/" + strings.Join(segments, "/")
}

func hasFold(segments []string, i int, word string) bool {
	return i < len(segments) && strings.EqualFold(segments[i], word)
}

func lastIndexFold(segments []string, word string) int {
	for i, segment := range slices.Backward(segments) {
		if strings.EqualFold(segment, word) {
			return i
		}
	}
	return -1
}
