// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"encoding/json"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// Every setting has a name in JSON, and comes through it.
func TestSettingsSurviveJSON(t *testing.T) {
	t.Parallel()
	var want Settings
	for field, value := range reflect.ValueOf(&want).Elem().Fields() {
		switch {
		case value.CanInt():
			value.SetInt(int64(1500 * time.Millisecond))
		case value.CanUint():
			value.SetUint(7)
		case value.Kind() == reflect.Bool:
			value.SetBool(true)
		default:
			t.Fatalf("%s is of a kind that this test does not know", field.Name)
		}
	}
	encoded, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Settings
	if err := json.Unmarshal(encoded, &got); err != nil || got != want {
		t.Errorf("%+v, %v from %s", got, err, encoded)
	}
	if text := string(encoded); !strings.Contains(text, `"grantLag":"1.5s"`) || !strings.Contains(text, `"throttle":true`) {
		t.Errorf("encoded as %s", text)
	}
}

func TestSettingsAreChangedOnTheControlPlane(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	patch := func(body string) answer {
		return roundTrip(t, a.Transport(), newRequest(t, http.MethodPatch, a.URL()+"/_mock/settings", body))
	}
	if got := patch(`{"identityReadLag": "1m", "pageSize": 2}`); got.status != http.StatusOK {
		t.Fatal(got.text)
	}
	if got := patch(`{"pageSize": 3}`); got.text != `{"pageSize":3,"identityReadLag":"1m0s"}` {
		t.Errorf("a PATCH leaves %s", got.text)
	}
	for wrong, want := range map[string]string{
		`{"grantLag": 5}`: "grantLag", `{"grantLag": "-5s"}`: "must not be negative", `{"pageSize": -1}`: "must not be negative",
		`{"lag": "5s"}`: `unknown field \"lag\"`, `[]`: "reading the settings", `{} {}`: "more behind",
	} {
		if got := patch(wrong); got.status != http.StatusBadRequest || !strings.Contains(got.text, want) {
			t.Errorf("%s: %d %s", wrong, got.status, got.text)
		}
	}
	s := a.operator(t)
	id := s.createIdentity("reader").value("id")
	s.must(http.StatusNotFound, http.MethodGet, id, "")

	move := func(body string) answer {
		return roundTrip(t, a.Transport(), newRequest(t, http.MethodPost, a.URL()+"/_mock/clock", body))
	}
	for _, wrong := range []string{`{"advance": "-1m"}`, `{}`, `{"advance": "soon"}`, `{"back": "1m"}`} {
		if got := move(wrong); got.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", wrong, got.status, got.text)
		}
	}
	before := a.clock.Now()
	if got := move(`{"advance": "1m"}`); got.status != http.StatusOK || a.clock.Now().Sub(before) < time.Minute {
		t.Errorf("%d %s", got.status, got.text)
	}
	s.must(http.StatusOK, http.MethodGet, id, "")
	if got := a.control(t, http.MethodDelete, "/_mock/settings"); got.text != "{}" {
		t.Errorf("after all settings are taken back: %s", got.text)
	}
}

// The guide is where users find the knobs, and says of each what it is good for.
func TestTheGuideKnowsEveryKnob(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../templates/guides/mockarm.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, knobs := range []reflect.Type{reflect.TypeFor[Settings](), reflect.TypeFor[Fault]()} {
		for field := range knobs.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if !strings.Contains(string(guide), "`"+name+"`") {
				t.Errorf("%s.%s: the guide lacks `%s`", knobs.Name(), field.Name, name)
			}
		}
	}
}

func TestPauseBetweenPollsIsWhatTheSettingsSay(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	a.world.Configure(func(settings *Settings) {
		settings.OperationDuration, settings.RetryAfter = time.Minute, 20*time.Millisecond
	})
	s := a.operator(t)
	accepted := s.patchIdentity(`{"type":"SystemAssigned"}`)
	if accepted.header.Get("retry-after-ms") != "20" || accepted.header.Get("Retry-After") != "" {
		t.Errorf("headers %v", accepted.header)
	}
	a.clock.Advance(59 * time.Second)
	poll := accepted.header.Get("Azure-AsyncOperation")
	if got := s.must(http.StatusOK, http.MethodGet, poll, "").value("status"); got != "InProgress" {
		t.Errorf("status %q after 59 s", got)
	}
	a.clock.Advance(time.Second)
	if got := s.must(http.StatusOK, http.MethodGet, poll, "").value("status"); got != "Succeeded" {
		t.Errorf("status %q after 60 s", got)
	}
}
