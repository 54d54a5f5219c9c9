// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/google/uuid"
)

// A visit is a request on its way through the front door of ARM.
type visit struct {
	server   *Server
	world    *World
	tooLarge bool
	query    url.Values
	queryErr error
	known    bool // whether the path names anything
	request  *request
	// answerHeader is where the headers of the answer go that do not depend on what the answer is.
	answerHeader http.Header

	// What the path leads to; each is nil where there is no such thing.
	service   *service
	kind      *resourceType
	operation *operation
}

// newVisit reads a request without judging it.
func newVisit(s *Server, header http.Header, r *http.Request, body []byte, tooLarge bool) *visit {
	v := &visit{server: s, world: s.world, tooLarge: tooLarge, answerHeader: header}
	v.query, v.queryErr = url.ParseQuery(r.URL.RawQuery)
	t, known := parseTarget(r.Method, r.URL.EscapedPath())
	v.known = known
	v.request = &request{
		method: r.Method, target: t, query: v.query, apiVersion: apiVersionOf(v.query), header: r.Header, body: body,
		baseURL: baseURL(r),
	}
	v.request.operationFault = func() *Fault {
		return s.faults.strike(exposure{
			kind: ARMRequest, method: r.Method, path: r.URL.Path, operation: true, caller: v.request.caller.objectID,
		})
	}
	v.lookUp()
	return v
}

// admit takes the visit through ARM's checks in ARM's order, so that a request which is wrong in two ways is refused for
// the same reason as by the real service. It returns the refusal, or nil.
func (v *visit) admit() *response {
	checks := []func() *response{
		v.checkToken,
		v.checkAllowance,
		v.checkAPIVersionPresent,
		v.checkSubscription,
		v.checkAuthorization,
		v.checkResourceGroup,
		v.checkManagementGroup,
		v.checkRegistration,
		v.checkTypeAndVersion,
		v.checkContent,
		v.checkLocks,
		v.checkServiceAllowance,
	}
	for _, check := range checks {
		if refusal := check(); refusal != nil {
			return refusal
		}
	}
	return nil
}

// lookUp finds service, type and operation. Names are compared without regard to case (ARM RPC, common-api-details.md).
func (v *visit) lookUp() {
	t := v.request.target
	for i, s := range v.server.services {
		if strings.EqualFold(s.namespace, t.provider()) {
			v.service = &v.server.services[i]
		}
	}
	if v.service == nil {
		return
	}
	for i, kind := range v.service.types {
		if strings.EqualFold(kind.name, t.typeName()) {
			v.kind = &v.service.types[i]
		}
	}
	if v.kind == nil {
		return
	}
	for i, o := range v.kind.operations {
		if o.method == v.request.method && o.on == t.place() && strings.EqualFold(o.verb, t.verb) {
			v.operation = &v.kind.operations[i]
		}
	}
}

func (v *visit) checkToken() *response {
	tenantID := ""
	if subscription := v.world.subscriptions[key(v.request.target.subscription)]; subscription != nil {
		tenantID = subscription.TenantID
	}
	c, refusal := v.world.authenticate(v.request.header.Values("Authorization"), v.server.isOwnURL, tenantID)
	v.request.caller = c
	if refusal != nil {
		return refusal
	}
	v.request.auxiliary, refusal = v.world.authenticateAuxiliary(v.request.header.Values(auxiliaryHeader), v.server.isOwnURL, c.tenantID)
	return refusal
}

func (v *visit) checkAPIVersionPresent() *response {
	switch {
	case v.queryErr != nil:
		return gateway(fail(http.StatusBadRequest, "BadRequest", "The query of the request is malformed."))
	case v.request.apiVersion == "":
		return missingAPIVersion()
	case !v.known:
		return gateway(fail(http.StatusNotFound, "NotFound", "The requested path does not name a resource."))
	default:
		return nil
	}
}

func (v *visit) checkSubscription() *response {
	id := v.request.target.subscription
	switch {
	case id == "" || v.world.subscriptions[key(id)] != nil:
		return nil
	case uuid.Validate(id) != nil:
		return invalidSubscriptionID(id)
	default:
		return subscriptionNotFound(id)
	}
}

// checkAuthorization asks for the right before anything of the resource is known: who may not read gets 403 for what does
// not exist, too.
func (v *visit) checkAuthorization() *response {
	if v.operation != nil && v.operation.action == "" {
		return nil // The operation itself decides what the caller may see.
	}
	action, scope := v.action(), v.request.target.authorizationScope()
	if v.world.allowed(v.request.caller, action, scope) {
		return nil
	}
	return authorizationFailed(v.request.caller, action, scope)
}

// action is the RBAC action that the request needs. Where there is no such operation it is what ARM makes of method and
// path (Microsoft Learn: role-based-access-control/role-definitions, "Actions format").
func (v *visit) action() string {
	if v.operation != nil {
		return v.operation.action
	}
	t := v.request.target
	name := t.provider() + "/" + t.typeName()
	switch v.request.method {
	case http.MethodGet, http.MethodHead:
		return name + "/read"
	case http.MethodDelete:
		return name + "/delete"
	case http.MethodPost:
		if t.verb != "" {
			name += "/" + t.verb
		}
		return name + "/action"
	default:
		return name + "/write"
	}
}

func (v *visit) checkResourceGroup() *response {
	t := v.request.target
	if t.resourceGroup == "" || t.isResourceGroup() {
		return nil
	}
	group := v.world.resourceGroups[key("/subscriptions/"+t.subscription+"/resourceGroups/"+t.resourceGroup)]
	if group == nil {
		return resourceGroupNotFound(t.resourceGroup)
	}
	writes := v.request.method == http.MethodPut || v.request.method == http.MethodPatch
	if writes && group.ProvisioningState == "Deleting" {
		return resourceGroupBeingDeleted(group.Name)
	}
	return nil
}

// checkRegistration asks whether the subscription uses the resource provider. Microsoft.Resources and
// Microsoft.Authorization need no registration (Microsoft Learn: azure-services-resource-providers).
func (v *visit) checkRegistration() *response {
	t := v.request.target
	if v.service == nil {
		return invalidResourceNamespace(t.namespace)
	}
	if t.subscription == "" || v.service.namespace == resourcesNamespace || v.service.namespace == "Microsoft.Authorization" {
		return nil
	}
	if !v.world.subscriptions[key(t.subscription)].Registered[strings.ToLower(v.service.namespace)] {
		return missingSubscriptionRegistration(v.service.namespace)
	}
	return nil
}

var apiVersionPattern = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}(-[a-z]+)?$`)

func (v *visit) checkTypeAndVersion() *response {
	t, version := v.request.target, v.request.apiVersion
	if v.kind == nil {
		return invalidResourceType(v.service.namespace, t.typeName(), version)
	}
	if !containsFold(v.kind.apiVersions, version) {
		if v.service.namespace == resourcesNamespace || !apiVersionPattern.MatchString(strings.ToLower(version)) {
			return invalidAPIVersion(version, v.kind.apiVersions)
		}
		return noRegisteredProvider(v.world.locationOf(v.request), version, v.kind.name, v.kind.apiVersions, v.kind.locations)
	}
	switch {
	case v.operation != nil:
		return nil
	case t.verb != "":
		return invalidResourceType(v.service.namespace, t.typeName()+"/"+t.verb, version)
	default:
		return methodNotAllowed(v.request.method)
	}
}

// locationOf is where the resource of a request is or is to be: as the body says, or else where its resource group is.
func (w *World) locationOf(req *request) string {
	var body struct {
		Location string `json:"location"`
	}
	if err := json.Unmarshal(req.body, &body); err == nil && body.Location != "" {
		return body.Location
	}
	if group := w.resourceGroupOf(req.target); group != nil {
		return group.Location
	}
	return "global"
}

// checkContent sees to it that a body is JSON, so that no service has to. A byte-order mark is legal before it.
func (v *visit) checkContent() *response {
	if v.tooLarge {
		return requestTooLarge(maxBody)
	}
	v.request.body = bytes.TrimPrefix(v.request.body, []byte("\xef\xbb\xbf"))
	if len(bytes.TrimSpace(v.request.body)) == 0 {
		v.request.body = nil
		return nil
	}
	sent := v.request.header.Get("Content-Type")
	if mediaType, _, err := mime.ParseMediaType(sent); err != nil || (mediaType != "application/json" && mediaType != "text/json") {
		if sent == "" {
			sent = "<null>"
		}
		return unsupportedMediaType(sent)
	}
	var anything any
	if err := json.Unmarshal(v.request.body, &anything); err != nil {
		return invalidRequestContent(err.Error())
	}
	return nil
}

// apiVersionOf finds the api-version. The names of query parameters are compared without regard to case.
func apiVersionOf(query url.Values) string {
	for name, values := range query {
		if strings.EqualFold(name, "api-version") && len(values) > 0 {
			return values[0]
		}
	}
	return ""
}
