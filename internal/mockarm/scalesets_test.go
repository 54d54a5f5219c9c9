// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

const testScaleSet = testGroup + "/providers/Microsoft.Compute/virtualMachineScaleSets/web"

// makeScaleSet makes a Uniform scale set with two instances.
func (s *session) makeScaleSet(upgradeMode string) answer {
	s.t.Helper()
	made := s.must(http.StatusCreated, http.MethodPut, testScaleSet, fmt.Sprintf(`{"location":"westus","sku":{"name":"Standard_B1s","tier":"Standard","capacity":2},
		"properties":{"upgradePolicy":{"mode":%q},"virtualMachineProfile":{"osProfile":{"computerNamePrefix":"web","adminPassword":"hunter2"}}}}`, upgradeMode))
	s.azure.finish()
	return made
}

// attachToSet attaches identities to the scale set, and waits for it.
func (s *session) attachToSet(ids ...string) answer {
	s.t.Helper()
	entries := make([]string, 0, len(ids))
	for _, id := range ids {
		entries = append(entries, fmt.Sprintf("%q:{}", id))
	}
	accepted := s.must(http.StatusOK, http.MethodPatch, testScaleSet,
		`{"identity":{"type":"UserAssigned","userAssignedIdentities":{`+strings.Join(entries, ",")+`}}}`)
	s.azure.finish()
	return accepted
}

// upToDate tells which instances have the latest model, in the order of the list.
func (s *session) upToDate() string {
	s.t.Helper()
	told := ""
	for _, instance := range s.must(http.StatusOK, http.MethodGet, testScaleSet+"/virtualMachines", "").items() {
		properties, _ := instance["properties"].(map[string]any)
		told += fmt.Sprintf("%s:%t ", instance["instanceId"], properties["latestModelApplied"])
	}
	return strings.TrimSpace(told)
}

func TestScaleSetLivesAndDies(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	made := s.makeScaleSet("manual")
	if made.value("properties", "provisioningState") != "Creating" || made.value("properties", "upgradePolicy", "mode") != "Manual" ||
		made.value("properties", "orchestrationMode") != "Uniform" || made.value("etag") != `"1"` || made.header.Get("ETag") != `"1"` || made.value("type") != scaleSets {
		t.Errorf("made %s", made.text)
	}
	if strings.Contains(made.text, "hunter2") {
		t.Errorf("a secret is given back: %s", made.text)
	}
	for _, scope := range []string{testGroup, testSubscription} {
		if got := s.must(http.StatusOK, http.MethodGet, scope+"/providers/Microsoft.Compute/virtualMachineScaleSets", "").items(); len(got) != 1 {
			t.Errorf("%s lists %v", scope, got)
		}
	}
	grown := s.must(http.StatusOK, http.MethodPatch, testScaleSet, `{"sku":{"capacity":3},"tags":{"a":"b"}}`)
	if grown.header.Get("Azure-AsyncOperation") == "" || grown.header.Get("Retry-After") != "1" {
		t.Errorf("headers %v", grown.header)
	}
	s.refused(http.StatusConflict, "ConflictingConcurrentWriteNotAllowed", http.MethodPatch, testScaleSet, `{}`)
	a.finish()
	if got := s.upToDate(); got != "0:true 1:true 2:true" {
		t.Errorf("after growing without a change of the model: %s", got)
	}
	one := s.must(http.StatusOK, http.MethodGet, testScaleSet+"/virtualMachines/1", "")
	if one.value("name") != "web_1" || one.value("instanceId") != "1" || one.value("tags", "a") != "b" || len(one.value("properties", "vmId")) != 36 {
		t.Errorf("the instance is %s", one.text)
	}
	s.must(http.StatusOK, http.MethodPatch, testScaleSet, `{"sku":{"capacity":1}}`)
	a.finish()
	if got := s.upToDate(); got != "0:true" {
		t.Errorf("after shrinking: %s", got)
	}
	s.refused(http.StatusNotFound, "ResourceNotFound", http.MethodGet, testScaleSet+"/virtualMachines/1", "")
	s.refused(http.StatusPreconditionFailed, "PreconditionFailed", http.MethodPatch, testScaleSet, `{}`, "If-Match", `"1"`)
	s.must(http.StatusAccepted, http.MethodDelete, testScaleSet, "")
	s.refused(http.StatusConflict, "OperationNotAllowed", http.MethodPatch, testScaleSet, `{}`)
	a.finish()
	for path, code := range map[string]string{"": "ResourceNotFound", "/virtualMachines": "ParentResourceNotFound", "/virtualMachines/0": "ParentResourceNotFound"} {
		s.refused(http.StatusNotFound, code, http.MethodGet, testScaleSet+path, "")
	}
	s.refused(http.StatusNotFound, "ResourceNotFound", http.MethodPatch, testScaleSet, `{}`)
	s.must(http.StatusNoContent, http.MethodDelete, testScaleSet, "")
}

func TestScaleSetIdentityPatchIsADelta(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	s.makeScaleSet("Automatic")
	one, two := s.createIdentity("one"), s.createIdentity("two")
	if accepted := s.attachToSet(one.value("id")); accepted.value("properties", "provisioningState") != "Updating" {
		t.Errorf("accepted %s", accepted.text)
	}
	s.attachToSet(two.value("id"))
	s.must(http.StatusOK, http.MethodPatch, testScaleSet, fmt.Sprintf(
		`{"identity":{"type":"SystemAssigned, UserAssigned","userAssignedIdentities":{%q:null}}}`, strings.ToUpper(one.value("id"))))
	a.finish()
	set := s.must(http.StatusOK, http.MethodGet, testScaleSet, "")
	kind, attached := machineIdentityOf(set)
	if kind != "SystemAssigned, UserAssigned" || len(attached) != 1 || attached[two.value("id")]["clientId"] != two.value("properties", "clientId") {
		t.Errorf("the scale set has %s", set.text)
	}
	own := s.must(http.StatusOK, http.MethodGet, testScaleSet+"/providers/Microsoft.ManagedIdentity/identities/default", "")
	if own.value("properties", "principalId") != set.value("identity", "principalId") || len(own.value("properties", "clientId")) != 36 {
		t.Errorf("its own identity is %s", own.text)
	}
	// A PUT without the properties of an identity keeps it, and with them replaces it.
	const rest = `"location":"westus","properties":{"upgradePolicy":{"mode":"Automatic"}}`
	s.must(http.StatusOK, http.MethodPut, testScaleSet, `{`+rest+`}`)
	a.finish()
	if got, _ := machineIdentityOf(s.must(http.StatusOK, http.MethodGet, testScaleSet, "")); got != kind {
		t.Errorf("identity %s after a PUT without one", got)
	}
	s.must(http.StatusOK, http.MethodPut, testScaleSet, `{`+rest+`,"identity":{"type":"SystemAssigned"}}`)
	a.finish()
	if got, _ := machineIdentityOf(s.must(http.StatusOK, http.MethodGet, testScaleSet, "")); got != "SystemAssigned" {
		t.Errorf("identity %s after a PUT of SystemAssigned", got)
	}
	s.must(http.StatusAccepted, http.MethodDelete, testScaleSet, "")
	a.finish()
	for _, principal := range a.world.State().Principals {
		if principal.ObjectID == own.value("properties", "principalId") {
			t.Error("the scale set's own identity has outlived it")
		}
	}
}

func TestScaleSetIsChecked(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	refused := func(status int, code, method, path, body string) {
		t.Helper()
		s.refused(status, code, method, path, body)
	}
	refused(http.StatusBadRequest, "LocationRequired", http.MethodPut, testScaleSet, `{}`)
	refused(http.StatusBadRequest, "InvalidParameter", http.MethodPut, testScaleSet, `{"location":"westus"}`)
	refused(http.StatusBadRequest, "InvalidParameter", http.MethodPut, testScaleSet, `{"location":"westus","properties":{"upgradePolicy":{"mode":"Never"}}}`)
	refused(http.StatusBadRequest, "InvalidParameter", http.MethodPut, testScaleSet, `{"location":"westus","properties":{"orchestrationMode":"Chaotic"}}`)
	s.makeScaleSet("Manual")
	refused(http.StatusConflict, "InvalidResourceLocation", http.MethodPut, testScaleSet, `{"location":"eastus","properties":{"upgradePolicy":{"mode":"Manual"}}}`)
	refused(http.StatusConflict, "PropertyChangeNotAllowed", http.MethodPatch, testScaleSet, `{"properties":{"orchestrationMode":"Flexible"}}`)
	refused(http.StatusBadRequest, "InvalidParameter", http.MethodPost, testScaleSet+"/manualupgrade", `{"instanceIds":["7"]}`)
	refused(http.StatusBadRequest, "InvalidParameter", http.MethodPost, testScaleSet+"/manualupgrade", `{}`)
	refused(http.StatusNotFound, "ResourceNotFound", http.MethodPost, testScaleSet+"2/manualupgrade", `{"instanceIds":["*"]}`)
	if state := a.world.State().VirtualMachineScaleSets; len(state) != 1 || state[0].Etag != 1 || state[0].ProvisioningState != "Succeeded" {
		t.Errorf("a refused write has left %+v", state)
	}

	reader := a.session(t, a.servicePrincipal(t, "reader", "Reader", testGroup).ObjectID)
	reader.must(http.StatusOK, http.MethodGet, testScaleSet+"/virtualMachines/0", "")
	reader.refused(http.StatusForbidden, "AuthorizationFailed", http.MethodPost, testScaleSet+"/manualupgrade", `{"instanceIds":["*"]}`)
	writer := a.session(t, a.servicePrincipal(t, "writer", "Virtual Machine Contributor", testGroup).ObjectID)
	writer.refused(http.StatusForbidden, "LinkedAuthorizationFailed", http.MethodPatch, testScaleSet,
		fmt.Sprintf(`{"identity":{"type":"UserAssigned","userAssignedIdentities":{%q:{}}}}`, s.createIdentity("abc").value("id")))
}

func TestInstancesFollowTheModelByUpgradeMode(t *testing.T) {
	t.Parallel()
	t.Run("Automatic", func(t *testing.T) {
		t.Parallel()
		a := newAzure(t)
		s := a.operator(t)
		s.makeScaleSet("Automatic")
		s.attachToSet(s.createIdentity("abc").value("id"))
		if got := s.upToDate(); got != "0:true 1:true" {
			t.Error(got)
		}
	})
	t.Run("Manual", func(t *testing.T) {
		t.Parallel()
		a := newAzure(t)
		s := a.operator(t)
		s.makeScaleSet("Manual")
		id := s.createIdentity("abc").value("id")
		s.attachToSet(id)
		if got := s.upToDate(); got != "0:false 1:false" {
			t.Errorf("before the upgrade: %s", got)
		}
		instance := s.must(http.StatusOK, http.MethodGet, testScaleSet+"/virtualMachines/0", "")
		if _, shown := instance.body["identity"]; shown {
			t.Errorf("the instance shows an identity that it has not got: %s", instance.text)
		}
		upgrade := s.must(http.StatusAccepted, http.MethodPost, testScaleSet+"/manualupgrade", `{"instanceIds":["1"]}`)
		s.refused(http.StatusConflict, "ConflictingConcurrentWriteNotAllowed", http.MethodPost, testScaleSet+"/manualupgrade", `{"instanceIds":["*"]}`)
		a.finish()
		s.must(http.StatusOK, http.MethodGet, upgrade.header.Get("Location"), "")
		if got := s.upToDate(); got != "0:false 1:true" {
			t.Errorf("after the upgrade of one: %s", got)
		}
		s.must(http.StatusAccepted, http.MethodPost, testScaleSet+"/manualupgrade", `{"instanceIds":["*"]}`)
		a.finish()
		if got := s.upToDate(); got != "0:true 1:true" {
			t.Errorf("after the upgrade of all: %s", got)
		}
		if _, attached := machineIdentityOf(s.must(http.StatusOK, http.MethodGet, testScaleSet+"/virtualMachines/0", "")); attached[id] == nil {
			t.Errorf("the instance has %v", attached)
		}
	})
	t.Run("Rolling", func(t *testing.T) {
		t.Parallel()
		a := newAzure(t)
		s := a.operator(t)
		s.makeScaleSet("Rolling")
		s.attachToSet(s.createIdentity("abc").value("id"))
		for _, want := range []string{"0:false 1:false", "0:true 1:false", "0:true 1:true"} {
			if got := s.upToDate(); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			a.finish()
		}
		// Time that passes in one go rolls over all of them, and over a model that changes on the way.
		s.attachToSet(s.createIdentity("def").value("id"))
		s.attachToSet(s.createIdentity("ghi").value("id"))
		a.clock.Advance(time.Minute)
		if got := s.upToDate(); got != "0:true 1:true" {
			t.Error(got)
		}
	})
}

func TestFlexibleScaleSetHasOrdinaryMachines(t *testing.T) {
	t.Parallel()
	seed := DefaultSeed()
	seed.VirtualMachineScaleSets = []SeedScaleSet{{ResourceGroup: "DevTest", Name: "web", OrchestrationMode: "flexible"}}
	seed.VirtualMachines[0].Properties = map[string]any{"virtualMachineScaleSet": map[string]any{"id": strings.ToUpper(testScaleSet)}}
	world, err := NewWorld(seed, &Clock{})
	if err != nil {
		t.Fatal(err)
	}
	a := &azure{Server: NewServer(world), clock: world.clock}
	s := a.operator(t)
	instance := s.must(http.StatusOK, http.MethodGet, testScaleSet+"/virtualMachines/vm-linux", "")
	if instance.value("properties", "virtualMachineResourceId") != DefaultMachineID || instance.value("properties", "vmId") != DefaultVMID {
		t.Errorf("the instance is %s", instance.text)
	}
	if got := s.upToDate(); got != "vm-linux:true" {
		t.Errorf("instances %s", got)
	}
	s.refused(http.StatusBadRequest, "BadRequest", http.MethodPost, testScaleSet+"/manualupgrade", `{"instanceIds":["*"]}`)
	if got := a.ask(t, http.MethodGet, "/metadata/instance/compute/vmScaleSetName?api-version=2021-02-01&format=text"); got.text != "web" {
		t.Errorf("the machine belongs to %q", got.text)
	}
}

func TestScaleSetGetsTokensOfItsIdentities(t *testing.T) {
	t.Parallel()
	seed := DefaultSeed()
	seed.Identities = []SeedIdentity{{ResourceGroup: "DevTest", Name: "reader"}}
	seed.VirtualMachineScaleSets = []SeedScaleSet{{ResourceGroup: "DevTest", Name: "web", Capacity: 2, SystemAssigned: true, UserAssignedIdentities: []string{testID("reader")}}}
	seed.RoleAssignments = append(seed.RoleAssignments, SeedRoleAssignment{Role: "Reader", Principal: testScaleSet, Scope: testGroup})
	world, err := NewWorld(seed, &Clock{})
	if err != nil {
		t.Fatal(err)
	}
	a := &azure{Server: NewServer(world), clock: world.clock}
	t.Cleanup(func() { _ = a.Close() })
	if id, err := world.FindMachine("WEB"); err != nil || id != testScaleSet {
		t.Fatalf("found %q, %v", id, err)
	}
	if id, err := world.FindMachine(""); err != nil || id != "" {
		t.Errorf("of two, the only one is %q, %v", id, err)
	}
	if _, err := a.IMDSEndpoint(testScaleSet); err != nil {
		t.Error(err)
	}
	ask := func(path string) answer {
		r := newRequest(t, http.MethodGet, "http://169.254.169.254"+path, "")
		r.Header.Set("Metadata", "true")
		return roundTrip(t, a.IMDSTransport(testScaleSet), r)
	}
	state := world.State()
	web, identity := state.VirtualMachineScaleSets[0], state.Identities[0]
	if got := ask(imdsTokenPath + testMachineToken + "&client_id=" + identity.ClientID); got.value("client_id") != identity.ClientID {
		t.Errorf("the user-assigned identity: %s", got.text)
	}
	own := ask(imdsTokenPath + testMachineToken)
	if own.value("client_id") != web.SystemAssigned.ClientID {
		t.Errorf("the system-assigned identity: %s", own.text)
	}
	(&session{t: t, azure: a, token: own.value("access_token")}).must(http.StatusOK, http.MethodGet, testGroup, "")
	compute, _ := ask("/metadata/instance?api-version=2021-02-01").body["compute"].(map[string]any)
	if compute["vmScaleSetName"] != "web" || compute["name"] != "web_0" || compute["resourceId"] != testScaleSet+"/virtualMachines/0" || compute["vmSize"] != "Standard_B1s" {
		t.Errorf("the instance knows of itself %v", compute)
	}
}
