// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

const locks = "Microsoft.Authorization/locks"

// lockVersions are the API versions of management locks, which are not those of the rest of Microsoft.Authorization.
var lockVersions = []string{"2015-01-01", "2015-05-01-preview", "2015-06-01", "2016-09-01", "2017-04-01", "2020-05-01"}

// LockLevel tells what a lock forbids.
type LockLevel string

// The levels of locks (Microsoft Learn: azure-resource-manager/management/lock-resources).
const (
	CanNotDelete LockLevel = "CanNotDelete"
	ReadOnly     LockLevel = "ReadOnly"
)

// lockLevel reads a level, in the service's own spelling.
func lockLevel(text string) (level LockLevel, known bool) {
	for _, level := range []LockLevel{CanNotDelete, ReadOnly} {
		if strings.EqualFold(text, string(level)) {
			return level, true
		}
	}
	return "", false
}

// Lock is a Microsoft.Authorization/locks resource. It counts at its scope and everywhere below.
type Lock struct {
	ID    string
	Name  string
	Scope string
	Level LockLevel
	Notes string
}

// A lockBody is a lock on the wire.
type lockBody struct {
	Properties lockProperties `json:"properties"`
	ID         string         `json:"id"`
	Type       string         `json:"type"`
	Name       string         `json:"name"`
}

type lockProperties struct {
	Level string `json:"level"`
	Notes string `json:"notes,omitempty"`
}

func (l *Lock) body() lockBody {
	return lockBody{Properties: lockProperties{Level: string(l.Level), Notes: l.Notes}, ID: l.ID, Type: locks, Name: l.Name}
}

// newLock makes a lock of a scope.
func newLock(scope, name string, level LockLevel, notes string) *Lock {
	scope = "/" + strings.Trim(scope, "/")
	return &Lock{ID: strings.TrimSuffix(scope, "/") + "/providers/" + locks + "/" + name, Name: name, Scope: scope, Level: level, Notes: notes}
}

// checkLocks refuses what a lock forbids: on CanNotDelete, deletions; on ReadOnly, writes and actions, too. What lies below
// a locked scope is locked, role assignments included, and what has something locked below it cannot be deleted
// (Microsoft Learn: lock-resources, "Lock inheritance" and "Considerations before applying your locks"). Locks themselves
// are not: the way to a deletion is to remove the lock.
func (v *visit) checkLocks() *response {
	t, operation := v.request.target, "write"
	switch v.request.method {
	case http.MethodGet, http.MethodHead:
		return nil
	case http.MethodDelete:
		operation = "delete"
	}
	if strings.EqualFold(t.provider()+"/"+t.typeName(), locks) {
		return nil
	}
	var locked []string
	for _, id := range slices.Sorted(maps.Keys(v.world.locks)) {
		lock := v.world.locks[id]
		forbids := encloses(lock.Scope, t.path) && (operation == "delete" || lock.Level == ReadOnly)
		if forbids || operation == "delete" && encloses(t.path, lock.Scope) {
			locked = append(locked, lock.Scope)
		}
	}
	if len(locked) == 0 {
		return nil
	}
	return gateway(fail(http.StatusConflict, "ScopeLocked", fmt.Sprintf(
		"The scope '%s' cannot perform %s operation because following scope(s) are locked: '%s'. Please remove the lock and try again.",
		t.path, operation, strings.Join(slices.Compact(locked), ","))))
}

func getLock(w *World, req *request) *response {
	lock := w.locks[key(req.target.path)]
	if lock == nil {
		return fail(http.StatusNotFound, "LockNotFound", fmt.Sprintf("The lock '%s' could not be found.", req.target.name()))
	}
	return ok(lock.body())
}

// listLocks lists what is locked at, above and below a scope; atScope() leaves out what is below (Microsoft Learn:
// Get-AzResourceLock).
func listLocks(w *World, req *request) *response {
	text := queryValue(req, "$filter")
	terms, err := parseFilter(text)
	if err != nil || len(terms) > 1 || len(terms) == 1 && (terms[0].name != "atscope" || !terms[0].call) {
		return unsupportedFilter(text)
	}
	bodies := []lockBody{}
	for _, id := range slices.Sorted(maps.Keys(w.locks)) {
		lock := w.locks[id]
		if encloses(lock.Scope, req.target.scope) || len(terms) == 0 && encloses(req.target.scope, lock.Scope) {
			bodies = append(bodies, lock.body())
		}
	}
	return page(w, req, bodies)
}

// lockName is the pattern of Microsoft Learn: resource-name-rules, "Microsoft.Authorization".
var lockName = regexp.MustCompile(`^[^<>%&:\\?/[:cntrl:]]{1,90}$`)

func putLock(w *World, req *request) *response {
	var body lockBody
	if refusal := decode(req, &body); refusal != nil {
		return refusal
	}
	if !lockName.MatchString(req.target.name()) {
		return fail(http.StatusBadRequest, "InvalidLockName", fmt.Sprintf("The lock name '%s' is invalid.", req.target.name()))
	}
	level, known := lockLevel(body.Properties.Level)
	if !known {
		return fail(http.StatusBadRequest, "LockLevelInvalid", fmt.Sprintf(
			"The lock level '%s' is invalid. It must be 'CanNotDelete' or 'ReadOnly'.", body.Properties.Level))
	}
	if lock := w.locks[key(req.target.path)]; lock != nil {
		lock.Level, lock.Notes = level, body.Properties.Notes
		return ok(lock.body())
	}
	lock := newLock(req.target.scope, req.target.name(), level, body.Properties.Notes)
	w.locks[key(lock.ID)] = lock
	return created(lock.body())
}

func deleteLock(w *World, req *request) *response {
	lock := w.locks[key(req.target.path)]
	if lock == nil {
		return noContent()
	}
	delete(w.locks, key(lock.ID))
	return &response{status: http.StatusOK}
}
