// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"fmt"
	"io"
)

// ReadFaults reads a list of faults in JSON: an array of objects with the names in the tags of [Fault]. Durations are texts
// like "1m30s". A field that is not known is an error.
func ReadFaults(r io.Reader) ([]Fault, error) {
	var list []Fault
	if err := readDocument(r, &list); err != nil {
		return nil, fmt.Errorf("reading the faults: %w", err)
	}
	return list, nil
}

// MarshalJSON implements [json.Marshaler].
func (f Fault) MarshalJSON() ([]byte, error) { return encodeDurations(f) }

// UnmarshalJSON implements [json.Unmarshaler].
func (f *Fault) UnmarshalJSON(encoded []byte) error {
	*f = Fault{}
	return decodeDurations(encoded, f)
}
