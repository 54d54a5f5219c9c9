// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// The provisioning states of a host. Creating, Updating and Deleting are those of a write in progress.
const (
	creating = "Creating"
	updating = "Updating"
)

// A hostWrite is the body of a PUT or PATCH of a host.
type hostWrite struct {
	Location   string             `json:"location"`
	Tags       *map[string]string `json:"tags"`
	Zones      []string           `json:"zones"`
	Plan       map[string]any     `json:"plan"`
	SKU        map[string]any     `json:"sku"`
	Identity   json.RawMessage    `json:"identity"`
	Properties map[string]any     `json:"properties"`

	change *identityChange // what Identity says; nil where it is not there
}

// readHostWrite reads a write and has ARM's checks of what it links to done.
func readHostWrite(w *World, req *request, kind string) (body hostWrite, refusal *response) {
	if refusal = decode(req, &body); refusal != nil {
		return body, refusal
	}
	if body.change, refusal = readIdentityChange(body.Identity); refusal != nil {
		return body, refusal
	}
	return body, w.linkedAccess(req, body.change, kind+"/write")
}

// replace takes over everything that a PUT says.
func (h *Host) replace(body hostWrite) {
	h.Tags = nil
	if body.Tags != nil {
		h.Tags = maps.Clone(*body.Tags)
	}
	h.Zones, h.Plan, h.Properties = slices.Clone(body.Zones), cloneJSON(body.Plan), writable(body.Properties)
}

// merge takes over what a PATCH names.
func (h *Host) merge(body hostWrite) {
	if body.Tags != nil {
		h.Tags = maps.Clone(*body.Tags)
	}
	h.Properties = mergeJSON(h.Properties, writable(body.Properties))
}

// admitWrite refuses a write that comes while the host is on its way out, or is being written.
func (h *Host) admitWrite(operation string) *response {
	switch {
	case h.ProvisioningState == deleting:
		return markedForDeletion(h, operation)
	case h.OperationID != "" || h.ProvisioningState == updating || h.ProvisioningState == creating:
		return conflictingWrite()
	default:
		return nil
	}
}

// startWrite checks that a host may be written now, and starts the operation that gives it its new identity. A write that is
// refused has changed nothing.
func (w *World) startWrite(req *request, h *Host, change *identityChange, replace bool) *response {
	if refusal := precondition(req, h.Etag); refusal != nil {
		return refusal
	}
	if refusal := h.admitWrite("Update VM"); refusal != nil {
		return refusal
	}
	var next *machineIdentity
	if change != nil {
		var refusal *response
		if next, refusal = w.changeIdentity(h, change, replace); refusal != nil {
			return refusal
		}
	}
	state := updating
	if h.Etag == 0 {
		state = creating
	}
	h.pending, h.ProvisioningState = next, state
	h.Etag++
	h.OperationID = w.begin(req, h.ID, WriteHost).ID
	return nil
}

// hostIn is the host that an operation is in progress on, nil if it is gone or another one has taken its place.
func (w *World) hostIn(o *Operation) *Host {
	if h := w.host(o.TargetID); h != nil && h.OperationID == o.ID {
		return h
	}
	return nil
}

// endHostWrite ends the write of a host: only now can it act as the identities that were attached, unless the operation
// has come to nothing.
func (w *World) endHostWrite(ended *Operation) {
	h := w.hostIn(ended)
	if h == nil {
		return
	}
	if h.pending != nil {
		kept, dropped := *h.pending, h.identity()
		if !ended.inForce() {
			kept, dropped = dropped, kept
		}
		kept.setSince(h.identity(), ended.EndTime)
		if dropped.system != nil && kept.system == nil {
			delete(w.principals, key(dropped.system.PrincipalID))
		}
		h.SystemAssigned, h.UserAssigned = kept.system, kept.user
	}
	h.pending, h.OperationID, h.ProvisioningState = nil, "", ended.provisioningState()
	if set := w.scaleSets[key(h.ID)]; set != nil && ended.inForce() {
		set.applyModel(w, ended)
	}
}

// answerWrite answers a write with the host as shown and where to poll.
func (w *World) answerWrite(req *request, answer *response, h *Host) *response {
	return asynchronous(w, req, withEtag(req, answer, h), w.operations[key(h.OperationID)], h.Location)
}

// deleteHost starts the deletion of a host, or tells of the one that is under way already.
func (w *World) deleteHost(req *request, h *Host) *response {
	var deletion *Operation
	if h.ProvisioningState == deleting {
		deletion = w.operations[key(h.OperationID)] // There is none if a test has set the state.
	} else if refusal := h.admitWrite("Delete VM"); refusal != nil {
		return refusal
	}
	if deletion == nil {
		deletion = w.begin(req, h.ID, DeleteHost)
		h.OperationID, h.ProvisioningState = deletion.ID, deleting
	}
	accepted := &response{status: http.StatusAccepted}
	accepted.with("Location", computeOperationURL(req, deletion, h.Location)+"&monitor=true")
	return asynchronous(w, req, accepted, deletion, h.Location)
}

// endHostDeletion takes a host away, unless the operation has come to nothing.
func (w *World) endHostDeletion(ended *Operation) {
	h := w.hostIn(ended)
	switch {
	case h == nil:
	case !ended.inForce():
		h.OperationID, h.ProvisioningState = "", ended.provisioningState()
	case w.machines[key(h.ID)] != nil:
		w.removeMachine(w.machines[key(h.ID)])
	default:
		w.removeScaleSet(w.scaleSets[key(h.ID)])
	}
}

// removeHost takes away what hangs on a host: its system-assigned identity and the role assignments on it.
func (w *World) removeHost(h *Host) {
	identities := []*MachineIdentity{h.SystemAssigned}
	if h.pending != nil {
		identities = append(identities, h.pending.system)
	}
	for _, identity := range identities {
		if identity != nil {
			delete(w.principals, key(identity.PrincipalID))
		}
	}
	w.removeAssignmentsIn(h.ID)
}

// SetProvisioningState sets the state of a machine or a scale set by its ARM ID, as if something had happened to it behind
// the caller's back. In state Failed it can be written, and recovers by that; in states Updating and Creating it refuses
// writes with ConflictingConcurrentWriteNotAllowed, and in state Deleting with OperationNotAllowed, until the state is set
// to Succeeded. It finds clients that write without looking, or that give up a machine which has only failed to start.
func (w *World) SetProvisioningState(id, state string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.settle()
	known, err := provisioningState(state)
	if err != nil {
		return fmt.Errorf("setting the provisioning state of %q: %w", id, err)
	}
	h := w.host(id)
	switch {
	case h == nil:
		return fmt.Errorf("setting the provisioning state: there is no virtual machine or scale set %q", id)
	case h.OperationID != "":
		return fmt.Errorf("setting the provisioning state of %q: an operation is in progress on it", id)
	}
	h.ProvisioningState = known
	return nil
}

// provisioningState is the service's own spelling of a state (ARM RPC, Addendum.md, "provisioningState property").
func provisioningState(text string) (string, error) {
	states := []string{succeeded, failed, canceled, creating, updating, deleting}
	for _, state := range states {
		if strings.EqualFold(state, text) {
			return state, nil
		}
	}
	return "", fmt.Errorf("%q is none of %s", text, strings.Join(states, ", "))
}
