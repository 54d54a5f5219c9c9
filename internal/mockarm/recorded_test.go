// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// These tests hold the mock's answers against what Azure has been recorded to answer (the test recordings of the Azure CLI,
// github.com/Azure/azure-cli, modules identity, vm, role and resource): every key, its type and its value, and nothing more.

// placeholders stand in a recorded body for what is another value each time.
var placeholders = map[string]*regexp.Regexp{
	"<guid>":  regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`),
	"<time>":  regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}(Z|\+00:00)$`),
	"<text>":  regexp.MustCompile(`.`),
	"<entra>": regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$`),
}

// differences are the places in which an answer differs from what was recorded, "" for none.
func differences(at string, got, recorded any) []string {
	switch recorded := recorded.(type) {
	case map[string]any:
		object, isObject := got.(map[string]any)
		if !isObject {
			return []string{fmt.Sprintf("%s is %v, and no object", at, got)}
		}
		var found []string
		for _, name := range slices.Sorted(maps.Keys(recorded)) {
			if value, there := object[name]; there {
				found = append(found, differences(at+"."+name, value, recorded[name])...)
			} else {
				found = append(found, at+"."+name+" is missing")
			}
		}
		for _, name := range slices.Sorted(maps.Keys(object)) {
			if _, there := recorded[name]; !there {
				found = append(found, fmt.Sprintf("%s.%s is too much: %v", at, name, object[name]))
			}
		}
		return found
	case []any:
		list, isList := got.([]any)
		if !isList || len(list) != len(recorded) {
			return []string{fmt.Sprintf("%s is %v, want %d items", at, got, len(recorded))}
		}
		var found []string
		for i := range recorded {
			found = append(found, differences(fmt.Sprintf("%s[%d]", at, i), list[i], recorded[i])...)
		}
		return found
	case string:
		text, isText := got.(string)
		if pattern := placeholders[recorded]; isText && (pattern != nil && pattern.MatchString(text) || pattern == nil && text == recorded) {
			return nil
		}
	default:
		if got == recorded {
			return nil
		}
	}
	return []string{fmt.Sprintf("%s is %#v, want %#v", at, got, recorded)}
}

// keysOf are the keys of an object, in order.
func keysOf(object map[string]any) string {
	return strings.Join(slices.Sorted(maps.Keys(object)), " ")
}

// inDefaultWorld fills in what recordings have in place of IDs: {s} and {t}, {vm} and {id1} of the default world.
var inDefaultWorld = strings.NewReplacer(
	"{s}", DefaultSubscriptionID, "{t}", DefaultTenantID, "{vm}", DefaultMachineID, "{o}", DefaultOperatorID, "{c}", DefaultOperatorAppID,
	"{id1}", strings.Replace(testIdentities, "resourceGroups", "resourcegroups", 1)+"id1",
)

// same checks an answer against a recorded body; "" is an empty one.
func same(t *testing.T, got answer, recorded string) {
	t.Helper()
	if recorded == "" {
		if got.text != "" {
			t.Errorf("the body is %s, want none", got.text)
		}
		return
	}
	var want any
	if err := json.Unmarshal([]byte(inDefaultWorld.Replace(recorded)), &want); err != nil {
		t.Fatalf("reading the recording: %v\n%s", err, recorded)
	}
	for _, difference := range differences("body", got.body, want) {
		t.Error(difference)
	}
}

// An exchange is a recorded request with its answer. Bodies of requests and paths are filled in as answers are.
type exchange struct {
	name, method, path, body string
	headers                  []string // of the request
	status                   int
	answer                   string
	answerHeaders            map[string]string // patterns; those that all answers carry are left out
	after                    func(*session)    // what comes next before the next request
}

// replay does what was recorded, in order.
func replay(t *testing.T, s *session, exchanges []exchange) {
	t.Helper()
	for _, e := range exchanges {
		t.Run(e.name, func(t *testing.T) { // One after the other: they build on each other.
			received := s.do(e.method, inDefaultWorld.Replace(e.path), inDefaultWorld.Replace(e.body), e.headers...)
			if received.status != e.status {
				t.Fatalf("status %d, want %d\n%s", received.status, e.status, received.text)
			}
			same(t, received, e.answer)
			for name, pattern := range e.answerHeaders {
				if got := received.header.Get(name); !regexp.MustCompile("^" + pattern + "$").MatchString(got) {
					t.Errorf("the header %s is %q, want %s", name, got, pattern)
				}
			}
			if e.after != nil {
				e.after(s)
			}
		})
	}
}

// commonHeaders are what every answer of Azure Resource Manager carries.
var commonHeaders = map[string]string{
	"Cache-Control": "no-cache", "Pragma": "no-cache", "Expires": "-1", "Content-Type": "application/json; charset=utf-8",
	"Strict-Transport-Security": "max-age=31536000; includeSubDomains", "X-Content-Type-Options": "nosniff", "Vary": "Accept-Encoding",
	"x-ms-request-id": guidPattern, "x-ms-correlation-request-id": guidPattern, "x-cache": "CONFIG_NOCACHE",
	"x-ms-routing-request-id": `WESTUS2:\d{8}T\d{6}Z:` + guidPattern,
	"x-msedge-ref":            `Ref A: [0-9A-F]{32} Ref B: \w+ Ref C: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`,
}

const guidPattern = `[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`

func TestAnswersCarryTheCommonHeaders(t *testing.T) {
	t.Parallel()
	s := newAzure(t).operator(t)
	for name, received := range map[string]answer{
		"an answer":  s.must(http.StatusOK, http.MethodGet, testGroup, ""),
		"a refusal":  s.must(http.StatusNotFound, http.MethodGet, testGroup+"0", ""),
		"a metadata": s.must(http.StatusOK, http.MethodGet, "/metadata/endpoints?api-version=2022-09-01", ""),
	} {
		for header, pattern := range commonHeaders {
			if got := received.header.Get(header); !regexp.MustCompile("^" + pattern + "$").MatchString(got) {
				t.Errorf("%s: the header %s is %q, want %s", name, header, got, pattern)
			}
		}
		if header := received.header.Get("x-ms-client-request-id"); header != "" {
			t.Errorf("%s tells a client request ID that nobody wanted: %q", name, header)
		}
		if !strings.HasSuffix(received.header.Get("x-ms-routing-request-id"), ":"+received.header.Get("x-ms-correlation-request-id")) {
			t.Errorf("%s: routing and correlation do not agree: %v", name, received.header)
		}
	}
	const id = "01234567-89ab-4def-8123-456789abcdef"
	echoed := s.do(http.MethodGet, testGroup, "", "x-ms-correlation-request-id", id, "x-ms-client-request-id", id, "x-ms-return-client-request-id", "true")
	if echoed.header.Get("x-ms-correlation-request-id") != id || echoed.header.Get("x-ms-client-request-id") != id {
		t.Errorf("the IDs of the request are not told: %v", echoed.header)
	}
}

func TestDifferencesAreFound(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		`{"a": 1, "b": {"c": ["x"]}, "g": "01234567-89ab-4def-8123-456789abcdef"}`:   "",
		`{"a": "1", "b": {"c": ["x"]}, "g": "01234567-89ab-4def-8123-456789abcdef"}`: `body.a is "1", want 1`,
		`{"a": 1, "b": {"c": []}, "g": "01234567-89ab-4def-8123-456789abcdef"}`:      "body.b.c is [], want 1 items",
		`{"a": 1, "b": {"c": ["y"], "d": null}, "g": "no"}`:                          `body.b.c[0] is "y", want "x"; body.b.d is too much: <nil>; body.g is "no", want "<guid>"`,
		`{"a": 1, "b": 2}`: "body.b is 2, and no object; body.g is missing",
	} {
		var read, recorded any
		if err := json.Unmarshal([]byte(got), &read); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(`{"a": 1, "b": {"c": ["x"]}, "g": "<guid>"}`), &recorded); err != nil {
			t.Fatal(err)
		}
		if found := strings.Join(differences("body", read, recorded), "; "); found != want {
			t.Errorf("%s: %s, want %s", got, found, want)
		}
	}
}
