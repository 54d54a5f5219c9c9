// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"maps"
	"net/url"
	"slices"
)

// Refusals of the identity endpoint, in the words of the service.
const (
	identityNotFound   = "Identity not found"
	identityAmbiguous  = "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request"
	selectorsAmbiguous = "Only one of client_id, object_id and msi_res_id may be specified"
)

// chooseIdentity finds the identity that a machine asks for a token of, or says why there is none.
//
// Without a selector it is the system-assigned one if that is on, and else the only user-assigned one (Microsoft Learn:
// managed-identities-faq, "What identity will IMDS default to").
func (w *World) chooseIdentity(h *Host, query url.Values) (*Principal, string) {
	selector := ""
	for _, name := range []string{"client_id", "object_id", "msi_res_id"} {
		if !query.Has(name) {
			continue
		}
		if selector != "" {
			return nil, selectorsAmbiguous
		}
		selector = name
	}
	// What the machine has been given a moment ago has perhaps not arrived here yet.
	attached := slices.DeleteFunc(slices.Collect(maps.Values(h.UserAssigned)), func(a *Attachment) bool { return !w.arrived(a.Since) })
	own := h.SystemAssigned
	if own != nil && !w.arrived(own.Since) {
		own = nil
	}
	if selector == "" {
		switch {
		case own != nil:
			return w.systemAssigned(own)
		case len(attached) == 1:
			return w.userAssigned(attached[0])
		case len(attached) > 1:
			return nil, identityAmbiguous
		default:
			return nil, identityNotFound
		}
	}
	wanted := key(query.Get(selector))
	if own != nil {
		if selector == "client_id" && key(own.ClientID) == wanted || selector == "object_id" && key(own.PrincipalID) == wanted {
			return w.systemAssigned(own)
		}
	}
	for _, attachment := range attached {
		names := map[string]string{"client_id": attachment.ClientID, "object_id": attachment.PrincipalID, "msi_res_id": attachment.ID}
		if key(names[selector]) == wanted {
			return w.userAssigned(attachment)
		}
	}
	return nil, identityNotFound
}

func (w *World) systemAssigned(own *MachineIdentity) (*Principal, string) {
	if principal := w.principals[key(own.PrincipalID)]; principal != nil {
		return principal, ""
	}
	return nil, identityNotFound
}

// userAssigned is the principal behind an attachment, unless the attachment is dead: the identity has been deleted, or
// made again under its name with GUIDs of its own.
func (w *World) userAssigned(a *Attachment) (*Principal, string) {
	identity := w.identities[key(a.ID)]
	if identity == nil || key(identity.PrincipalID) != key(a.PrincipalID) {
		return nil, identityNotFound
	}
	if principal := w.principals[key(identity.PrincipalID)]; principal != nil {
		return principal, ""
	}
	return nil, identityNotFound
}
