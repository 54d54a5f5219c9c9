// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The default world's places.
const (
	testSubscription = "/subscriptions/" + DefaultSubscriptionID
	testGroup        = testSubscription + "/resourceGroups/DevTest"
	testIdentities   = testGroup + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"
	testAssignments  = testGroup + "/providers/Microsoft.Authorization/roleAssignments/"
)

// The API versions that the tests speak unless they are about versions.
var testVersions = map[string]string{
	"microsoft.managedidentity": "2024-11-30",
	"microsoft.compute":         "2024-11-01",
	"microsoft.authorization":   "2022-04-01",
	"microsoft.resources":       "2022-12-01",
}

// An azure is a mock Azure under test, in process, with a clock that the test moves.
type azure struct {
	*Server
	clock *Clock
}

// newAzure starts from the default world.
func newAzure(t *testing.T) *azure {
	t.Helper()
	clock := &Clock{}
	server := NewServer(DefaultWorld(clock))
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("closing the server: %v", err)
		}
	})
	return &azure{Server: server, clock: clock}
}

// finish lets the operations in progress come to their end.
func (a *azure) finish() { a.clock.Advance(a.world.settings.operationDuration()) }

// A session speaks to ARM for one principal.
type session struct {
	t     *testing.T
	azure *azure
	token string
}

// operator is a session of the owner of the subscription.
func (a *azure) operator(t *testing.T) *session {
	t.Helper()
	return a.session(t, DefaultOperatorID)
}

// session is one of a principal of the directory.
func (a *azure) session(t *testing.T, objectID string) *session {
	t.Helper()
	a.world.mu.Lock()
	defer a.world.mu.Unlock()
	token, err := a.world.issue(a.world.principals[key(objectID)], "https://management.azure.com", 24*time.Hour, bySecret, "")
	if err != nil {
		t.Fatalf("issuing a token: %v", err)
	}
	return &session{t: t, azure: a, token: token}
}

// servicePrincipal is a new service principal that holds a role on a scope, behind ARM's back.
func (a *azure) servicePrincipal(t *testing.T, name, role, scope string) *Principal {
	t.Helper()
	a.world.mu.Lock()
	defer a.world.mu.Unlock()
	principal := &Principal{
		ObjectID: newGUID(), AppID: newGUID(), TenantID: DefaultTenantID, DisplayName: name, Kind: ServicePrincipal,
		Secret: name + "-secret", CreatedAt: a.clock.Now(),
	}
	a.world.principals[key(principal.ObjectID)] = principal
	a.world.grant(t, principal.ObjectID, role, scope)
	return principal
}

// grant gives a role by its name. The caller holds the world's lock.
func (w *World) grant(t *testing.T, principalID, role, scope string) {
	t.Helper()
	for _, definition := range w.allRoles() {
		if definition.RoleName != role {
			continue
		}
		name := newGUID()
		assignment := &RoleAssignment{
			ID: strings.TrimSuffix(scope, "/") + "/providers/" + roleAssignments + "/" + name, Name: name, Scope: scope,
			RoleGUID: definition.GUID, PrincipalID: principalID, PrincipalType: string(ServicePrincipal),
			CreatedOn: w.clock.Now(), UpdatedOn: w.clock.Now(),
		}
		w.roleAssignments.add(assignment)
		return
	}
	t.Fatalf("there is no role %q", role)
}

// An answer is what ARM has answered.
type answer struct {
	status int
	header http.Header
	text   string
	body   map[string]any // nil for an empty body
}

// value is a string inside the body, found by the names on the way; "" if it is not there.
func (a answer) value(names ...string) string {
	var at any = a.body
	for _, name := range names {
		object, isObject := at.(map[string]any)
		if !isObject {
			return ""
		}
		at = object[name]
	}
	text, _ := at.(string)
	return text
}

// items are the entries of a list.
func (a answer) items() []map[string]any {
	values, _ := a.body["value"].([]any)
	items := make([]map[string]any, 0, len(values))
	for _, value := range values {
		item, _ := value.(map[string]any)
		items = append(items, item)
	}
	return items
}

func (a answer) code() string { return a.value("error", "code") }

// do sends a request. The body is text; headers come in pairs. A path without an api-version gets that of its provider.
func (s *session) do(method, path, body string, headers ...string) answer {
	s.t.Helper()
	if !strings.Contains(path, "api-version=") {
		separator := "?"
		if strings.Contains(path, "?") {
			separator = "&"
		}
		path += separator + "api-version=" + versionFor(path)
	}
	if !strings.HasPrefix(path, "https://") {
		path = s.azure.URL() + path
	}
	outgoing, err := http.NewRequestWithContext(s.t.Context(), method, path, strings.NewReader(body))
	if err != nil {
		s.t.Fatalf("making the request: %v", err)
	}
	if body != "" {
		outgoing.Header.Set("Content-Type", "application/json")
	}
	outgoing.Header.Set("Authorization", "Bearer "+s.token)
	for i := 0; i+1 < len(headers); i += 2 {
		outgoing.Header.Set(headers[i], headers[i+1])
	}
	incoming, err := s.azure.Transport().RoundTrip(outgoing)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = incoming.Body.Close() }()
	raw, err := io.ReadAll(incoming.Body)
	if err != nil {
		s.t.Fatalf("reading the answer: %v", err)
	}
	received := answer{status: incoming.StatusCode, header: incoming.Header, text: string(raw)}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &received.body); err != nil {
			s.t.Fatalf("%s %s answered no JSON: %v\n%s", method, path, err, raw)
		}
	}
	return received
}

// must is do, and fails the test unless the answer has a status.
func (s *session) must(status int, method, path, body string, headers ...string) answer {
	s.t.Helper()
	received := s.do(method, path, body, headers...)
	if received.status != status {
		s.t.Fatalf("%s %s: status %d, want %d\n%s", method, path, received.status, status, received.text)
	}
	return received
}

// refused is must for an error, with its code.
func (s *session) refused(status int, code, method, path, body string, headers ...string) answer {
	s.t.Helper()
	received := s.must(status, method, path, body, headers...)
	if received.code() != code {
		s.t.Fatalf("%s %s: code %q, want %q\n%s", method, path, received.code(), code, received.text)
	}
	return received
}

// versionFor is the API version for a path, by the provider behind its last "/providers/".
func versionFor(path string) string {
	path = strings.ToLower(path)
	namespace := "microsoft.resources"
	if _, rest, found := cutLast(path, "/providers/"); found {
		if name, kind, isType := strings.Cut(rest, "/"); isType && !strings.HasPrefix(kind, "register") && !strings.HasPrefix(kind, "unregister") {
			namespace = name
		}
	}
	return testVersions[namespace]
}

func cutLast(text, separator string) (before, after string, found bool) {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+len(separator):], true
}

// createIdentity makes an identity in DevTest and returns the answer.
func (s *session) createIdentity(name string) answer {
	s.t.Helper()
	return s.must(http.StatusCreated, http.MethodPut, testIdentities+name, `{"location":"westus"}`)
}

// patchIdentity sends the identity property of the default machine.
func (s *session) patchIdentity(identity string) answer {
	s.t.Helper()
	return s.do(http.MethodPatch, DefaultMachineID, fmt.Sprintf(`{"identity":%s}`, identity))
}

// attach attaches identities to the default machine and waits for it.
func (s *session) attach(ids ...string) {
	s.t.Helper()
	entries := make([]string, 0, len(ids))
	for _, id := range ids {
		entries = append(entries, fmt.Sprintf("%q:{}", id))
	}
	received := s.patchIdentity(`{"type":"UserAssigned","userAssignedIdentities":{` + strings.Join(entries, ",") + `}}`)
	if received.status != http.StatusOK {
		s.t.Fatalf("attaching %v: %d %s", ids, received.status, received.text)
	}
	s.azure.finish()
}
