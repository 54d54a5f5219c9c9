// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// exportAll has cmp look into everything.
var exportAll = cmp.Exporter(func(reflect.Type) bool { return true })

func encodeState(t *testing.T, state State) []byte {
	t.Helper()
	encoded, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// TestAStateHoldsTheWholeWorld compares what a world consists of with what is restored from its state in JSON, at moments of
// lives in which everything happens: whatever is added to a world and forgotten in the state is found here.
func TestAStateHoldsTheWholeWorld(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			a := newAzure(t)
			a.world.Configure(func(s *Settings) { s.DeletedAssignmentLag = time.Minute })
			l := a.life(t, seed)
			underWay := 0
			for range 12 {
				for range 25 {
					l.event()
				}
				taken := a.world.State()
				read, err := ReadState(bytes.NewReader(encodeState(t, taken)))
				if err != nil {
					t.Fatal(err)
				}
				clock := &Clock{}
				again, err := NewWorld(DefaultSeed(), clock)
				if err != nil {
					t.Fatal(err)
				}
				if err := again.Restore(read); err != nil {
					t.Fatal(err)
				}
				if clock.Now().Before(taken.Time) {
					t.Error("the clock is behind the state")
				}
				a.world.roleAssignments.ordered() // Which of them are new makes no difference.
				again.roleAssignments.ordered()
				if diff := cmp.Diff(a.world.contents, again.contents, exportAll, cmpopts.EquateEmpty(), cmpopts.IgnoreTypes(order{})); diff != "" {
					t.Fatalf("the restored world differs (-taken +restored):\n%s", diff)
				}
				for _, operation := range taken.Operations {
					if operation.Status == inProgress {
						underWay++
					}
				}
			}
			if underWay == 0 {
				t.Error("no operation was ever under way, so that nothing was shown of them")
			}
		})
	}
}

// TestASavedWorldGoesOn is a mock that ends while a write is in progress, and one that goes on with its file.
func TestASavedWorldGoesOn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "world.json")
	open := func() (*StateFile, *azure) {
		clock := &Clock{}
		file, seeded, err := OpenStateFile(path, DefaultSeed(), clock)
		if err != nil || !seeded {
			t.Fatal(seeded, err)
		}
		return file, &azure{NewServer(file.World()), clock}
	}
	save := func(file *StateFile) {
		t.Helper()
		if err := file.Save(); err != nil {
			t.Fatal(err)
		}
	}
	file, a := open()
	s := a.operator(t)
	id := s.createIdentity("reader").value("id")
	if answer := s.patchIdentity(`{"type":"UserAssigned","userAssignedIdentities":{"` + id + `":{}}}`); answer.status != http.StatusOK {
		t.Fatal(answer.text)
	}
	save(file)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is there for others to read: %v, %v", info.Mode(), err)
	}

	file, a = open()
	s = a.operator(t)
	if answer := a.ask(t, http.MethodGet, imdsTokenPath+testMachineToken); answer.status != http.StatusBadRequest {
		t.Errorf("before the write is over the machine has a token: %d", answer.status)
	}
	a.finish()
	if answer := a.ask(t, http.MethodGet, imdsTokenPath+testMachineToken); answer.status != http.StatusOK {
		t.Errorf("the write did not come to its end: %d %s", answer.status, answer.text)
	}
	s.must(http.StatusOK, http.MethodDelete, id, "")
	save(file)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	save(file) // Nothing has changed.
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("a world that has not changed is written anew: %v", err)
	}

	file, a = open()
	if state := a.world.State(); len(state.Identities) != 0 || !state.VirtualMachines[0].UserAssigned[0].Dead {
		t.Errorf("the third run begins with %+v", state.VirtualMachines[0])
	}
	a.Reset()
	save(file)
	if _, a = open(); len(a.world.State().VirtualMachines[0].UserAssigned) != 0 {
		t.Error("the reset was not kept")
	}
}

func TestAStateFileOfSomebodyElseIsLeftAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "world.json")
	open := func(seed Seed) (*StateFile, bool) {
		file, seeded, err := OpenStateFile(path, seed, &Clock{})
		if err != nil {
			t.Fatal(err)
		}
		return file, seeded
	}
	one, _ := open(DefaultSeed())
	other, _ := open(DefaultSeed())
	if err := other.Save(); err != nil {
		t.Fatal(err)
	}
	if err := one.Save(); err == nil || !strings.Contains(err.Error(), "somebody else has written") {
		t.Errorf("the other's world is gone: %v", err)
	}
	changed := DefaultSeed()
	changed.ResourceGroups[0].Location = "eastus"
	if file, seeded := open(changed); seeded || file.World().State().ResourceGroups[0].Location != "westus" {
		t.Error("another seed counts although there is a world already")
	}
	for name, content := range map[string]string{
		"no JSON": "{", "another format": `{"seed":{},"state":{"version":99}}`, "an unknown field": `{"seeds":{}}`,
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := OpenStateFile(path, DefaultSeed(), &Clock{}); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMistakesInAStateAreNamedAndChangeNothing(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	id := s.createIdentity("reader").value("id")
	s.attach(id)
	s.must(http.StatusCreated, http.MethodPut, testAssignments+newGUID(), assignmentBody(DefaultOperatorID, readerRole, ""))
	good := a.control(t, http.MethodGet, "/_mock/state").text
	for name, c := range map[string]struct{ old, fresh, want string }{
		"an unknown field":          {`"version":1`, `"version":1,"color":"red"`, `unknown field "color"`},
		"another version":           {`"version":1`, `"version":2`, "version: this mock reads version 1"},
		"more behind the end":       {`{"version"`, `{} {"version"`, "more behind its end"},
		"another subscription":      {`"subscriptions":[{"id":"2`, `"subscriptions":[{"id":"3`, "subscriptions[0].id: there is no subscription"},
		"an unknown provider":       {`"registeredProviders":["`, `"registeredProviders":["Microsoft.Mars","`, `registeredProviders: the mock has no resource provider "Microsoft.Mars"`},
		"a group that is none":      {`"resourceGroups":[{"id":"/subscriptions`, `"resourceGroups":[{"id":"/subscription`, "resourceGroups[0].id"},
		"a state that is none":      {`"provisioningState":"Succeeded"`, `"provisioningState":"Fine"`, `provisioningState: "Fine" is none of`},
		"an identity in no group":   {`"identities":[{"id":"/subscriptions/22222222-2222-4222-8222-222222222222/resourcegroups/DevTest`, `"identities":[{"id":"/subscriptions/22222222-2222-4222-8222-222222222222/resourcegroups/Prod`, "identities[0].id: there is no resource group"},
		"an identity of nobody":     {`,"resourceId":"`, `,"displayName":"`, "objectId: there is no principal"},
		"an operation that is over": {`"etag":2`, `"etag":2,"operationId":"00000000-0000-4000-8000-000000000000"`, "which is not in progress"},
		"an assignment of no role":  {`"roleId":"acdd72a7-`, `"roleId":"00000000-`, "is of no role"},
		"an assignment elsewhere":   {`"scope":"/subscriptions/2`, `"scope":"/subscriptions/3`, "roleAssignments[0].id"},
		"an attachment of nothing":  {`"userAssigned":[{`, `"userAssigned":[null,{`, "userAssigned[0].id"},
		"an unknown principal":      {`{"objectId":"44444444-`, `{"objectId":"54444444-`, "objectId: there is no principal"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broken := strings.Replace(good, c.old, c.fresh, 1)
			if broken == good {
				t.Fatalf("the state has no %s:\n%s", c.old, good)
			}
			answer := roundTrip(t, a.Transport(), newRequest(t, http.MethodPut, a.URL()+"/_mock/state", broken))
			if answer.status != http.StatusBadRequest || !strings.Contains(answer.text, strings.ReplaceAll(c.want, `"`, `\"`)) {
				t.Errorf("%d %s, want %q", answer.status, answer.text, c.want)
			}
			if len(a.world.State().Identities) != 1 {
				t.Error("the world has changed")
			}
		})
	}
}

func TestAStateIsPutBack(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	id := s.createIdentity("reader").value("id")
	s.attach(id)
	kept := a.control(t, http.MethodGet, "/_mock/state").text
	s.must(http.StatusOK, http.MethodDelete, id, "")
	answer := roundTrip(t, a.Transport(), newRequest(t, http.MethodPut, a.URL()+"/_mock/state", kept))
	if answer.status != http.StatusOK {
		t.Fatal(answer.text)
	}
	s.must(http.StatusOK, http.MethodGet, id, "")
	if answer := a.ask(t, http.MethodGet, imdsTokenPath+testMachineToken); answer.status != http.StatusOK {
		t.Errorf("the identity is back, and yet there is no token: %s", answer.text)
	}
}

// FuzzRestore finds states that are taken, and break the mock afterwards.
func FuzzRestore(f *testing.F) {
	world := DefaultWorld(&Clock{})
	encoded, err := json.Marshal(world.State())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(encoded)
	f.Fuzz(func(t *testing.T, encoded []byte) {
		state, err := ReadState(bytes.NewReader(encoded))
		if err != nil {
			return
		}
		a := newAzure(t)
		if err := a.world.Restore(state); err != nil {
			return
		}
		s := a.operator(t)
		for _, path := range []string{
			testSubscription + "/resourceGroups", testSubscription + "/providers/Microsoft.Compute/virtualMachines", testIdentities + "reader",
			testSubscription + "/providers/Microsoft.Compute/virtualMachineScaleSets", testSubscription + "/providers/Microsoft.Authorization/roleAssignments",
		} {
			if answer := s.do(http.MethodGet, path, ""); answer.status >= http.StatusInternalServerError {
				t.Errorf("%s: %d %s", path, answer.status, answer.text)
			}
		}
		a.clock.Advance(time.Hour)
		a.ask(t, http.MethodGet, imdsTokenPath+testMachineToken)
		if _, err := json.Marshal(a.world.State()); err != nil {
			t.Error(err)
		}
	})
}
