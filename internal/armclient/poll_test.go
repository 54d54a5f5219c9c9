// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

// polls switches on the identity of a machine whose operations take a while, and returns how long after the write the
// operation was asked after. The server names no pace unless it has one.
func polls(t *testing.T, duration, pace time.Duration) []time.Duration {
	t.Helper()
	server, cfg := newMock(t)
	server.World().Configure(func(s *mockarm.Settings) { s.OperationDuration, s.RetryAfter = duration, pace })
	if pace == 0 {
		cfg.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
			resp, err := server.Transport().RoundTrip(r)
			if err == nil {
				resp.Header.Del("Retry-After")
			}
			return resp, err
		})
	}
	if _, err := newClient(t, cfg).AssignIdentity(t.Context(), parse(t, mockarm.DefaultMachineID), armid.ID{}); err != nil {
		t.Fatal(err)
	}
	var began time.Time
	var after []time.Duration
	for _, r := range server.Requests() {
		switch {
		case r.Method == http.MethodPatch:
			began = r.Time
		case strings.Contains(r.Path, "/operations/"):
			after = append(after, r.Time.Sub(began).Round(time.Millisecond))
		}
	}
	return after
}

func seconds(counts ...int) []time.Duration {
	durations := make([]time.Duration, len(counts))
	for i, n := range counts {
		durations[i] = time.Duration(n) * time.Second
	}
	return durations
}

func TestAnOperationIsPolledAtAGrowingPace(t *testing.T) {
	t.Parallel()
	for took, want := range map[time.Duration][]time.Duration{
		time.Second:      seconds(1),
		2 * time.Second:  seconds(1, 2),
		5 * time.Second:  seconds(1, 2, 4, 6),
		30 * time.Second: seconds(1, 2, 4, 6, 10, 14, 18, 22, 26, 30),
	} {
		synctest.Test(t, func(t *testing.T) {
			if got := polls(t, took, 0); !slices.Equal(got, want) {
				t.Errorf("an operation of %v was polled after %v, want %v", took, got, want)
			}
		})
	}
}

func TestTheServersPaceGoesFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		if got, want := polls(t, 25*time.Second, 10*time.Second), seconds(10, 20, 30); !slices.Equal(got, want) {
			t.Errorf("polled after %v, want %v", got, want)
		}
	})
}

func TestAPollEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, cfg := newMock(t)
		server.World().Configure(func(s *mockarm.Settings) { s.OperationDuration = time.Hour })
		tired := errors.New("tired")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, tired)
		defer cancel()
		began := time.Now()
		_, err := newClient(t, cfg).AssignIdentity(ctx, parse(t, mockarm.DefaultMachineID), armid.ID{})
		if !errors.Is(err, tired) || time.Since(began) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			header, text string
			want         time.Duration
			told         bool
		}{
			{"Retry-After", "7", 7 * time.Second, true},
			{"Retry-After", "0", 0, true},
			{"Retry-After", time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat), 90 * time.Second, true},
			{"Retry-After", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat), 0, true},
			{"retry-after-ms", "250", 250 * time.Millisecond, true},
			{"x-ms-retry-after-ms", "250", 250 * time.Millisecond, true},
			{"Retry-After", "-7", 0, false},
			{"Retry-After", "soon", 0, false},
			{"X-Other", "7", 0, false},
		} {
			resp := answer(nil, http.StatusOK, map[string]string{c.header: c.text}, "")
			if got, told := retryAfter(resp); got != c.want || told != c.told {
				t.Errorf("%s: %s is %v, %v", c.header, c.text, got, told)
			}
		}
		if _, told := retryAfter(nil); told {
			t.Error("nothing has told a pace")
		}
	})
}
