// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm/operator"
)

// The processes of the provider log in as one that the storm strikes; the others, as the operator, have a calm day.
const (
	stormyID     = "77777777-7777-4777-8777-777777777777"
	stormyAppID  = "88888888-8888-4888-8888-888888888888"
	stormySecret = "the secret of the stormy one"
)

func withStormy(s *mockarm.Seed) {
	s.Principals = append(s.Principals, mockarm.SeedPrincipal{ObjectID: stormyID, AppID: stormyAppID, DisplayName: "stormy", Secret: stormySecret})
	s.RoleAssignments = append(s.RoleAssignments, mockarm.SeedRoleAssignment{Role: "Owner", Principal: stormyID, Scope: s.RoleAssignments[0].Scope})
}

// storm are faults that strike at random, the same ones for the same seed.
func storm(seed uint64) []mockarm.Fault {
	vm := "/subscriptions/**/virtualMachines/*"
	often := func(f mockarm.Fault, probability float64) mockarm.Fault {
		f.Probability, f.Seed, f.Caller = probability, seed, stormyID
		seed++
		return f
	}
	return []mockarm.Fault{
		often(mockarm.Fault{Method: http.MethodPatch, Path: vm, Status: 409, Code: "ConflictingConcurrentWriteNotAllowed"}, 0.05),
		often(mockarm.Fault{Method: http.MethodPatch, Path: vm, Status: 412, Code: "PreconditionFailed"}, 0.05),
		often(mockarm.Fault{Method: http.MethodPatch, Path: vm, Status: 429, Code: "TooManyRequests", RetryAfter: 7 * time.Second}, 0.05),
		often(mockarm.Fault{Method: http.MethodPatch, Path: vm, Reset: mockarm.ResetBefore}, 0.05),
		often(mockarm.Fault{Method: http.MethodPatch, Path: vm, Reset: mockarm.ResetAfter}, 0.1),
		often(mockarm.Fault{Method: http.MethodPatch, Path: vm, Truncate: true}, 0.05),
		often(mockarm.Fault{Method: http.MethodPatch, Path: vm, Delay: 20 * time.Second}, 0.05),
		often(mockarm.Fault{Method: http.MethodGet, Path: vm, Status: 503}, 0.05),
		often(mockarm.Fault{Path: "**/operations/*", Status: 500}, 0.05),
		often(mockarm.Fault{Path: "**/operations/*", Reset: mockarm.ResetBefore}, 0.05),
		often(mockarm.Fault{Operation: mockarm.OperationFailed, Code: "InternalExecutionError"}, 0.05),
		often(mockarm.Fault{Operation: mockarm.OperationCanceled}, 0.05),
		often(mockarm.Fault{Operation: mockarm.OperationPreempted}, 0.05),
		often(mockarm.Fault{Operation: mockarm.OperationPreemptedSilently}, 0.05),
		often(mockarm.Fault{OperationDuration: time.Minute}, 0.05),
	}
}

// A party wants some identities on the machine and others off it. No two parties want anything of one identity.
type party struct {
	name   string
	wanted map[string]bool // by name of the identity
	// set makes one change, and returns when it is made.
	set func(ctx context.Context, identity string, on bool) error
}

// run makes random changes, and ends with the wanted ones.
func (w *party) run(ctx context.Context, t *testing.T, random *rand.Rand) {
	t.Helper()
	var tasks sync.WaitGroup
	for _, identity := range slices.Sorted(maps.Keys(w.wanted)) {
		turns := random.IntN(3)
		pause := time.Duration(random.IntN(20_000)) * time.Millisecond
		tasks.Go(func() {
			on := w.wanted[identity] != (turns%2 == 1)
			for range turns + 1 {
				<-time.After(pause)
				if err := w.set(ctx, identity, on); err != nil {
					t.Errorf("%s wants %s to be %v: %v", w.name, identity, on, err)
					return
				}
				on = !on
			}
		})
	}
	tasks.Wait()
}

// ours is a writer that is a process of the provider. It has a client of its own, and watches what that sends.
func ours(t *testing.T, name string, cfg Config, identities ...string) *party {
	t.Helper()
	wire := tap(&cfg, nil)
	c := newClient(t, cfg)
	t.Cleanup(func() {
		for _, body := range wire.bodies {
			for named := range namedIn(body) {
				if !slices.Contains(identities, named) {
					t.Errorf("%s named %s, which is not its own: %s", name, named, body)
				}
			}
		}
	})
	return &party{name: name, wanted: half(identities), set: func(ctx context.Context, identity string, on bool) error {
		if !on {
			return c.UnassignIdentity(ctx, theMachine, identityNamed(identity))
		}
		_, err := c.AssignIdentity(ctx, theMachine, identityNamed(identity))
		return err
	}}
}

// half has every other identity wanted.
func half(identities []string) map[string]bool {
	wanted := map[string]bool{}
	for i, identity := range identities {
		wanted[identity] = i%2 == 0
	}
	return wanted
}

// namedIn are the names of the identities that a request names.
func namedIn(body []byte) map[string]bool {
	var request struct {
		Identity struct {
			UserAssignedIdentities map[string]any `json:"userAssignedIdentities"`
		} `json:"identity"`
	}
	named := map[string]bool{}
	if json.Unmarshal(body, &request) == nil {
		for id := range request.Identity.UserAssignedIdentities {
			named[id[strings.LastIndexByte(id, '/')+1:]] = true
		}
	}
	return named
}

// theirs is a writer that is somebody else: a policy that PATCHes without a look, or a tool that reads the machine, changes
// it and PUTs it back whole, with or without the etag that it has read.
func theirs(t *testing.T, server *mockarm.Server, how string, identities ...string) *party {
	t.Helper()
	o, err := operator.New(server)
	if err != nil {
		t.Fatal(err)
	}
	write := map[string]func(ctx context.Context, id string, on bool) error{
		"PATCH": func(ctx context.Context, id string, on bool) error {
			entry := map[bool]string{true: "{}", false: "null"}[on]
			// This type always fits: the machine has its own identity, and one that nobody takes off.
			_, err := o.Do(ctx, http.MethodPatch, mockarm.DefaultMachineID,
				`{"identity":{"type":"SystemAssigned, UserAssigned","userAssignedIdentities":{"`+id+`":`+entry+`}}}`)
			return err
		},
		"PUT with etag":    func(ctx context.Context, id string, on bool) error { return put(ctx, o, id, on, true) },
		"PUT without etag": func(ctx context.Context, id string, on bool) error { return put(ctx, o, id, on, false) },
	}[how]
	return &party{name: how, wanted: half(identities), set: func(ctx context.Context, identity string, on bool) error {
		for {
			err := write(ctx, identityNamed(identity).String(), on)
			var refused *azcore.ResponseError
			if err == nil || !errors.As(err, &refused) || refused.StatusCode != http.StatusConflict && refused.StatusCode != http.StatusPreconditionFailed {
				return err
			}
			<-time.After(3 * time.Second)
		}
	}}
}

// put reads the machine, changes its identities and writes it back whole.
func put(ctx context.Context, o *operator.Operator, id string, on, withEtag bool) error {
	vm, err := o.Do(ctx, http.MethodGet, mockarm.DefaultMachineID, "")
	if err != nil {
		return err
	}
	if !withEtag {
		<-time.After(10 * time.Second) // time enough for a write of ours, from beginning to end
	}
	block, _ := vm["identity"].(map[string]any)
	if block == nil {
		block = map[string]any{}
	}
	have, _ := block["userAssignedIdentities"].(map[string]any)
	want := map[string]any{}
	for other := range have {
		if !strings.EqualFold(other, id) {
			want[other] = map[string]any{}
		}
	}
	if on {
		want[id] = map[string]any{}
	}
	systemAssigned := strings.Contains(fmt.Sprint(block["type"]), "SystemAssigned")
	vm["identity"] = map[string]any{"type": identityType(systemAssigned, len(want) > 0)}
	if len(want) > 0 {
		vm["identity"] = map[string]any{"type": identityType(systemAssigned, true), "userAssignedIdentities": want}
	}
	body, err := json.Marshal(vm)
	if err != nil {
		return err
	}
	etag, _ := vm["etag"].(string)
	if !withEtag {
		etag = ""
	}
	return o.DoIfMatch(ctx, http.MethodPut, mockarm.DefaultMachineID, string(body), etag)
}

// compare tells which identities of writers are not as they are wanted.
func compare(server *mockarm.Server, writers ...*party) []string {
	have := onMachine(server)
	var wrong []string
	for _, w := range writers {
		for identity, wanted := range w.wanted {
			if slices.Contains(have, identity) != wanted {
				wrong = append(wrong, fmt.Sprintf("%s wants %s to be %v", w.name, identity, wanted))
			}
		}
	}
	slices.Sort(wrong)
	return wrong
}

var (
	oneSet     = []string{"id-a0", "id-a1", "id-a2", "id-a3", "id-a4", "id-a5"}
	anotherSet = []string{"id-b0", "id-b1", "id-b2", "id-b3", "id-b4", "id-b5"}
	policySet  = []string{"id-p0", "id-p1", "id-p2"}
	toolSet    = []string{"id-t0", "id-t1", "id-t2"}
)

// contest lets writers loose on one machine in a storm, and returns the Azure that it leaves.
func contest(t *testing.T, seed uint64, foreign string) (*mockarm.Server, Config, []*party, []*party) {
	t.Helper()
	server, cfg := newMock(t, withIdentities(slices.Concat(oneSet, anotherSet, policySet, toolSet, []string{"on:id-anchor"})...),
		withStormy, func(s *mockarm.Seed) { s.VirtualMachines[0].SystemAssigned = true })
	cfg.Credential = CredentialOptions{ClientID: stormyAppID, ClientSecret: stormySecret}
	cfg.AdoptExisting = true // who writes blindly may also put back what we have taken off
	our := []*party{ours(t, "the first process", cfg, oneSet...), ours(t, "the second process", cfg, anotherSet...)}
	their := []*party{theirs(t, server, "PATCH", policySet...), theirs(t, server, foreign, toolSet...)}
	if err := server.Inject(storm(seed)...); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(seed, seed))
	var all sync.WaitGroup
	for _, w := range append(slices.Clone(our), their...) {
		own := rand.New(rand.NewPCG(random.Uint64(), seed))
		all.Go(func() { w.run(t.Context(), t, own) })
	}
	all.Wait()
	server.ClearFaults()
	return server, cfg, our, their
}

func TestConcurrentWritersLoseNothing(t *testing.T) {
	t.Parallel()
	for seed := range uint64(16) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server, _, our, their := contest(t, seed, "PUT with etag")
				if wrong := compare(server, append(our, their...)...); len(wrong) > 0 {
					t.Errorf("the machine carries %v, but\n%s", onMachine(server), strings.Join(wrong, "\n"))
				}
			})
		})
	}
}

// Who writes the machine whole without its etag may take an assignment of ours off again. That is seen by the next read of
// it, and mended by making it anew.
func TestWhatABlindWriterTakesOffIsSeenAndMended(t *testing.T) {
	t.Parallel()
	taken := 0
	var mu sync.Mutex
	t.Run("seeds", func(t *testing.T) {
		t.Parallel()
		for seed := range uint64(8) {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					server, cfg, our, _ := contest(t, seed, "PUT without etag")
					c := newClient(t, cfg)
					have := onMachine(server)
					for _, w := range our {
						for identity, wanted := range w.wanted {
							_, err := c.Assignment(t.Context(), theMachine, identityNamed(identity))
							if is[*NotAssignedError](err) == slices.Contains(have, identity) {
								t.Errorf("%s is on the machine: %v; read: %v", identity, slices.Contains(have, identity), err)
							}
							if slices.Contains(have, identity) == wanted {
								continue
							}
							mu.Lock()
							taken++
							mu.Unlock()
							if err := w.set(t.Context(), identity, wanted); err != nil {
								t.Error(err)
							}
						}
					}
					if wrong := compare(server, our...); len(wrong) > 0 {
						t.Errorf("after mending\n%s", strings.Join(wrong, "\n"))
					}
				})
			})
		}
	})
	t.Cleanup(func() {
		if taken == 0 {
			t.Error("no blind writer has taken anything off; the test shows nothing")
		}
	})
}
