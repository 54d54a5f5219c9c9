// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"cmp"
	"fmt"
)

// OperationOutcome is how a long-running operation ends that does not do what it was there for. The request that begins it
// is accepted all the same, and polling its URL answers 200 (ARM RPC, Addendum.md, "Azure-AsyncOperation Resource format").
type OperationOutcome string

const (
	// OperationFailed ends with status Failed, and with the resource in provisioning state Failed. It finds clients that
	// look at the HTTP status of a poll only, or that take the accepted request for its success.
	OperationFailed OperationOutcome = "Failed"
	// OperationCanceled ends with status Canceled, and the resource in that provisioning state. It finds clients that know
	// two of the three terminal states, and poll for ever.
	OperationCanceled OperationOutcome = "Canceled"
	// OperationPreempted ends with status Failed and code OperationPreempted: a newer write has taken the place of this
	// one, and the resource is in order. It finds clients that report a failure where they could have tried again.
	OperationPreempted OperationOutcome = "Preempted"
	// OperationPreemptedSilently ends with status Succeeded, though the change never comes into force, as Compute has been
	// seen to do when a newer write takes the place of an older one (kubernetes-sigs/cloud-provider-azure#1356). It finds
	// clients that do not look at what they have written.
	OperationPreemptedSilently OperationOutcome = "PreemptedSilently"
)

// status is that of the operation when it is over.
func (o OperationOutcome) status() string {
	switch o {
	case OperationFailed, OperationPreempted:
		return failed
	case OperationCanceled:
		return canceled
	default:
		return succeeded
	}
}

// check refuses an outcome that there is not.
func (o OperationOutcome) check() error {
	switch o {
	case "", OperationFailed, OperationCanceled, OperationPreempted, OperationPreemptedSilently:
		return nil
	default:
		return fmt.Errorf("operation: %q is none of %s, %s, %s and %s", o, OperationFailed, OperationCanceled, OperationPreempted, OperationPreemptedSilently)
	}
}

// bend has an operation end as the fault says.
func (f *Fault) bend(o *Operation) {
	if f.OperationDuration > 0 {
		o.EndTime = o.StartTime.Add(f.OperationDuration)
	}
	o.Outcome = f.Operation
	code, message := "", ""
	switch f.Operation {
	case OperationFailed:
		code, message = "InternalExecutionError", "An internal execution error occurred. Please retry later."
	case OperationCanceled:
		code, message = "OperationCanceled", "The operation was canceled."
	case OperationPreempted:
		code, message = "OperationPreempted", "Operation execution has been preempted by a more recent operation."
	default:
		return
	}
	o.Code, o.Message = cmp.Or(f.Code, code), cmp.Or(f.Message, message)
}
