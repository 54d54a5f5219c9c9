// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"net/http"
	"strings"
)

// listProviders lists the resource providers and whether the subscription is registered to use them.
func listProviders(w *World, req *request) *response {
	subscription := w.subscriptions[key(req.target.subscription)]
	if subscription == nil {
		return subscriptionNotFound(req.target.subscription)
	}
	providers := []map[string]any{}
	for _, provider := range services() {
		providers = append(providers, provider.body(subscription))
	}
	return page(w, req, providers)
}

// listTenantProviders lists the resource providers for all to see: what they have, apart from any subscription.
func listTenantProviders(w *World, req *request) *response {
	providers := []map[string]any{}
	for _, provider := range services() {
		providers = append(providers, provider.description())
	}
	return page(w, req, providers)
}

func getTenantProvider(_ *World, req *request) *response {
	for _, provider := range services() {
		if strings.EqualFold(provider.namespace, req.target.name()) {
			return ok(provider.description())
		}
	}
	return invalidResourceNamespace(req.target.name())
}

func getProvider(w *World, req *request) *response {
	provider, subscription, refusal := w.providerOf(req)
	if refusal != nil {
		return refusal
	}
	return ok(provider.body(subscription))
}

func registerProvider(w *World, req *request) *response { return setRegistration(w, req, "register") }

func unregisterProvider(w *World, req *request) *response {
	return setRegistration(w, req, "unregister")
}

// setRegistration registers a subscription with a provider or takes the registration back. The permission is one of the
// provider's own: "Microsoft.Compute/register/action".
func setRegistration(w *World, req *request, verb string) *response {
	provider, subscription, refusal := w.providerOf(req)
	if refusal != nil {
		return refusal
	}
	scope := "/subscriptions/" + req.target.subscription
	if action := provider.namespace + "/" + verb + "/action"; !w.allowed(req.caller, action, scope) {
		return authorizationFailed(req.caller, action, scope)
	}
	if provider.registrationFree() && verb == "unregister" {
		return fail(http.StatusConflict, "CannotUnregisterResourceProvider",
			"The resource provider '"+provider.namespace+"' cannot be unregistered: it needs no registration.")
	}
	subscription.Registered[strings.ToLower(provider.namespace)] = verb == "register"
	return ok(provider.body(subscription))
}

// providerOf is the provider that a path names, …/providers/{namespace}.
func (w *World) providerOf(req *request) (*service, *Subscription, *response) {
	subscription := w.subscriptions[key(req.target.subscription)]
	if subscription == nil {
		return nil, nil, subscriptionNotFound(req.target.subscription)
	}
	for _, provider := range services() {
		if strings.EqualFold(provider.namespace, req.target.name()) {
			return &provider, subscription, nil
		}
	}
	return nil, nil, invalidResourceNamespace(req.target.name())
}

// registrationFree tells whether a provider works in every subscription without registration.
func (s service) registrationFree() bool {
	return s.namespace == "Microsoft.Resources" || s.namespace == "Microsoft.Authorization"
}

// body describes a provider to a subscription.
func (s service) body(subscription *Subscription) map[string]any {
	state, policy := "NotRegistered", "RegistrationRequired"
	if subscription.Registered[strings.ToLower(s.namespace)] {
		state = "Registered"
	}
	if s.registrationFree() {
		state, policy = "Registered", "RegistrationFree"
	}
	body := s.description()
	body["id"], body["registrationPolicy"], body["registrationState"] = "/subscriptions/"+subscription.ID+"/providers/"+s.namespace, policy, state
	return body
}

// description is what a provider has to offer.
func (s service) description() map[string]any {
	types := make([]map[string]any, 0, len(s.types))
	for _, kind := range s.types {
		capabilities := "None"
		if kind.tracked() {
			capabilities = "SupportsTags, SupportsLocation"
		}
		types = append(types, map[string]any{
			"resourceType": kind.name,
			"locations":    kind.locations,
			"apiVersions":  kind.apiVersions,
			"capabilities": capabilities,
		})
	}
	return map[string]any{"namespace": s.namespace, "resourceTypes": types}
}

// tracked tells whether resources of a type have a location and tags: those that can be patched.
func (t resourceType) tracked() bool {
	for _, operation := range t.operations {
		if operation.method == http.MethodPatch {
			return true
		}
	}
	return false
}
