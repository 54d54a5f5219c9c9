// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"bytes"
	"encoding/json"
	"reflect"
	"time"
)

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

// encodeDurations encodes a struct whose durations are texts in JSON.
func encodeDurations(value any) ([]byte, error) {
	from := reflect.ValueOf(value)
	text := reflect.New(withDurationTexts(from.Type())).Elem()
	copyFields(text, from)
	return json.Marshal(text.Interface())
}

// decodeDurations decodes what encodeDurations has encoded into the struct that a pointer leads to. What the JSON does not
// name stays as it is, and a name that is not known is an error.
func decodeDurations(encoded []byte, into any) error {
	to := reflect.ValueOf(into).Elem()
	text := reflect.New(withDurationTexts(to.Type()))
	copyFields(text.Elem(), to)
	if err := readDocument(bytes.NewReader(encoded), text.Interface()); err != nil {
		return err
	}
	copyFields(to, text.Elem())
	return nil
}

// withDurationTexts is a struct type with durationText in the place of time.Duration.
func withDurationTexts(t reflect.Type) reflect.Type {
	fields := make([]reflect.StructField, 0, t.NumField())
	for field := range t.Fields() {
		if field.Type == reflect.TypeFor[time.Duration]() {
			field.Type = reflect.TypeFor[durationText]()
		}
		fields = append(fields, field)
	}
	return reflect.StructOf(fields)
}

func copyFields(to, from reflect.Value) {
	for i := range to.NumField() {
		to.Field(i).Set(from.Field(i).Convert(to.Field(i).Type()))
	}
}
