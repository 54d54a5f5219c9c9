// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// inject adds faults that are as they should be.
func (a *azure) inject(t *testing.T, faults ...Fault) {
	t.Helper()
	if err := a.Inject(faults...); err != nil {
		t.Fatal(err)
	}
}

// send sends a request and returns its error: that of the connection, or that of reading the body.
func (s *session) send(client http.RoundTripper, method, path, body string) (status int, read string, err error) {
	s.t.Helper()
	r := newRequest(s.t, method, s.azure.URL()+path+"?api-version="+versionFor(path), body)
	r.Header.Set("Authorization", "Bearer "+s.token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	response, err := client.RoundTrip(r)
	if err != nil {
		return 0, "", err
	}
	content, err := io.ReadAll(response.Body)
	return response.StatusCode, string(content), errors.Join(err, response.Body.Close())
}

func TestFaultAnswersInsteadOfTheService(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	a.inject(t,
		Fault{Method: "put", Path: "**/userAssignedIdentities/*", Count: 1, Status: http.StatusServiceUnavailable, RetryAfter: 1500 * time.Millisecond},
		Fault{Method: "DELETE", Status: http.StatusConflict, Code: "Busy", Message: "Not now."})
	refused := s.refused(http.StatusServiceUnavailable, "ServiceUnavailable", http.MethodPut, testIdentities+"abc", `{"location":"westus"}`)
	if refused.header.Get("Retry-After") != "2" || refused.header.Get("x-ms-request-id") == "" || refused.header.Get("x-ms-failure-cause") != "gateway" {
		t.Errorf("headers %v", refused.header)
	}
	// A client that does not try again is left without its identity.
	s.refused(http.StatusNotFound, "ResourceNotFound", http.MethodGet, testIdentities+"abc", "")
	s.createIdentity("abc")
	if got := s.refused(http.StatusConflict, "Busy", http.MethodDelete, testIdentities+"abc", "").value("error", "message"); got != "Not now." {
		t.Errorf("message %q", got)
	}
	log := a.Requests()
	if first := log[0]; first.Status != http.StatusServiceUnavailable || first.Caller != DefaultOperatorID {
		t.Errorf("logged %+v", first)
	}
}

func TestFaultOfIMDSAndEntraHasTheirForm(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	s.attach(s.createIdentity("abc").value("id"))
	a.inject(t,
		Fault{Kind: IMDSRequest, Caller: strings.ToUpper(DefaultMachineID), Count: 1, Status: http.StatusGone},
		Fault{Path: "/metadata/identity/**", Every: 2, Status: http.StatusTooManyRequests},
		Fault{Kind: EntraRequest, Method: "POST", Status: http.StatusUnauthorized, Code: "invalid_client", Message: "AADSTS7000215"})
	for _, want := range []int{http.StatusGone, http.StatusTooManyRequests, http.StatusOK} {
		if got := a.ask(t, http.MethodGet, imdsTokenPath+testMachineToken); got.status != want || want != 200 && got.value("error_description") == "" {
			t.Errorf("%d %s, want %d", got.status, got.text, want)
		}
	}
	got := a.postForm(t, DefaultTenantID, "/oauth2/v2.0/token", map[string]string{"grant_type": "client_credentials"})
	if got.status != http.StatusUnauthorized || got.value("error") != "invalid_client" || got.value("error_description") != "AADSTS7000215" {
		t.Errorf("%d %s", got.status, got.text)
	}
}

func TestConnectionBreaksBeforeOrAfterTheEffect(t *testing.T) {
	t.Parallel()
	for _, point := range []ResetPoint{ResetBefore, ResetAfter} {
		t.Run(string(point), func(t *testing.T) {
			t.Parallel()
			a, client := listening(t)
			s := a.operator(t)
			for name, transport := range map[string]http.RoundTripper{"in-process": a.Transport(), "on-sockets": client.Transport} {
				a.ClearFaults()
				a.inject(t, Fault{Method: "PUT", Nth: 1, Reset: point})
				status, _, err := s.send(transport, http.MethodPut, testIdentities+name, `{"location":"westus"}`)
				if err == nil {
					t.Fatalf("%s: status %d", name, status)
				}
				if name == "in-process" && !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("%s: %v", name, err)
				}
				// To a client both look the same; what it finds when it looks does not.
				want := map[ResetPoint]int{ResetBefore: http.StatusNotFound, ResetAfter: http.StatusOK}[point]
				s.must(want, http.MethodGet, testIdentities+name, "")
				if log := a.Requests(); log[len(log)-2].Status != 0 && point == ResetBefore {
					t.Errorf("%s: logged %+v", name, log[len(log)-2])
				}
			}
		})
	}
}

func TestRetryAfterALostAnswerMeetsTheFirstEffect(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	principalID := s.createIdentity("abc").value("properties", "principalId")
	a.inject(t, Fault{Path: "**/roleAssignments/*", Count: 2, Reset: ResetAfter})
	grant := func(name string) (int, error) {
		status, _, err := s.send(a.Transport(), http.MethodPut, testAssignments+name, assignmentBody(principalID, readerRole, "ServicePrincipal"))
		return status, err
	}
	if _, err := grant(newGUID()); err == nil {
		t.Fatal("the answer came")
	}
	// A client with random names is told that there is another assignment already, and its own is lost.
	if _, err := grant(newGUID()); err == nil {
		t.Fatal("the answer came")
	}
	s.refused(http.StatusConflict, "RoleAssignmentExists", http.MethodPut, testAssignments+newGUID(), assignmentBody(principalID, readerRole, "ServicePrincipal"))
}

func TestBodyIsCutShort(t *testing.T) {
	t.Parallel()
	a, client := listening(t)
	s := a.operator(t)
	for name, transport := range map[string]http.RoundTripper{"in-process": a.Transport(), "on-sockets": client.Transport} {
		a.ClearFaults()
		a.inject(t, Fault{Method: "PUT", Nth: 1, Truncate: true})
		status, body, err := s.send(transport, http.MethodPut, testIdentities+name, `{"location":"westus"}`)
		if err == nil || status != http.StatusCreated || !strings.HasPrefix(body, `{"id":`) || json.Valid([]byte(body)) {
			t.Errorf("%s: status %d, %q, %v", name, status, body, err)
		}
		s.must(http.StatusOK, http.MethodGet, testIdentities+name, "")
	}
}

func TestRequestOrAnswerComesLate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault Fault
		after int // what a client finds that has given up
	}{
		"the request": {Fault{Method: "PUT", Delay: time.Minute}, http.StatusNotFound},
		"the answer":  {Fault{Method: "PUT", AnswerDelay: time.Minute}, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := newAzure(t)
				s := a.operator(t)
				a.inject(t, c.fault)
				start := time.Now()
				s.createIdentity("patient")
				if took := time.Since(start); took != time.Minute {
					t.Errorf("it took %v", took)
				}
				impatient := http.Client{Transport: a.Transport(), Timeout: 10 * time.Second}
				r := newRequest(t, http.MethodPut, a.URL()+testIdentities+"impatient?api-version=2024-11-30", `{"location":"westus"}`)
				r.Header.Set("Authorization", "Bearer "+s.token)
				r.Header.Set("Content-Type", "application/json")
				if response, err := impatient.Do(r); err == nil {
					_ = response.Body.Close()
					t.Error("the answer came")
				}
				s.must(c.after, http.MethodGet, testIdentities+"impatient", "")
			})
		})
	}
}

func TestFaultChoosesAmongItsRequests(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault Fault
		want  string // of ten requests, which are struck
	}{
		"all":               {Fault{}, "1 2 3 4 5 6 7 8 9 10"},
		"the third":         {Fault{Nth: 3}, "3"},
		"every third":       {Fault{Every: 3}, "3 6 9"},
		"the first two":     {Fault{Count: 2}, "1 2"},
		"two of the even":   {Fault{Every: 2, Count: 2}, "2 4"},
		"another method":    {Fault{Method: "PUT"}, ""},
		"the method":        {Fault{Method: "get", Nth: 1}, "1"},
		"another kind":      {Fault{Kind: EntraRequest}, ""},
		"another caller":    {Fault{Caller: DefaultOperatorAppID}, ""},
		"the caller":        {Fault{Caller: strings.ToUpper(DefaultOperatorID), Nth: 2}, "2"},
		"the path":          {Fault{Path: strings.ToUpper(testGroup), Nth: 1}, "1"},
		"a wildcard":        {Fault{Path: "/subscriptions/*/resourcegroups/*", Nth: 1}, "1"},
		"part of a segment": {Fault{Path: "**/Dev*", Nth: 1}, "1"},
		"too few segments":  {Fault{Path: "/subscriptions/*"}, ""},
		"across segments":   {Fault{Path: "/subscriptions/**", Nth: 1}, "1"},
		"only its end":      {Fault{Path: "*/DevTest"}, ""},
		"no pattern":        {Fault{Path: "/subscriptions/.*/resourceGroups/.*"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAzure(t)
			s := a.operator(t)
			c.fault.Status = http.StatusInternalServerError
			a.inject(t, c.fault)
			struck := s.strikes(10)
			if strings.Join(struck, " ") != c.want {
				t.Errorf("struck %v, want %s", struck, c.want)
			}
			if record := a.Faults()[0]; record.Struck != len(struck) {
				t.Errorf("recorded %+v", record)
			}
		})
	}
}

// strikes reads the group n times, and tells which of these went wrong.
func (s *session) strikes(n int) []string {
	s.t.Helper()
	var struck []string
	for i := range n {
		if s.do(http.MethodGet, testGroup, "").status != http.StatusOK {
			struck = append(struck, strconv.Itoa(i+1))
		}
	}
	return struck
}

func TestProbabilityIsTheSameEveryTime(t *testing.T) {
	t.Parallel()
	run := func(seed uint64, between bool) []string {
		a := newAzure(t)
		s := a.operator(t)
		a.inject(t, Fault{Probability: 0.3, Seed: seed, Status: http.StatusInternalServerError})
		if between {
			for i := range 7 {
				s.do(http.MethodGet, testIdentities+strconv.Itoa(i), "")
			}
		}
		return s.strikes(200)
	}
	first := run(1, false)
	if len(first) < 40 || len(first) > 80 {
		t.Errorf("of 200 requests %d were struck, want about 60", len(first))
	}
	if again := run(1, true); !slices.Equal(first, again) {
		t.Errorf("other requests in between make a difference: %v, %v", first, again)
	}
	if other := run(2, false); slices.Equal(first, other) {
		t.Error("another seed makes no difference")
	}
}

func TestFaultsCountEachForItself(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	a.inject(t, Fault{Nth: 2, Status: 500}, Fault{Every: 2, Status: 503}, Fault{Count: 1, Status: 504})
	for i, want := range []int{504, 500, 200, 503} {
		if got := s.do(http.MethodGet, testGroup, "").status; got != want {
			t.Errorf("request %d: %d, want %d", i+1, got, want)
		}
	}
	want := []FaultRecord{{Fault{Nth: 2, Status: 500}, 4, 1}, {Fault{Every: 2, Status: 503}, 4, 1}, {Fault{Count: 1, Status: 504}, 4, 1}}
	if got := a.Faults(); !reflect.DeepEqual(got, want) {
		t.Errorf("recorded %+v", got)
	}
	a.Reset()
	if got := s.do(http.MethodGet, testGroup, "").status; got != 504 || a.Faults()[0].Seen != 1 {
		t.Errorf("after the reset: %d, %+v", got, a.Faults())
	}
	a.ClearFaults()
	s.must(http.StatusOK, http.MethodGet, testGroup, "")
}

func TestFaultThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	for want, fault := range map[string]Fault{
		"it does nothing":  {Method: "GET"},
		"one fault cannot": {Status: 500, Operation: OperationFailed},
		"is not an error":  {Status: 200},
		"only one of":      {Status: 500, Truncate: true},
		"retryAfter":       {Truncate: true, RetryAfter: time.Second},
		"code":             {Reset: ResetAfter, Code: "x"},
		"neither before":   {Reset: "during"},
		"are not negative": {Status: 500, Every: -1},
		"no duration":      {Delay: -1},
		"between 0 and 1":  {Status: 500, Probability: 30},
		"begins neither":   {Status: 500, Path: "subscriptions"},
		"no requests of":   {Status: 500, Kind: "graph"},
		"is none of":       {Operation: "Lost"},
	} {
		if err := a.Inject(Fault{Status: 500}, fault); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", fault, err, want)
		}
	}
	if got := a.Faults(); len(got) != 0 {
		t.Errorf("injected all the same: %+v", got)
	}
}

func TestFaultsSurviveJSON(t *testing.T) {
	t.Parallel()
	want := []Fault{
		{Reset: ResetAfter},
		{Truncate: true},
		{Operation: OperationPreempted, OperationDuration: time.Hour},
		{
			Kind: ARMRequest, Method: "PUT", Path: "/**", Caller: "x", Nth: 1, Every: 2, Count: 3, Probability: 0.5, Seed: 4, Delay: time.Second,
			AnswerDelay: 1500 * time.Millisecond, Status: 500, Code: "c", Message: "m", RetryAfter: time.Minute,
		},
	}
	encoded, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadFaults(bytes.NewReader(encoded))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v, %v from %s", got, err, encoded)
	}
	for text, mistake := range map[string]string{
		`[{"delay": 5}]`: "delay", `[{"delay": "soon"}]`: "soon", `[{"nope": 1}]`: "nope", `[] []`: "more behind", `{`: "reading the faults",
	} {
		if _, err := ReadFaults(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), mistake) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestFaultsAreSetOnTheControlPlane(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	post := func(body string) answer {
		return roundTrip(t, a.Transport(), newRequest(t, http.MethodPost, a.URL()+"/_mock/faults", body))
	}
	if got := post(`[{"path":"**/resourceGroups/*","status":503,"retryAfter":"30s"}]`); got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.text)
	}
	for _, wrong := range []string{`[{"status":20}]`, `[{"statuss":500}]`, `nonsense`} {
		if got := post(wrong); got.status != http.StatusBadRequest || got.value("error") == "" {
			t.Errorf("%s: %d %s", wrong, got.status, got.text)
		}
	}
	s.refused(http.StatusServiceUnavailable, "ServiceUnavailable", http.MethodGet, testGroup, "")
	want := `[{"fault":{"path":"**/resourceGroups/*","status":503,"retryAfter":"30s"},"seen":1,"struck":1}]`
	if got := a.control(t, http.MethodGet, "/_mock/faults").text; got != want {
		t.Errorf("told %s", got)
	}
	if got := a.control(t, http.MethodDelete, "/_mock/faults").text; got != "[]" {
		t.Errorf("left are %s", got)
	}
	s.must(http.StatusOK, http.MethodGet, testGroup, "")
}
