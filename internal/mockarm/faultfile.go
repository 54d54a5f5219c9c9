// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// ReadFaults reads a list of faults in JSON: an array of objects with the names in the tags of [Fault], and besides them
// delay, answerDelay, retryAfter and operationDuration as texts like "1m30s". A field that is not known is an error.
func ReadFaults(r io.Reader) ([]Fault, error) {
	var list []Fault
	if err := readDocument(r, &list); err != nil {
		return nil, fmt.Errorf("reading the faults: %w", err)
	}
	return list, nil
}

// plainFault is a Fault without its methods.
type plainFault Fault

// A faultText is a Fault in JSON. Durations are texts there.
type faultText struct {
	plainFault
	Delay             durationText `json:"delay,omitempty"`
	AnswerDelay       durationText `json:"answerDelay,omitempty"`
	RetryAfter        durationText `json:"retryAfter,omitempty"`
	OperationDuration durationText `json:"operationDuration,omitempty"`
}

// MarshalJSON implements [json.Marshaler].
func (f Fault) MarshalJSON() ([]byte, error) {
	return json.Marshal(faultText{
		plainFault(f), durationText(f.Delay), durationText(f.AnswerDelay), durationText(f.RetryAfter), durationText(f.OperationDuration),
	})
}

// UnmarshalJSON implements [json.Unmarshaler].
func (f *Fault) UnmarshalJSON(encoded []byte) error {
	var text faultText
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&text); err != nil {
		return err
	}
	*f = Fault(text.plainFault)
	f.Delay, f.AnswerDelay = time.Duration(text.Delay), time.Duration(text.AnswerDelay)
	f.RetryAfter, f.OperationDuration = time.Duration(text.RetryAfter), time.Duration(text.OperationDuration)
	return nil
}

// A durationText is a duration that is a text in JSON, "1m30s".
type durationText time.Duration

// MarshalText implements [encoding.TextMarshaler].
func (d durationText) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (d *durationText) UnmarshalText(text []byte) error {
	duration, err := time.ParseDuration(string(text))
	*d = durationText(duration)
	return err
}
