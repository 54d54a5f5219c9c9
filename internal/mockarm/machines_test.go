// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// testID is the ID of an identity in DevTest as the service spells it.
func testID(name string) string {
	return testSubscription + "/resourcegroups/DevTest/providers/Microsoft.ManagedIdentity/userAssignedIdentities/" + name
}

// machineIdentityOf reads the identity of the default machine: its type and the attached IDs with their values.
func machineIdentityOf(received answer) (kind string, attached map[string]map[string]any) {
	identity, _ := received.body["identity"].(map[string]any)
	values, _ := identity["userAssignedIdentities"].(map[string]any)
	attached = map[string]map[string]any{}
	for id, value := range values {
		attached[id], _ = value.(map[string]any)
	}
	kind, _ = identity["type"].(string)
	return kind, attached
}

func TestIdentityPatchRunsAsOperation(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	id, principalID := testID("abc"), s.createIdentity("abc").value("properties", "principalId")
	before := s.must(http.StatusOK, http.MethodGet, DefaultMachineID, "")

	accepted := s.patchIdentity(fmt.Sprintf(`{"type":"SystemAssigned,UserAssigned","userAssignedIdentities":{%q:{}}}`, id))
	if accepted.status != http.StatusOK {
		t.Fatalf("status %d: %s", accepted.status, accepted.text)
	}
	if accepted.header.Get("ETag") == "" || accepted.header.Get("ETag") != accepted.value("etag") || accepted.value("etag") == before.value("etag") {
		t.Errorf("ETag %q, etag %q, before %q", accepted.header.Get("ETag"), accepted.value("etag"), before.value("etag"))
	}
	if accepted.header.Get("Location") != "" || accepted.header.Get("Retry-After") != "1" || accepted.header.Get("Azure-AsyncNotification") != "Enabled" {
		t.Errorf("headers %v", accepted.header)
	}
	if got := accepted.value("properties", "provisioningState"); got != "Updating" {
		t.Errorf("provisioningState %q", got)
	}
	kind, attached := machineIdentityOf(accepted)
	if kind != "SystemAssigned, UserAssigned" || attached[id] == nil || len(attached[id]) != 0 || len(accepted.value("identity", "principalId")) != 36 {
		t.Errorf("identity while updating: %s", accepted.text)
	}
	poll := accepted.header.Get("Azure-AsyncOperation")
	if !strings.HasPrefix(poll, a.URL()+testSubscription+"/providers/Microsoft.Compute/locations/westus/operations/") {
		t.Fatalf("Azure-AsyncOperation %q", poll)
	}
	running := s.must(http.StatusOK, http.MethodGet, poll, "")
	if running.value("status") != "InProgress" || running.header.Get("Retry-After") != "1" || running.value("endTime") != "" {
		t.Errorf("polled %s", running.text)
	}
	s.refused(http.StatusConflict, "ConflictingConcurrentWriteNotAllowed", http.MethodPatch, DefaultMachineID, `{"tags":{}}`)
	s.refused(http.StatusConflict, "ConflictingConcurrentWriteNotAllowed", http.MethodDelete, DefaultMachineID, "")
	a.world.mu.Lock()
	if len(a.world.machines[key(DefaultMachineID)].UserAssigned) != 0 {
		t.Error("the identity is attached before the operation is over")
	}
	a.world.mu.Unlock()

	a.finish()
	over := s.must(http.StatusOK, http.MethodGet, poll, "")
	if over.value("status") != "Succeeded" || over.value("endTime") == "" || over.header.Get("Retry-After") != "" {
		t.Errorf("polled %s", over.text)
	}
	after := s.must(http.StatusOK, http.MethodGet, DefaultMachineID, "")
	_, attached = machineIdentityOf(after)
	if attached[id]["principalId"] != principalID || after.value("properties", "provisioningState") != "Succeeded" || after.value("etag") != accepted.value("etag") {
		t.Errorf("after the operation: %s", after.text)
	}
	s.refused(http.StatusNotFound, "NotFound", http.MethodGet, testSubscription+"/providers/Microsoft.Compute/locations/westus/operations/"+newGUID(), "")
}

func TestIdentityPatchIsADelta(t *testing.T) {
	t.Parallel()
	one, two, three := testID("one"), testID("two"), testID("three")
	for _, test := range []struct {
		name, patch, kind, attached string
	}{
		{"adds one", fmt.Sprintf(`{"type":"userassigned","userAssignedIdentities":{%q:{}}}`, three), "UserAssigned", "one three two"},
		{"removes one", fmt.Sprintf(`{"type":"UserAssigned","userAssignedIdentities":{%q:null}}`, one), "UserAssigned", "two"},
		{"removes one in another casing", fmt.Sprintf(`{"type":"UserAssigned","userAssignedIdentities":{%q:null}}`, strings.ToUpper(one)), "UserAssigned", "two"},
		{"adds and removes", fmt.Sprintf(`{"type":"UserAssigned","userAssignedIdentities":{%q:null,%q:{}}}`, one, three), "UserAssigned", "three two"},
		{"removes an unknown one", fmt.Sprintf(`{"type":"UserAssigned","userAssignedIdentities":{%q:null}}`, testID("nobody")), "UserAssigned", "one two"},
		{"adds one that is there", fmt.Sprintf(`{"type":"UserAssigned","userAssignedIdentities":{%q:{}}}`, strings.ToUpper(one)), "UserAssigned", "one two"},
		{"changes the type only", `{"type":"SystemAssigned, UserAssigned"}`, "SystemAssigned, UserAssigned", "one two"},
		{"type in odd spelling", `{"type":"systemassigned , userassigned"}`, "SystemAssigned, UserAssigned", "one two"},
		{"leaves the system-assigned one", `{"type":"SystemAssigned","userAssignedIdentities":null}`, "SystemAssigned", ""},
		{"leaves none", `{"type":"None","userAssignedIdentities":null}`, "", ""},
		{"removes the last by name", fmt.Sprintf(`{"type":"None","userAssignedIdentities":{%q:null,%q:null}}`, one, two), "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newAzure(t)
			s := a.operator(t)
			for _, name := range []string{"one", "two", "three"} {
				s.createIdentity(name)
			}
			s.attach(one, two)
			if patched := s.patchIdentity(test.patch); patched.status != http.StatusOK {
				t.Fatalf("status %d: %s", patched.status, patched.text)
			}
			a.finish()
			machine := s.must(http.StatusOK, http.MethodGet, DefaultMachineID, "")
			kind, attached := machineIdentityOf(machine)
			names := ""
			for _, id := range []string{one, three, two} {
				if attached[id] != nil {
					names += " " + id[strings.LastIndexByte(id, '/')+1:]
				}
			}
			if kind != test.kind || strings.TrimSpace(names) != test.attached || len(attached) != len(strings.Fields(test.attached)) {
				t.Errorf("the machine has %q with %q, want %q with %q\n%s", kind, strings.TrimSpace(names), test.kind, test.attached, machine.text)
			}
			if _, shown := machine.body["identity"]; shown != (test.kind != "") {
				t.Errorf("identity shown: %t", shown)
			}
		})
	}
}

func TestIdentityPatchIsChecked(t *testing.T) {
	t.Parallel()
	entries := make([]string, 0, identityLimit+1)
	for i := range identityLimit + 1 {
		entries = append(entries, fmt.Sprintf("%q:null", testID(fmt.Sprintf("id-%d", i))))
	}
	for _, test := range []struct {
		name, identity, code, message string
	}{
		{"no type", `{"userAssignedIdentities":{}}`, "InvalidRequestContent", "The request content was invalid and could not be deserialized: 'Required property 'type' not found in JSON. Path 'identity'.'."},
		{"unknown type", `{"type":"Robot"}`, "InvalidRequestContent", "Robot"},
		{"no object", `7`, "InvalidRequestContent", "deserialized"},
		{"value is no object", fmt.Sprintf(`{"type":"UserAssigned","userAssignedIdentities":{%q:true}}`, testID("abc")), "InvalidRequestContent", "userAssignedIdentities"},
		{"names without the type", fmt.Sprintf(`{"type":"SystemAssigned","userAssignedIdentities":{%q:{}}}`, testID("abc")), "InvalidParameter", `ResourceIdentity identityIds should not be provided if the type is "SystemAssigned".`},
		{"type without names", `{"type":"UserAssigned"}`, "InvalidParameter", "should be provided"},
		{"no ID", `{"type":"UserAssigned","userAssignedIdentities":{"abc":{}}}`, "LinkedInvalidPropertyId", "Property id 'abc' at path 'identity.userAssignedIdentities' is invalid."},
		{
			"no such identity", fmt.Sprintf(`{"type":"UserAssigned","userAssignedIdentities":{%q:{}}}`, testID("gone")), "FailedIdentityOperation",
			"Identity operation for resource '" + DefaultMachineID + "' failed with error 'Failed to perform resource identity operation. Status: 'BadRequest'. Response: '{\"error\":{\"code\":\"BadRequest\",\"message\":\"Resource '" + testID("gone") + "' was not found.\"}}'.'.",
		},
		{"one bad among good", fmt.Sprintf(`{"type":"UserAssigned","userAssignedIdentities":{%q:{},%q:{}}}`, testID("abc"), testID("gone")), "FailedIdentityOperation", "gone"},
		{"another region", fmt.Sprintf(`{"type":"UserAssigned","userAssignedIdentities":{%q:{}}}`, testID("regional")), "FailedIdentityOperation", "isolation scope"},
		{"another provider", fmt.Sprintf(`{"type":"UserAssigned","userAssignedIdentities":{%q:{}}}`, testID("restricted")), "FailedIdentityOperation", "assignment restrictions"},
		{"too many", `{"type":"UserAssigned","userAssignedIdentities":{` + strings.Join(entries, ",") + `}}`, "InvalidParameter", "151"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newAzure(t).operator(t)
			s.createIdentity("abc")
			s.must(http.StatusCreated, http.MethodPut, testIdentities+"regional", `{"location":"eastus","properties":{"isolationScope":"Regional"}}`)
			s.must(http.StatusCreated, http.MethodPut, testIdentities+"restricted?api-version=2026-05-31",
				`{"location":"westus","properties":{"assignmentRestrictions":{"providers":["Microsoft.Storage","Microsoft.Compute/virtualMachineScaleSets"]}}}`)
			before := s.must(http.StatusOK, http.MethodGet, DefaultMachineID, "")
			refused := s.refused(http.StatusBadRequest, test.code, http.MethodPatch, DefaultMachineID, `{"identity":`+test.identity+`}`)
			if !strings.Contains(refused.value("error", "message"), test.message) {
				t.Errorf("message %q", refused.value("error", "message"))
			}
			if after := s.must(http.StatusOK, http.MethodGet, DefaultMachineID, ""); after.text != before.text {
				t.Errorf("a refused write has changed the machine to %s", after.text)
			}
		})
	}
}

func TestAttachingTakesTheRightToAssign(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	one, two := testID("one"), testID("two")
	for _, name := range []string{"one", "two"} {
		s.createIdentity(name)
	}
	principal := a.servicePrincipal(t, "vm-admin", "Virtual Machine Contributor", testGroup)
	admin := a.session(t, principal.ObjectID)
	refused := admin.patchIdentity(fmt.Sprintf(`{"type":"UserAssigned","userAssignedIdentities":{%q:{},%q:{}}}`, one, two))
	want := fmt.Sprintf("The client '%s' with object id '%s' has permission to perform action 'Microsoft.Compute/virtualMachines/write' on scope '%s'; however, it does not have permission "+
		"to perform action 'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action' on the linked scope(s) '%s,%s' or the linked scope(s) are invalid.",
		principal.AppID, principal.ObjectID, DefaultMachineID, one, two)
	if refused.status != http.StatusForbidden || refused.code() != "LinkedAuthorizationFailed" || refused.value("error", "message") != want {
		t.Errorf("status %d: %s\nwant the message %s", refused.status, refused.text, want)
	}
	a.world.mu.Lock()
	a.world.grant(t, principal.ObjectID, "Owner", one)
	a.world.mu.Unlock()
	if refused = admin.patchIdentity(fmt.Sprintf(`{"type":"UserAssigned","userAssignedIdentities":{%q:{},%q:{}}}`, one, two)); !strings.Contains(refused.text, "'"+two+"'") {
		t.Errorf("only the second identity is out of reach: %s", refused.text)
	}
	admin.attach(one)
	// Detaching, and the system-assigned identity, take no right on any identity.
	s.attach(two)
	if detached := admin.patchIdentity(fmt.Sprintf(`{"type":"UserAssigned","userAssignedIdentities":{%q:null}}`, two)); detached.status != http.StatusOK {
		t.Errorf("detaching: %d %s", detached.status, detached.text)
	}
	a.finish()
	// A PUT names all that are to stay, and so takes the right on each of them.
	s.attach(two)
	put := admin.do(http.MethodPut, DefaultMachineID, fmt.Sprintf(`{"location":"westus","identity":{"type":"UserAssigned","userAssignedIdentities":{%q:{},%q:{}}}}`, one, two))
	if put.status != http.StatusForbidden || put.code() != "LinkedAuthorizationFailed" {
		t.Errorf("PUT: %d %s", put.status, put.text)
	}
}

func TestPutReplacesTheIdentities(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	one, two := testID("one"), testID("two")
	for _, name := range []string{"one", "two"} {
		s.createIdentity(name)
	}
	s.attach(one)
	s.must(http.StatusOK, http.MethodPut, DefaultMachineID, fmt.Sprintf(
		`{"location":"westus","tags":{"a":"b"},"identity":{"type":"UserAssigned","userAssignedIdentities":{%q:{}}},"properties":{"hardwareProfile":{"vmSize":"Standard_B1s"}}}`, two))
	a.finish()
	machine := s.must(http.StatusOK, http.MethodGet, DefaultMachineID, "")
	if _, attached := machineIdentityOf(machine); len(attached) != 1 || attached[two] == nil {
		t.Errorf("attached are %v", attached)
	}
	if machine.value("properties", "vmId") != DefaultVMID || machine.value("tags", "a") != "b" || machine.value("properties", "hardwareProfile", "vmSize") != "Standard_B1s" {
		t.Errorf("the machine is %s", machine.text)
	}
	// Without the property the identities stay.
	s.must(http.StatusOK, http.MethodPut, DefaultMachineID, `{"location":"westus"}`)
	a.finish()
	if _, attached := machineIdentityOf(s.must(http.StatusOK, http.MethodGet, DefaultMachineID, "")); len(attached) != 1 {
		t.Errorf("attached are %v", attached)
	}
	s.refused(http.StatusConflict, "InvalidResourceLocation", http.MethodPut, DefaultMachineID, `{"location":"eastus"}`)
}

func TestMachineLivesAndDies(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	machine := testGroup + "/providers/Microsoft.Compute/virtualMachines/second"
	made := s.must(http.StatusCreated, http.MethodPut, machine, `{"location":"West US","zones":["1"],"identity":{"type":"SystemAssigned"},
		"properties":{"userData":"c2VjcmV0","osProfile":{"computerName":"second","adminPassword":"hunter2","customData":"eA=="}}}`)
	if made.value("properties", "provisioningState") != "Creating" || made.value("etag") != `"1"` || made.header.Get("Azure-AsyncOperation") == "" {
		t.Errorf("made %s", made.text)
	}
	if strings.Contains(made.text, "hunter2") || strings.Contains(made.text, "customData") || strings.Contains(made.text, "userData") {
		t.Errorf("secrets are given back: %s", made.text)
	}
	a.finish()
	read := s.must(http.StatusOK, http.MethodGet, machine+"?$expand=instanceView,userData", "")
	if read.value("properties", "userData") != "c2VjcmV0" || read.value("properties", "instanceView", "computerName") != "second" || read.value("properties", "osProfile", "computerName") != "second" {
		t.Errorf("expanded to %s", read.text)
	}
	s.refused(http.StatusBadRequest, "InvalidParameter", http.MethodGet, machine+"?$expand=everything", "")
	s.must(http.StatusOK, http.MethodPatch, machine, `{"tags":{"x":"y"},"properties":{"osProfile":{"computerName":"renamed"},"hardwareProfile":{"vmSize":"Standard_B2s"}}}`)
	a.finish()
	read = s.must(http.StatusOK, http.MethodGet, machine, "")
	if read.value("tags", "x") != "y" || read.value("properties", "osProfile", "computerName") != "renamed" || read.value("properties", "hardwareProfile", "vmSize") != "Standard_B2s" {
		t.Errorf("patched to %s", read.text)
	}
	for scope, want := range map[string]int{testGroup: 2, testSubscription: 2} {
		if got := len(s.must(http.StatusOK, http.MethodGet, scope+"/providers/Microsoft.Compute/virtualMachines", "").items()); got != want {
			t.Errorf("%s lists %d machines, want %d", scope, got, want)
		}
	}

	deletion := s.must(http.StatusAccepted, http.MethodDelete, machine, "")
	location := deletion.header.Get("Location")
	s.must(http.StatusAccepted, http.MethodGet, location, "")
	if got := s.must(http.StatusOK, http.MethodGet, machine, "").value("properties", "provisioningState"); got != "Deleting" {
		t.Errorf("provisioningState %q", got)
	}
	a.finish()
	s.must(http.StatusOK, http.MethodGet, location, "")
	s.refused(http.StatusNotFound, "ResourceNotFound", http.MethodGet, machine, "")
	s.refused(http.StatusNotFound, "ResourceNotFound", http.MethodPatch, machine, `{}`)
	s.must(http.StatusNoContent, http.MethodDelete, machine, "")
	a.world.mu.Lock()
	defer a.world.mu.Unlock()
	if a.world.principals[key(read.value("identity", "principalId"))] != nil {
		t.Error("the machine's own identity has outlived it")
	}
}

func TestMachineWritesAreConditional(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	current := s.must(http.StatusOK, http.MethodGet, DefaultMachineID, "").value("etag")
	for _, test := range []struct {
		name, version, header, value string
		status                       int
	}{
		{"current", "2024-11-01", "If-Match", current, http.StatusOK},
		{"one of several", "2024-11-01", "If-Match", `"77", ` + current, http.StatusOK},
		{"any", "2024-11-01", "If-Match", "*", http.StatusOK},
		{"stale", "2024-11-01", "If-Match", `"77"`, http.StatusPreconditionFailed},
		{"stale, but the version knows no conditions", "2023-07-01", "If-Match", `"77"`, http.StatusOK},
		{"none, but there is one", "2024-11-01", "If-None-Match", "*", http.StatusPreconditionFailed},
		{"other than the stale one", "2024-11-01", "If-None-Match", `"77"`, http.StatusOK},
	} {
		// One after the other: each write makes another etag.
		version := s.must(http.StatusOK, http.MethodGet, DefaultMachineID, "").value("etag")
		value := strings.ReplaceAll(test.value, current, version)
		received := s.must(test.status, http.MethodPatch, DefaultMachineID+"?api-version="+test.version, `{"tags":{}}`, test.header, value)
		if test.status == http.StatusPreconditionFailed && received.code() != "PreconditionFailed" {
			t.Errorf("%s: %s", test.name, received.text)
		}
		if test.name == "stale" {
			if want := fmt.Sprintf(`Etag provided in if-match header "77" does not match etag %s of resource.`, version); received.value("error", "message") != want {
				t.Errorf("message %q, want %q", received.value("error", "message"), want)
			}
		}
		a.finish()
	}
	s.refused(http.StatusPreconditionFailed, "PreconditionFailed", http.MethodPut, DefaultMachineID+"2", `{"location":"westus"}`, "If-Match", "*")
	s.must(http.StatusCreated, http.MethodPut, DefaultMachineID+"2", `{"location":"westus"}`, "If-None-Match", "*")
	if old := s.must(http.StatusOK, http.MethodGet, DefaultMachineID+"?api-version=2023-07-01", ""); old.value("etag") != "" || old.header.Get("ETag") != "" {
		t.Errorf("a version without etags shows one: %s", old.text)
	}
}

func TestDeletedIdentityLeavesADeadAttachment(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	id := testID("abc")
	s.createIdentity("abc")
	s.attach(id)
	s.must(http.StatusOK, http.MethodDelete, id, "")
	dead := func(when string) {
		t.Helper()
		_, attached := machineIdentityOf(s.must(http.StatusOK, http.MethodGet, DefaultMachineID, ""))
		if value, still := attached[id]; !still || len(value) != 0 {
			t.Errorf("%s: attached are %v, want one without GUIDs", when, attached)
		}
	}
	dead("deleted")
	principalID := s.createIdentity("abc").value("properties", "principalId")
	dead("made again")
	s.attach(id)
	dead("attached without having been detached")
	s.must(http.StatusOK, http.MethodPatch, DefaultMachineID, `{"identity":{"type":"None"}}`)
	a.finish()
	s.attach(id)
	if _, attached := machineIdentityOf(s.must(http.StatusOK, http.MethodGet, DefaultMachineID, "")); attached[id]["principalId"] != principalID {
		t.Errorf("attached are %v", attached)
	}
}

func TestSystemAssignedIdentityComesAndGoes(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	own := DefaultMachineID + "/providers/Microsoft.ManagedIdentity/identities/default"
	s.refused(http.StatusNotFound, "ResourceNotFound", http.MethodGet, own, "")
	principalID := s.patchIdentity(`{"type":"SystemAssigned"}`).value("identity", "principalId")
	a.finish()
	shown := s.must(http.StatusOK, http.MethodGet, own, "")
	if shown.value("properties", "principalId") != principalID || len(shown.value("properties", "clientId")) != 36 || shown.value("id") != own {
		t.Errorf("the identity is %s", shown.text)
	}
	s.must(http.StatusCreated, http.MethodPut, testAssignments+newGUID(), assignmentBody(principalID, readerRole, ""))
	if again := s.patchIdentity(`{"type":"SystemAssigned"}`).value("identity", "principalId"); again != principalID {
		t.Errorf("a second PATCH made another principal: %q", again)
	}
	a.finish()
	s.patchIdentity(`{"type":"None"}`)
	a.finish()
	s.refused(http.StatusNotFound, "ResourceNotFound", http.MethodGet, own, "")
	s.refused(http.StatusNotFound, "ParentResourceNotFound", http.MethodGet, DefaultMachineID+"x/providers/Microsoft.ManagedIdentity/identities/default", "")
	s.refused(http.StatusBadRequest, "PrincipalNotFound", http.MethodPut, testAssignments+newGUID(), assignmentBody(principalID, contributorRole, ""))
}
