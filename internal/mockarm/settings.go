// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"cmp"
	"fmt"
	"io"
	"reflect"
	"time"
)

// Settings are the parts of Azure's behaviour that a test wants quicker, slower or smaller. The zero value of each is
// its default.
type Settings struct {
	// OperationDuration is how long a write to a machine or the deletion of a resource group takes; two seconds by default.
	OperationDuration time.Duration `json:"operationDuration,omitempty"`
	// RetryAfter is the pause that the service asks of those who poll an operation; one second by default. Azure counts in
	// whole seconds; a shorter pause is sent as retry-after-ms, which the SDKs know, too.
	RetryAfter time.Duration `json:"retryAfter,omitempty"`
	// DirectoryDelay is how long a new principal is unknown to Microsoft.Authorization, unless a role assignment tells the
	// principal's type.
	DirectoryDelay time.Duration `json:"directoryDelay,omitempty"`
	// PageSize is how many items a page of a list holds; a thousand by default.
	PageSize int `json:"pageSize,omitempty"`
	// RoleAssignmentLimit is how many role assignments a subscription holds; 4000 by default.
	RoleAssignmentLimit int `json:"roleAssignmentLimit,omitempty"`
	// ManagementGroupRoleAssignmentLimit is how many a management group holds; 500 by default.
	ManagementGroupRoleAssignmentLimit int `json:"managementGroupRoleAssignmentLimit,omitempty"`
	// TerseRoleAssignmentExists has RoleAssignmentExists leave out the ID of the assignment that exists, as older
	// deployments of the service do. It finds clients that cannot tell which one is in their way.
	TerseRoleAssignmentExists bool `json:"terseRoleAssignmentExists,omitempty"`
	// TellOrphans shows the principalType "Unknown" of role assignments whose principal is not in the directory; by default
	// they show the type that they were made with. It is not documented when the service does which.
	TellOrphans bool `json:"tellOrphans,omitempty"`
	// Seed makes the GUIDs of new objects the same in every run, so that requests which name them are; random by default.
	Seed uint64 `json:"seed,omitempty"`

	// Throttle turns away with 429 what exceeds the documented limits; by default they are counted only (Microsoft Learn:
	// request-limits-and-throttling, compute-throttling-limits, managed-identity-limits). It finds clients that ask once
	// per object where once per list would do, that poll without pause, or that take a 429 for the end.
	Throttle bool `json:"throttle,omitempty"`
	// AuthorizationPerMinute is how many requests a minute each caller may send to Microsoft.Authorization in a
	// subscription while Throttle is on. Azure publishes no figure; 120 has been seen. There is no limit by default.
	AuthorizationPerMinute int `json:"authorizationPerMinute,omitempty"`

	// AttachLag is how long a machine's IMDS does not know an identity that has come into force on it: it answers 400
	// "Identity not found" (Microsoft Learn: managed-identities-faq). It finds clients that ask for a token once, right
	// after the operation has succeeded.
	AttachLag time.Duration `json:"attachLag,omitempty"`
	// GrantLag is how long a new role assignment grants nothing yet: ARM answers 403 AuthorizationFailed to whom it is for,
	// in Azure for up to ten minutes (Microsoft Learn: role-based-access-control/troubleshooting, "Role assignment changes
	// are not being detected"). It finds clients that take the first 403 for an answer.
	GrantLag time.Duration `json:"grantLag,omitempty"`
	// DeletedAssignmentLag is how long a deleted role assignment is not forgotten where names and grants are checked: its
	// name is refused with RoleAssignmentUpdateNotPermitted, and its grant under another name with a hash conflict (Microsoft
	// Learn: role-based-access-control/troubleshooting). It finds clients that cannot replace an assignment.
	DeletedAssignmentLag time.Duration `json:"deletedAssignmentLag,omitempty"`
	// RoleAssignmentReadLag is how long reads of role assignments do not see what has been made or deleted: GET answers 404
	// for a new one and 200 for a deleted one, and lists do alike. It finds clients that read what they have just written.
	RoleAssignmentReadLag time.Duration `json:"roleAssignmentReadLag,omitempty"`
	// RoleAssignmentListLag is the same for lists only. It finds clients that take what a list lacks for gone, and what it
	// has for there.
	RoleAssignmentListLag time.Duration `json:"roleAssignmentListLag,omitempty"`
	// IdentityReadLag is how long a new user-assigned identity cannot be read: GET answers 404 and lists leave it out,
	// because reads come from a replica. It finds clients that read what they have just created, and take the 404 for a
	// deletion.
	IdentityReadLag time.Duration `json:"identityReadLag,omitempty"`
	// FederationLag is how long Entra does not know a federated identity credential that has been written: it answers
	// AADSTS70021 (Microsoft Learn: workload-identity-federation-considerations, "It takes time for the federated identity
	// credential to be propagated"). It finds clients that log in once, right after the credential was created.
	FederationLag time.Duration `json:"federationLag,omitempty"`
	// FederatedWriteDuration is how long a write of a federated identity credential takes; 20 milliseconds by default. What
	// else is written to the credentials of the same identity meanwhile is refused. It finds clients that write in parallel.
	FederatedWriteDuration time.Duration `json:"federatedWriteDuration,omitempty"`
}

// MarshalJSON implements [json.Marshaler]. Durations are texts like "1m30s".
func (s Settings) MarshalJSON() ([]byte, error) { return encodeDurations(s) }

// UnmarshalJSON implements [json.Unmarshaler]. What the JSON does not name stays as it is.
func (s *Settings) UnmarshalJSON(encoded []byte) error {
	changed := *s
	if err := decodeDurations(encoded, &changed); err != nil {
		return err
	}
	for field, value := range reflect.ValueOf(changed).Fields() {
		if value.CanInt() && value.Int() < 0 {
			return fmt.Errorf("%s: it must not be negative", field.Tag.Get("json"))
		}
	}
	*s = changed
	return nil
}

// Settings are the settings as they are.
func (w *World) Settings() Settings {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.settings
}

// ChangeSettings changes the settings that a JSON object names, like {"grantLag": "2m", "throttle": true}.
func (w *World) ChangeSettings(r io.Reader) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	changed := w.settings
	if err := readDocument(r, &changed); err != nil {
		return fmt.Errorf("reading the settings: %w", err)
	}
	w.settings = changed
	return nil
}

// Configure changes the settings.
func (w *World) Configure(change func(*Settings)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(&w.settings)
}

func (s Settings) operationDuration() time.Duration {
	return cmp.Or(s.OperationDuration, 2*time.Second)
}

func (s Settings) retryAfter() time.Duration { return cmp.Or(s.RetryAfter, time.Second) }

func (s Settings) federatedWriteDuration() time.Duration {
	return cmp.Or(s.FederatedWriteDuration, 20*time.Millisecond)
}

func (s Settings) pageSize() int { return cmp.Or(s.PageSize, 1000) }

func (s Settings) roleAssignmentLimit() int { return cmp.Or(s.RoleAssignmentLimit, 4000) }

func (s Settings) managementGroupRoleAssignmentLimit() int {
	return cmp.Or(s.ManagementGroupRoleAssignmentLimit, 500)
}
