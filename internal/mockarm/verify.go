// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Verify checks what must hold between the objects of a world whatever has happened to it, and names what does not. It is for
// tests of the mock itself, and for states that are restored.
func (w *World) Verify() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.settle()
	return w.verify()
}

func (w *World) verify() error {
	var wrong []error
	demand := func(holds bool, format string, args ...any) {
		if !holds {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	for id, identity := range w.identities {
		p := w.principals[key(identity.PrincipalID)]
		demand(p != nil && key(p.ResourceID) == id && key(p.AppID) == key(identity.ClientID), "the identity %s has no principal", identity.ID)
		demand(w.groupOf(identity.ID) != nil, "the identity %s is in no resource group", identity.ID)
		demand(len(identity.federated) <= maxFederatedCredentials, "the identity %s has %d federated credentials", identity.ID, len(identity.federated))
	}
	for _, p := range w.principals {
		identity, h := w.identities[key(p.ResourceID)], w.host(p.ResourceID)
		owned := identity != nil && key(identity.PrincipalID) == key(p.ObjectID) || h != nil && (h.identity().has(p) || h.pending != nil && h.pending.has(p))
		demand(p.ResourceID == "" || owned, "the principal %s of %s belongs to nothing", p.ObjectID, p.ResourceID)
	}
	for h := range w.hosts() {
		own := h.SystemAssigned
		demand(own == nil || w.principals[key(own.PrincipalID)] != nil, "the system-assigned identity of %s has no principal", h.ID)
		demand(w.groupOf(h.ID) != nil, "%s is in no resource group", h.ID)
		running := w.operations[key(h.OperationID)]
		demand(h.OperationID == "" || running != nil && running.Status == inProgress && key(running.TargetID) == key(h.ID), "%s waits for the operation %s, which is not in progress", h.ID, h.OperationID)
		demand(h.pending == nil || h.OperationID != "", "%s is to get an identity, and nothing will give it", h.ID)
	}
	return errors.Join(append(wrong, w.roleAssignments.verify(w))...)
}

// has tells whether a principal is that of the system-assigned identity.
func (i machineIdentity) has(p *Principal) bool {
	return i.system != nil && key(i.system.PrincipalID) == key(p.ObjectID)
}

// groupOf is the resource group that a resource is in.
func (w *World) groupOf(id string) *ResourceGroup {
	segments := strings.SplitN(id, "/", 6)
	return w.resourceGroups[key(strings.Join(segments[:min(5, len(segments))], "/"))]
}

// verify checks that the indexes of the assignments tell the same, and that nothing is granted twice.
func (s *assignmentStore) verify(w *World) error {
	var wrong []error
	for id, a := range s.byID {
		same := id == key(a.ID) && s.byName[key(a.Name)][id] == a && s.byPrincipal[key(a.PrincipalID)][id] == a && s.byGrant[a.grant()][id] == a
		if !same {
			wrong = append(wrong, fmt.Errorf("the role assignment %s is not where it is looked for", a.ID))
		}
		if w.roleDefinition(a.RoleGUID) == nil {
			wrong = append(wrong, fmt.Errorf("the role assignment %s is of no role", a.ID))
		}
		if len(s.byGrant[a.grant()]) > 1 {
			wrong = append(wrong, fmt.Errorf("the role assignment %s grants what another one does", a.ID))
		}
	}
	for _, index := range []assignmentSets{s.byName, s.byPrincipal, s.byGrant} {
		count := 0
		for _, set := range index {
			count += len(set)
		}
		if count != len(s.byID) {
			wrong = append(wrong, fmt.Errorf("an index has %d role assignments of %d", count, len(s.byID)))
		}
	}
	sorted := s.ordered()
	if len(sorted) != len(s.byID) || !slices.IsSortedFunc(sorted, placedAssignment.compare) {
		wrong = append(wrong, fmt.Errorf("%d role assignments are in order of %d", len(sorted), len(s.byID)))
	}
	return errors.Join(wrong...)
}
