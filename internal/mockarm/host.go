// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"iter"
	"maps"
	"slices"
	"time"
)

// Host is what a virtual machine and a scale set have in common: a tracked resource that identities are attached to, and
// that is written by long-running operations, one at a time.
type Host struct {
	ID                string
	Name              string
	Type              string // "Microsoft.Compute/virtualMachines"
	SubscriptionID    string
	ResourceGroup     string
	Location          string
	Tags              map[string]string
	Zones             []string
	Plan              map[string]any // of the image's publisher
	Properties        map[string]any // the rest of what the caller wrote, given back as it came
	ProvisioningState string
	Etag              int

	// SystemAssigned is the host's own identity, nil while it is off.
	SystemAssigned *MachineIdentity
	// UserAssigned are the attached identities by [key] of their ID.
	UserAssigned map[string]*Attachment
	// OperationID is the write in progress; Compute allows one at a time.
	OperationID string
	// pending is the identity that the write in progress will leave the host with; nil where it changes none.
	pending *machineIdentity
}

// VirtualMachine is a Microsoft.Compute/virtualMachines resource.
type VirtualMachine struct {
	Host
	VMID string // properties.vmId, a GUID
}

// MachineIdentity is a system-assigned identity.
type MachineIdentity struct {
	PrincipalID string
	ClientID    string
	TenantID    string
	Since       time.Time // when it came into force; zero for those of a seed
}

// Attachment is a user-assigned identity on a host. The GUIDs are those of the identity at the time it was attached:
// an identity that is deleted and made again under its name leaves a dead entry behind (arm-contracts: the service does
// not detach, and does not notice).
type Attachment struct {
	ID          string // in the casing of its first writer
	PrincipalID string
	ClientID    string
	Since       time.Time // when it came into force; zero for those of a seed
}

// host finds a machine or a scale set by its ID, nil if there is neither.
func (w *World) host(id string) *Host {
	if machine := w.machines[key(id)]; machine != nil {
		return &machine.Host
	}
	if set := w.scaleSets[key(id)]; set != nil {
		return &set.Host
	}
	return nil
}

// hosts goes through all machines and scale sets.
func (w *World) hosts() iter.Seq[*Host] {
	return func(yield func(*Host) bool) {
		for _, machine := range w.machines {
			if !yield(&machine.Host) {
				return
			}
		}
		for _, set := range w.scaleSets {
			if !yield(&set.Host) {
				return
			}
		}
	}
}

// hasHost tells whether there is a machine or a scale set. The caller must not hold the world's lock.
func (w *World) hasHost(id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.host(id) != nil
}

// newHost is a tracked resource at the place that a request names.
func (w *World) newHost(req *request, kind, location string) Host {
	group := w.resourceGroupOf(req.target)
	return Host{
		ID:   group.ID + "/providers/" + kind + "/" + req.target.name(),
		Name: req.target.name(), Type: kind, SubscriptionID: group.SubscriptionID, ResourceGroup: group.Name,
		Location: location, UserAssigned: map[string]*Attachment{},
	}
}

// identity is all that a host can act as now.
func (h *Host) identity() machineIdentity {
	return machineIdentity{system: h.SystemAssigned, user: h.UserAssigned}
}

// A hostBody is a host on the wire.
type hostBody struct {
	Name       string            `json:"name"`
	ID         string            `json:"id"`
	Type       string            `json:"type"`
	Location   string            `json:"location"`
	Tags       map[string]string `json:"tags,omitempty"`
	Zones      []string          `json:"zones,omitempty"`
	Plan       map[string]any    `json:"plan,omitempty"`
	Identity   *hostIdentityBody `json:"identity,omitempty"`
	Properties map[string]any    `json:"properties"`
	SKU        map[string]any    `json:"sku,omitempty"`
	Etag       string            `json:"etag,omitempty"`
}

// hostBody shows a host to a caller of an API version. While a write is in progress, what it will lead to is shown.
func (w *World) hostBody(h *Host, apiVersion string) hostBody {
	properties := cloneJSON(h.Properties)
	if properties == nil {
		properties = map[string]any{}
	}
	properties["provisioningState"] = h.ProvisioningState
	shown := h.identity()
	if h.pending != nil {
		shown = *h.pending
	}
	body := hostBody{
		Name: h.Name, ID: h.ID, Type: h.Type, Location: h.Location, Tags: maps.Clone(h.Tags),
		Zones: slices.Clone(h.Zones), Plan: cloneJSON(h.Plan),
		Identity: w.identityBody(shown, h.UserAssigned), Properties: properties,
	}
	if apiVersion >= etagVersion {
		body.Etag = etag(h.Etag)
	}
	return body
}

func withEtag(req *request, answer *response, h *Host) *response {
	if req.apiVersion < etagVersion {
		return answer
	}
	return answer.with("ETag", etag(h.Etag))
}
