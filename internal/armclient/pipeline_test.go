// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/azuremi/terraform-provider-azuremi/internal/armid"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

const throttled = "SubscriptionRequestsThrottled"

// reading reads an identity that does not exist, against an Azure that answers otherwise for a while. It returns how long
// that took and how often Azure was asked.
func reading(t *testing.T, timeout time.Duration, instead func(try int, r *http.Request) (*http.Response, error)) (took time.Duration, tries int, err error) {
	t.Helper()
	_, cfg := newMock(t)
	tap(&cfg, func(r *http.Request) (*http.Response, error) {
		tries++
		return instead(tries, r)
	})
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	began := time.Now()
	_, err = newClient(t, cfg).Identity(ctx, reader)
	return time.Since(began), tries, err
}

func TestRetryAfterIsWaitedForHoweverLong(t *testing.T) {
	t.Parallel()
	for _, header := range []map[string]string{
		{"Retry-After": "7"},
		{"Retry-After": "45"},
		{"Retry-After": "372"}, // azcore itself gives up at once on more than its longest pause
		{"Retry-After-Ms": "1500"},
	} {
		t.Run(fmt.Sprint(header), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				want, _ := retryAfter(answer(nil, http.StatusTooManyRequests, header, ""))
				took, tries, err := reading(t, time.Hour, func(try int, r *http.Request) (*http.Response, error) {
					if try > 1 {
						return nil, nil
					}
					return answer(r, http.StatusTooManyRequests, header, armError(throttled, "Number of requests exceeded the limit.")), nil
				})
				if !IsNotFound(err) || tries != 2 || took != want {
					t.Errorf("error %v after %d tries in %s, want %s", err, tries, took, want)
				}
			})
		})
	}
}

func TestAWaitThatIsTooLongFailsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		took, tries, err := reading(t, 5*time.Minute, func(_ int, r *http.Request) (*http.Response, error) {
			return answer(r, http.StatusTooManyRequests, map[string]string{"Retry-After": "372"}, armError(throttled, "Number of requests exceeded the limit.")), nil
		})
		refusal, ok := errors.AsType[*ThrottledError](err)
		if !ok || refusal.Wait != 372*time.Second || ErrorCode(err) != throttled || tries != 1 || took != 0 {
			t.Errorf("error %v after %d tries in %s", err, tries, took)
		}
		if text := Describe(err); !strings.Contains(text, "6m12s") || !strings.Contains(text, throttled) || !strings.Contains(text, "Correlation ID") {
			t.Errorf("the text is:\n%s", text)
		}
	})
}

func TestAnEmptyBucketHoldsBackEveryCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, cfg := newMock(t)
		began := time.Now()
		refused := 0
		w := tap(&cfg, func(r *http.Request) (*http.Response, error) {
			if time.Since(began) < 90*time.Second && r.Method == http.MethodGet {
				refused++
				left := 90 - int(time.Since(began).Seconds())
				return answer(r, http.StatusTooManyRequests, map[string]string{"Retry-After": fmt.Sprint(left)}, armError(throttled, "Too many.")), nil
			}
			return nil, nil
		})
		c := newClient(t, cfg)
		var group sync.WaitGroup
		read := func(n int) {
			// Readers of one identity would share one request.
			id := armid.UserAssignedIdentity(mockarm.DefaultSubscriptionID, "DevTest", fmt.Sprint("id-", n))
			if _, err := c.Identity(t.Context(), id); !IsNotFound(err) {
				t.Error(err)
			}
		}
		group.Go(func() { read(0) })
		synctest.Wait()
		for n := range 9 {
			group.Go(func() { read(n + 1) })
		}
		// Deletes are counted in a bucket of their own.
		if err := c.DeleteIdentity(t.Context(), reader); err != nil || time.Since(began) > time.Second {
			t.Errorf("a delete took %s, %v", time.Since(began), err)
		}
		group.Wait()
		if refused != 1 || len(w.seen()) != 12 || time.Since(began) != 90*time.Second {
			t.Errorf("%d of %d requests were refused in %s", refused, len(w.seen()), time.Since(began))
		}
	})
}

// TestAResourceProvidersRefusalConcernsOneResource is about limits such as Compute's on one machine.
func TestAResourceProvidersRefusalConcernsOneResource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, cfg := newMock(t)
		began := time.Now()
		tap(&cfg, func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/id-reader") && time.Since(began) < time.Minute {
				return answer(r, http.StatusTooManyRequests, map[string]string{"Retry-After": "60"}, armError("TooManyRequests", "The request is being throttled.")), nil
			}
			return nil, nil
		})
		c := newClient(t, cfg)
		var group sync.WaitGroup
		group.Go(func() {
			if _, err := c.Identity(t.Context(), reader); !IsNotFound(err) || time.Since(began) != time.Minute {
				t.Errorf("%v after %s", err, time.Since(began))
			}
		})
		synctest.Wait()
		if _, err := c.Identity(t.Context(), armid.UserAssignedIdentity(mockarm.DefaultSubscriptionID, "DevTest", "other")); !IsNotFound(err) || time.Since(began) > time.Second {
			t.Errorf("another identity: %v after %s", err, time.Since(began))
		}
		group.Wait()
	})
}

func TestFailuresThatPassAreTriedAgainUntilTheTimeIsUp(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(*http.Request) (*http.Response, error){
		"503": func(r *http.Request) (*http.Response, error) {
			return answer(r, http.StatusServiceUnavailable, nil, armError("ServerUnavailable", "Try again.")), nil
		},
		"reset": func(*http.Request) (*http.Response, error) { return nil, syscall.ECONNRESET },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				took, tries, err := reading(t, time.Hour, func(try int, r *http.Request) (*http.Response, error) {
					if try <= 20 {
						return fail(r)
					}
					return nil, nil
				})
				if !IsNotFound(err) || tries != 21 || took > 20*maxBackOff {
					t.Errorf("error %v after %d tries in %s", err, tries, took)
				}
			})
			synctest.Test(t, func(t *testing.T) {
				took, _, err := reading(t, 3*time.Minute, func(_ int, r *http.Request) (*http.Response, error) { return fail(r) })
				if up, ok := errors.AsType[*TimeUpError](err); !ok || up.Last == nil || !errors.Is(err, context.DeadlineExceeded) || took != 3*time.Minute {
					t.Errorf("error %v after %s", err, took)
				}
				if want := map[string]string{"503": "ServerUnavailable: Try again.", "reset": "connection reset by peer"}[name]; !strings.Contains(Describe(err), want) {
					t.Errorf("the text does not say what happened last:\n%s", Describe(err))
				}
			})
		})
	}
}

func TestAWrongAddressIsNotAnOutage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want int
		text string
	}{
		"refused":    {&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}, maxUnreachable, "Nothing listens"},
		"no host":    {&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "arm", IsNotFound: true}}, 1, "cannot be resolved"},
		"dns outage": {&net.DNSError{Err: "server misbehaving", Name: "arm", IsTemporary: true}, maxUnreachable, "server misbehaving"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				took, tries, err := reading(t, time.Hour, func(int, *http.Request) (*http.Response, error) { return nil, c.err })
				if !errors.Is(err, c.err) || tries != c.want || took > 30*time.Second {
					t.Errorf("error %v after %d tries in %s", err, tries, took)
				}
				if !strings.Contains(Describe(err), c.text) {
					t.Errorf("the text is:\n%s", Describe(err))
				}
			})
		})
	}
}

func TestRequestsNameTheirOperationAndTheProvider(t *testing.T) {
	t.Parallel()
	_, cfg := newMock(t)
	cfg.UserAgent = "terraform-provider-azuremi/1.2.3"
	w := tap(&cfg, nil)
	c := newClient(t, cfg)
	id, p := readerAt(devTest)
	if _, _, err := c.CreateRoleAssignment(t.Context(), id, p); err != nil {
		t.Fatal(err)
	}
	if err := c.DeleteRoleAssignment(t.Context(), id, ""); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, r := range w.requests {
		if r.Header.Get("Authorization") == "" {
			continue
		}
		ids = append(ids, r.Header.Get(headerCorrelationID))
		if agent := r.Header.Get("User-Agent"); !strings.HasPrefix(agent, cfg.UserAgent+" azsdk-go-") {
			t.Errorf("the User-Agent is %q", agent)
		}
	}
	if len(ids) != 3 || uuid.Validate(ids[0]) != nil || ids[0] != ids[1] || ids[1] == ids[2] {
		t.Errorf("the correlation IDs of GET, PUT and DELETE are %q, want one for the first two", ids)
	}
}

func TestARefusedTokenIsReplaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, cfg := newMock(t)
		w := tap(&cfg, func(r *http.Request) (*http.Response, error) {
			return answer(r, http.StatusUnauthorized, nil, armError("ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than current UTC time.")), nil
		})
		c := newClient(t, cfg)
		c.credential.source = &countingSource{}
		for i := range 2 {
			if _, err := c.Identity(t.Context(), reader); ErrorCode(err) != "ExpiredAuthenticationToken" {
				t.Errorf("error %v", err)
			}
			if got, want := w.requests[i].Header.Get("Authorization"), fmt.Sprintf("Bearer %s/.default-%d", mockAudience, i+1); got != want {
				t.Errorf("request %d carries %q, want %q", i, got, want)
			}
		}
	})
}

func TestAProviderThatIsNotRegisteredIsRegistered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, cfg := newMock(t, func(s *mockarm.Seed) { s.Subscriptions[0].RegisteredProviders = new([]string{"Microsoft.Compute"}) })
		w := tap(&cfg, nil)
		if _, err := newClient(t, cfg).Identity(t.Context(), reader); !IsNotFound(err) {
			t.Errorf("error %v after the requests %q", err, w.seen())
		}
	})
}
