// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"net/url"
	"time"
)

// A service is one resource provider: the API versions and operations of its types, behind the front door.
type service struct {
	namespace string // "Microsoft.Compute", in the service's own spelling
	types     []resourceType
	// limits are the service's own limits on a request, which come on top of the front door's; nil where it has none.
	limits func(*World, *request) []limit
}

// A resourceType lists what can be done to one type of a service.
type resourceType struct {
	name        string // "virtualMachines", or "userAssignedIdentities/federatedIdentityCredentials" for a child type
	apiVersions []string
	locations   []string // display names are not used; "westus"
	operations  []operation
}

// place tells which form of a path an operation answers on.
type place int

const (
	onItem       place = iota // …/virtualMachines/vm1
	onCollection              // …/virtualMachines, at any scope
	onAction                  // …/virtualMachines/vm1/start, a POST with the action's name
)

// An operation is one verb on one type. The front door checks action on the target's scope before it calls handle, which
// runs with the world's lock held.
type operation struct {
	method string
	on     place
	verb   string // the action's name where on is onAction
	action string // the RBAC action, "Microsoft.Compute/virtualMachines/read"; "" where handle itself decides what a caller may see
	handle func(*World, *request) *response
}

// A target is what a request's path names. ARM splits a path at its last "/providers/": what stands before is the scope,
// what stands behind is namespace, types and names (ARM RPC, common-api-details.md).
//
// What is named without a provider belongs to Microsoft.Resources: its types "tenants", "subscriptions" and, of a
// subscription, "subscriptions/resourceGroups", "subscriptions/locations", "subscriptions/operationresults" and
// "subscriptions/providers" (of "/subscriptions/{s}/providers/{namespace}"). Their types and names are the segments of
// the path, ["subscriptions", "resourceGroups"] and [s, rg], while the scope is the subscription or group itself.
type target struct {
	path          string   // as sent, without a trailing slash
	scope         string   // as sent: "" (the tenant), a subscription, a resource group, or a resource that an extension resource hangs on
	subscription  string   // as sent; "" outside of subscriptions
	resourceGroup string   // as sent; "" outside of resource groups
	namespace     string   // as sent; "" where the path ends in a subscription or resource group
	types         []string // as sent
	names         []string // as sent; one fewer than types on a collection
	verb          string   // of an action
}

// name is the last name of the target: that of the item itself.
func (t target) name() string {
	if len(t.names) == 0 {
		return ""
	}
	return t.names[len(t.names)-1]
}

// A caller is who a token speaks for.
type caller struct {
	objectID string
	appID    string
	tenantID string
}

// A request has passed the front door: the caller is known and may do this, and subscription, resource group, provider
// registration, type and API version are in order. A service sees to the resource only.
type request struct {
	method     string
	target     target
	query      url.Values
	apiVersion string
	header     http.Header
	body       []byte
	caller     caller
	auxiliary  []caller // who the caller is in other tenants, as far as the request proves it
	baseURL    string   // "https://127.0.0.1:12345", for the absolute URLs that an answer needs
	// operationFault is what is to become of the operation that the request begins, nil for nothing out of the ordinary.
	operationFault func() *Fault
}

// A response is what a service answers. The front door writes it, with the headers that all answers of ARM carry.
type response struct {
	status int
	header http.Header // may be nil
	body   any         // marshalled as JSON; nil for an empty body

	// takes is how long the service is at work until it answers, while others are served, and done what happens then, with
	// the world's lock held. Both are zero for what takes no time.
	takes time.Duration
	done  func()
}
