// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import "time"

// Azure is eventually consistent: what one part of it has done, another learns with a delay. The delays are settings.

// past tells whether a delay is over. What has been there from the beginning, since the zero time, is known everywhere.
func (w *World) past(since time.Time, delay time.Duration) bool {
	return since.IsZero() || w.clock.Now().Sub(since) >= delay
}

// replicated tells whether all of the directory knows a principal.
func (w *World) replicated(principal *Principal) bool {
	return w.past(principal.CreatedAt, w.settings.DirectoryDelay)
}

// readable tells whether reads find an identity. Writes go to where it was made, and always find it.
func (w *World) readable(identity *UserAssignedIdentity) bool {
	return w.past(identity.CreatedAt, w.settings.IdentityReadLag)
}

// granted tells whether a role assignment is known where access is decided.
func (w *World) granted(assignment *RoleAssignment) bool {
	return w.past(assignment.GrantedAt, w.settings.GrantLag)
}

// assignmentReadable and assignmentListed tell whether a role assignment, one that is there or one that is not any more, shows in reads.
func (w *World) assignmentReadable(assignment *RoleAssignment) bool {
	return w.shows(assignment, w.settings.RoleAssignmentReadLag)
}

func (w *World) assignmentListed(assignment *RoleAssignment) bool {
	return w.shows(assignment, max(w.settings.RoleAssignmentReadLag, w.settings.RoleAssignmentListLag))
}

// shows tells whether a replica that is behind by a delay has a role assignment.
func (w *World) shows(assignment *RoleAssignment, delay time.Duration) bool {
	return w.past(assignment.GrantedAt, delay) && (assignment.DeletedAt.IsZero() || !w.past(assignment.DeletedAt, delay))
}

// arrived tells whether an identity that has come into force on a host is known to its IMDS.
func (w *World) arrived(since time.Time) bool { return w.past(since, w.settings.AttachLag) }

// federationKnown tells whether Entra has heard of a federated identity credential.
func (w *World) federationKnown(credential *FederatedCredential) bool {
	return w.past(credential.CreatedAt, w.settings.FederationLag)
}
