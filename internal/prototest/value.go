// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package prototest

import (
	"fmt"
	"maps"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Object is a configuration or a state as a test writes and reads it: strings, bools, lists ([]any), nested Objects and nil for
// null.
// Attributes that are left out are null.
type Object map[string]any

// Unknown stands in a configuration for a value that is known only after something else is applied.
var Unknown = unknown{}

type unknown struct{}

// toValue makes the protocol's value of a type from a test's.
func toValue(typ tftypes.Type, v any) (tftypes.Value, error) {
	switch v := v.(type) {
	case nil:
		return tftypes.NewValue(typ, nil), nil
	case unknown:
		return tftypes.NewValue(typ, tftypes.UnknownValue), nil
	case Object:
		return toComposite(typ, v)
	case []any:
		return toList(typ, v)
	default:
		if err := tftypes.ValidateValue(typ, v); err != nil {
			return tftypes.Value{}, err
		}
		return tftypes.NewValue(typ, v), nil
	}
}

func toList(typ tftypes.Type, list []any) (tftypes.Value, error) {
	of, ok := typ.(tftypes.List)
	if !ok {
		return tftypes.Value{}, fmt.Errorf("a %s is no list", typ)
	}
	elements := []tftypes.Value{}
	for i, element := range list {
		value, err := toValue(of.ElementType, element)
		if err != nil {
			return tftypes.Value{}, fmt.Errorf("[%d]: %w", i, err)
		}
		elements = append(elements, value)
	}
	return tftypes.NewValue(typ, elements), nil
}

func toComposite(typ tftypes.Type, object Object) (tftypes.Value, error) {
	elements := map[string]tftypes.Value{}
	switch typ := typ.(type) {
	case tftypes.Object:
		for name, attribute := range typ.AttributeTypes {
			value, err := toValue(attribute, object[name])
			if err != nil {
				return tftypes.Value{}, fmt.Errorf("%s: %w", name, err)
			}
			elements[name] = value
		}
		for name := range object {
			if _, ok := typ.AttributeTypes[name]; !ok {
				return tftypes.Value{}, fmt.Errorf("there is no attribute %q", name)
			}
		}
	case tftypes.Map:
		for name, element := range object {
			value, err := toValue(typ.ElementType, element)
			if err != nil {
				return tftypes.Value{}, fmt.Errorf("%s: %w", name, err)
			}
			elements[name] = value
		}
	default:
		return tftypes.Value{}, fmt.Errorf("a %s is no object", typ)
	}
	return tftypes.NewValue(typ, elements), nil
}

// fromValue makes a test's value from the protocol's. Null attributes are left out of objects.
func fromValue(v tftypes.Value) (any, error) {
	switch {
	case !v.IsKnown():
		return Unknown, nil
	case v.IsNull():
		return nil, nil
	case v.Type().Is(tftypes.String):
		var s string
		err := v.As(&s)
		return s, err
	case v.Type().Is(tftypes.Bool):
		var b bool
		err := v.As(&b)
		return b, err
	}
	if v.Type().Is(tftypes.List{}) {
		return fromList(v)
	}
	var elements map[string]tftypes.Value
	if err := v.As(&elements); err != nil {
		return nil, err
	}
	object := Object{}
	for name, element := range elements {
		value, err := fromValue(element)
		if err != nil {
			return nil, err
		}
		if value != nil {
			object[name] = value
		}
	}
	return object, nil
}

func fromList(v tftypes.Value) ([]any, error) {
	var elements []tftypes.Value
	if err := v.As(&elements); err != nil {
		return nil, err
	}
	list := []any{}
	for _, element := range elements {
		value, err := fromValue(element)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	return list, nil
}

// With returns a copy of the object with changes. A nil takes an attribute away.
func (o Object) With(changes ...Object) Object {
	changed := maps.Clone(o)
	for _, c := range changes {
		maps.Copy(changed, c)
	}
	return changed
}
