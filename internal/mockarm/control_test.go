// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func (a *azure) control(t *testing.T, method, path string) answer {
	t.Helper()
	return roundTrip(t, a.Transport(), newRequest(t, method, a.URL()+path, ""))
}

func TestControlPlaneIsForThisMachine(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	cases := map[string]struct {
		remote, host, origin, site string
		status                     int
	}{
		"loopback":                   {"127.0.0.1:4711", "127.0.0.1:8443", "", "", 200},
		"loopback, IPv6":             {"[::1]:4711", "[::1]:8443", "", "", 200},
		"localhost":                  {"127.0.0.1:4711", "localhost:8443", "", "", 200},
		"another machine":            {"192.0.2.7:4711", "127.0.0.1:8443", "", "", 403},
		"a name pointed at loopback": {"127.0.0.1:4711", "evil.example:8443", "", "", 403},
		"a name without a port":      {"127.0.0.1:4711", "evil.example", "", "", 403},
		"a name that looks like it":  {"127.0.0.1:4711", "localhost.evil.example", "", "", 403},
		"a page of another origin":   {"127.0.0.1:4711", "127.0.0.1:8443", "https://evil.example", "", 403},
		"a page, as browsers say":    {"127.0.0.1:4711", "127.0.0.1:8443", "", "cross-site", 403},
		"nobody":                     {"", "127.0.0.1:8443", "", "", 403},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRequest(t, http.MethodPost, "https://"+c.host+"/_mock/reset", "")
			r.RemoteAddr = c.remote
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			if c.site != "" {
				r.Header.Set("Sec-Fetch-Site", c.site)
			}
			w := &recorder{header: http.Header{}}
			a.ServeHTTP(w, r)
			if w.status != c.status {
				t.Errorf("%d %s, want %d", w.status, w.body.String(), c.status)
			}
		})
	}
}

func TestControlPlaneHasItsPlaces(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	for path, want := range map[string]int{
		"GET /_mock/requests": 200, "GET /_mock/state/": 200, "POST /_mock/reset": 200, "GET /_mock/reset": 405, "POST /_mock/state": 405,
		"GET /_mock/faults": 200, "DELETE /_mock/faults": 200, "PUT /_mock/faults": 405, "GET /_mock/": 200, "GET /_mock": 308, "GET /_mock/secrets": 404,
		"GET /_mock/settings": 200, "DELETE /_mock/settings": 200, "POST /_mock/settings": 405, "GET /_mock/clock": 200, "DELETE /_mock/clock": 405,
	} {
		method, path, _ := strings.Cut(path, " ")
		if got := a.control(t, method, path); got.status != want {
			t.Errorf("%s %s: %d, want %d", method, path, got.status, want)
		}
	}
}

// stateTimes finds the times in a state, which tell when the seed was planted.
var stateTimes = regexp.MustCompile(`"(time|createdOn|updatedOn)":"[^"]*",?`)

func TestResetBringsTheSeedBack(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	timeless := func(state string) string { return stateTimes.ReplaceAllString(state, "") }
	before := timeless(a.control(t, http.MethodGet, "/_mock/state").text)
	s := a.operator(t)
	id := s.createIdentity("reader").value("id")
	s.attach(id)
	s.must(http.StatusOK, http.MethodPatch, testGroup, `{"tags":{"a":"b"}}`)
	if changed := timeless(a.control(t, http.MethodGet, "/_mock/state").text); changed == before || !strings.Contains(changed, `"id":"`+id+`"`) {
		t.Fatalf("nothing has changed: %s", changed)
	}
	a.control(t, http.MethodPost, "/_mock/reset")
	if after := timeless(a.control(t, http.MethodGet, "/_mock/state").text); after != before {
		t.Errorf("after the reset: %s\nbefore: %s", after, before)
	}
	if requests := a.control(t, http.MethodGet, "/_mock/requests").text; requests != "[]" {
		t.Errorf("requests after the reset: %s", requests)
	}
	s.createIdentity("reader") // The operator's token is as good as before.
}

func TestRequestsAreToldWithoutSecrets(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	operator := a.world.Operator()
	token := a.postForm(t, DefaultTenantID, "/oauth2/v2.0/token", map[string]string{
		"grant_type": "client_credentials", "client_id": operator.AppID, "client_secret": operator.Secret,
		"scope": "https://management.azure.com/.default",
	}).value("access_token")
	(&session{t: t, azure: a, token: token}).must(http.StatusNotFound, http.MethodGet, testGroup+"2", "")
	a.ask(t, http.MethodGet, imdsTokenPath+testMachineToken)

	told := a.control(t, http.MethodGet, "/_mock/requests").text + a.control(t, http.MethodGet, "/_mock/state").text
	for _, secret := range []string{operator.Secret, token, "Bearer"} {
		if strings.Contains(told, secret) {
			t.Errorf("the control plane tells %q", secret)
		}
	}
	var requests []RequestRecord
	if err := json.Unmarshal([]byte(a.control(t, http.MethodGet, "/_mock/requests").text), &requests); err != nil {
		t.Fatal(err)
	}
	want := []RequestRecord{
		{Kind: EntraRequest, Method: "POST", Path: "/" + DefaultTenantID + "/oauth2/v2.0/token", Status: 200, Caller: DefaultOperatorID, CallerName: "operator", Number: 1},
		{Kind: ARMRequest, Method: "GET", Path: testGroup + "2", Query: "api-version=2022-12-01", Status: 404, Caller: DefaultOperatorID, CallerName: "operator", Number: 2},
		{Kind: IMDSRequest, Method: "GET", Path: imdsTokenPath, Query: strings.TrimPrefix(testMachineToken, "?"), Status: 400, Caller: DefaultMachineID, CallerName: "vm-linux", Number: 3},
	}
	if len(requests) != len(want) {
		t.Fatalf("%d requests: %+v", len(requests), requests)
	}
	for i, got := range requests {
		if got.Time.IsZero() || got.Duration <= 0 {
			t.Errorf("time %v and duration %v", got.Time, got.Duration)
		}
		if got.Time, got.Duration = want[i].Time, want[i].Duration; got != want[i] {
			t.Errorf("request %d: %+v\nwant %+v", i, got, want[i])
		}
	}
}

func TestRequestLogForgetsTheOldest(t *testing.T) {
	t.Parallel()
	var log requestLog
	for i := range requestLogSize + 3 {
		log.add(RequestRecord{Status: i})
	}
	all := log.all()
	if len(all) != requestLogSize || all[0].Status != 3 || all[requestLogSize-1].Status != requestLogSize+2 {
		t.Errorf("%d records, from %d to %d", len(all), all[0].Status, all[len(all)-1].Status)
	}
}
