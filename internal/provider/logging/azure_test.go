// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package logging_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/prototest"
	"github.com/azuremi/terraform-provider-azuremi/internal/provider/logging"
)

// TestMain bridges the SDK's log before any test uses the SDK, as the provider does before it serves.
func TestMain(m *testing.M) {
	logging.BridgeAzure(func(name string) string { return map[string]string{"TF_LOG": "TRACE"}[name] })
	os.Exit(m.Run())
}

// A log keeps what is written to it.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// A line of a log.
type line struct{ module, level, message, event, details string }

func (l *log) lines(t *testing.T) []line {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	entries, err := tflogtest.MultilineJSONDecode(bytes.NewReader(l.text.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	var lines []line
	for _, e := range entries {
		text := func(name string) string { return strings.TrimSuffix(fmt.Sprint(e[name]), "<nil>") }
		lines = append(lines, line{text("@module"), text("@level"), text("@message"), text("event"), text("details")})
	}
	return lines
}

// find returns the first line about an event that has all of the texts in it.
func find(lines []line, event string, texts ...string) (line, bool) {
	i := slices.IndexFunc(lines, func(l line) bool {
		return l.event == event && !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(l.message+"\n"+l.details, text) })
	})
	if i < 0 {
		return line{}, false
	}
	return lines[i], true
}

// TestWhatTheSDKDoesIsInTheLog assigns an identity to a machine, with a login, a refusal that is waited out and a
// long-running operation on the way.
//
//nolint:paralleltest // The log of the SDK is the process's.
func TestWhatTheSDKDoesIsInTheLog(t *testing.T) {
	var out log
	var mu sync.Mutex
	var sent []string // the tokens
	synctest.Test(t, func(t *testing.T) {
		p := prototest.Start(t, prototest.Log(&out), prototest.Watch(func(r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
				sent = append(sent, token)
			}
		}))
		if err := p.Mock.Inject(mockarm.Fault{
			Kind: mockarm.ARMRequest, Method: http.MethodPatch, Count: 1, Status: http.StatusTooManyRequests, RetryAfter: 7 * time.Second,
		}); err != nil {
			t.Fatal(err)
		}
		p.Mock.World().Configure(func(s *mockarm.Settings) { s.OperationDuration = 5 * time.Second })
		if diags := p.Resource("azuremi_virtual_machine_identity_assignment").Apply(prototest.Object{
			"virtual_machine_id": mockarm.DefaultMachineID, "system_assigned": true,
		}); len(diags) > 0 {
			t.Fatal(diags)
		}
	})
	lines := out.lines(t)
	for what, want := range map[string]struct {
		event, level string
		texts        []string
	}{
		"the request":            {"Request", "trace", []string{"OUTGOING REQUEST", "PATCH https://", mockarm.DefaultMachineID, "X-Ms-Correlation-Request-Id: ", "Authorization: REDACTED"}},
		"the answer":             {"Response", "debug", []string{"REQUEST/RESPONSE", "GET https://", "RESPONSE Status: OK", "Etag: ", "X-Ms-Request-Id: ", "X-Ms-Ratelimit-Remaining-Subscription-Reads: "}},
		"the refusal":            {"Response", "debug", []string{"PATCH https://", "RESPONSE Status: Too Many Requests", "Retry-After: 7"}},
		"the error":              {"ResponseError", "debug", []string{"RESPONSE 429", "ERROR CODE: TooManyRequests"}},
		"the steps of a request": {"Retry", "trace", []string{"Try=1 for PATCH"}},
		"the wait":               {"Retry", "debug", []string{"End Try #1, Delay=7s"}},
		"the second try":         {"Request", "trace", []string{"(Try=2)", "PATCH https://"}},
		"the operation":          {"Response", "debug", []string{"PATCH https://", "Azure-Asyncoperation: https://"}},
		"the operation's state":  {"LongRunningOperation", "debug", []string{"State Succeeded"}},
		"the login":              {"Authentication", "debug", []string{"ClientSecretCredential.GetToken() acquired a token"}},
		"the login's request":    {"Response", "debug", []string{"POST https://", "/oauth2/v2.0/token", "Client-Request-Id: "}},
	} {
		got, ok := find(lines, want.event, want.texts...)
		if !ok || got.level != want.level || got.module != "provider.azure" {
			t.Errorf("%s: %+v", what, got)
		}
	}
	if !slices.ContainsFunc(lines, func(l line) bool {
		return l.module == "provider" && strings.HasPrefix(l.message, "logging in with a client secret")
	}) {
		t.Error("the log does not tell how the provider logs in")
	}
	if len(sent) == 0 {
		t.Fatal("no request had a token, so that it proves nothing that the log holds none")
	}
	secret := "mock-operator-secret"
	for _, text := range append(sent, secret, "eyJ", "The request is being throttled", "provisioningState", "client_secret=", "client_assertion", url.QueryEscape(secret)) {
		if strings.Contains(out.text.String(), text) {
			t.Errorf("the log holds %.30s", text)
		}
	}
}

// TestEveryMaskIsOn has a proxy break every request with an error that quotes what it has read.
//
//nolint:paralleltest // The log of the SDK is the process's.
func TestEveryMaskIsOn(t *testing.T) {
	const secret = "p@ss&\"word\"~1"
	logging.Hide(secret, "", " ")
	token := "eyJ" + base64.RawURLEncoding.EncodeToString([]byte(`0eXAiOiJKV1Qi`)) + ".eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl"
	for name, c := range map[string]struct{ text, secret string }{
		"a token":                     {"it said " + token + ", and no more", token},
		"a token's payload":           {"it said " + token + ", and no more", "eyJzdWIiOiJtZSJ9"},
		"a form's secret":             {"grant_type=client_credentials&client_secret=Q~abc-123&scope=x", "Q~abc-123"},
		"a form's assertion":          {"client_assertion=abc.def.ghi&scope=x", "abc.def.ghi"},
		"an opaque token in JSON":     {`{"access_token":"opaque-0123"}`, "opaque-0123"},
		"an opaque token in a header": {"Authorization: Bearer 0123456789abcdefghij0123", "0123456789abcdefghij0123"},
		"an operation's signature":    {"https://x.invalid/operations/1?api-version=2&t=1&s=c2lnbmF0dXJl&h=aGFzaA", "c2lnbmF0dXJl"},
		"a configured secret":         {"it is " + secret + ", it says", secret},
		"a configured secret in a form": {
			"password=" + url.QueryEscape(secret), url.QueryEscape(secret),
		},
		"a configured secret in quotes": {fmt.Sprintf("it is %q", secret), strings.Trim(fmt.Sprintf("%q", secret), `"`)},
	} {
		t.Run(name, func(t *testing.T) {
			for place, write := range map[string]func(io.Writer){
				"in the SDK's details": func(to io.Writer) {
					logging.Follow(tflogtest.RootLogger(t.Context(), to))
					fail(t, c.text)
				},
				"in a message of ours": func(to io.Writer) {
					logging.Debug(tflogtest.RootLogger(t.Context(), to), c.text, nil)
				},
				"in a field of ours": func(to io.Writer) {
					logging.Info(tflogtest.RootLogger(t.Context(), to), "waiting", logging.Fields{"why": c.text})
				},
			} {
				var out log
				write(&out)
				lines := out.lines(t)
				if len(lines) == 0 || !strings.Contains(out.text.String(), "***") {
					t.Errorf("%s: nothing is masked: %s", place, out.text.String())
				}
				for _, l := range lines {
					if strings.Contains(fmt.Sprint(l), c.secret) {
						t.Errorf("%s: %+v", place, l)
					}
				}
				if strings.Contains(out.text.String(), c.secret) {
					t.Errorf("%s: %s", place, out.text.String())
				}
			}
		})
	}
}

// fail sends a request that breaks with an error.
func fail(t *testing.T, text string) {
	t.Helper()
	req, err := runtime.NewRequest(t.Context(), http.MethodGet, "https://mockarm.invalid/")
	if err != nil {
		t.Fatal(err)
	}
	pipeline := runtime.NewPipeline("test", "v1.0.0", runtime.PipelineOptions{}, &policy.ClientOptions{
		Transport: broken(text), Retry: policy.RetryOptions{MaxRetries: -1},
	})
	if _, err := pipeline.Do(req); err == nil { //nolint:bodyclose // There is none.
		t.Fatal("the request has succeeded")
	}
}

// broken is a transport that says why it fails.
type broken string

// Do implements policy.Transporter.
func (b broken) Do(*http.Request) (*http.Response, error) { return nil, errors.New(string(b)) }

// TestLinesAreWrittenAtOnce is for the race detector: tflog masks the fields of a logger in their own map.
//
//nolint:paralleltest // The log of the SDK is the process's.
func TestLinesAreWrittenAtOnce(t *testing.T) {
	var out log
	ctx := tflogtest.RootLogger(t.Context(), &out)
	logging.Follow(ctx)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() { fail(t, "client_secret=abc") })
		group.Go(func() { logging.Debug(ctx, "waiting", logging.Fields{"why": "client_secret=abc"}) })
		group.Go(func() { logging.Hide("a secret of its own") })
	}
	group.Wait()
	if _, ok := find(out.lines(t), "Response", "REQUEST ERROR"); !ok {
		t.Error("the log is empty")
	}
}

// Whatever the provider's block holds in secret, or the environment in its place, is masked from then on.
//
//nolint:paralleltest // The log is the process's.
func TestEverySensitiveArgumentIsHidden(t *testing.T) {
	attributes := slices.DeleteFunc(prototest.Start(t).Schemas().Provider.Block.Attributes, func(a *tfprotov6.SchemaAttribute) bool { return !a.Sensitive })
	if len(attributes) == 0 {
		t.Fatal("the provider has no sensitive argument")
	}
	for _, a := range attributes {
		inBlock, inEnvironment := "block "+a.Name, "environment "+a.Name
		prototest.Configure(t, prototest.Configuration(prototest.Object{a.Name: inBlock}))
		prototest.Configure(t, prototest.Environment(map[string]string{"ARM_" + strings.ToUpper(a.Name): inEnvironment}))
		var out log
		logging.Debug(tflogtest.RootLogger(t.Context(), &out), "it is "+inBlock+" or "+inEnvironment, nil)
		if lines := out.lines(t); len(lines) != 1 || lines[0].message != "it is *** or ***" {
			t.Errorf("%s: %+v", a.Name, lines)
		}
	}
}
