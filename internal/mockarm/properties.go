// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import "maps"

// cloneJSON copies an object as decoded from JSON.
func cloneJSON(object map[string]any) map[string]any {
	if object == nil {
		return nil
	}
	var clone func(any) any
	clone = func(value any) any {
		switch value := value.(type) {
		case map[string]any:
			return cloneJSON(value)
		case []any:
			list := make([]any, len(value))
			for i := range value {
				list[i] = clone(value[i])
			}
			return list
		default:
			return value
		}
	}
	result := make(map[string]any, len(object))
	for name, value := range object {
		result[name] = clone(value)
	}
	return result
}

// mergeJSON changes an object by the members of another. Objects are merged, null removes, all else replaces.
func mergeJSON(object, patch map[string]any) map[string]any {
	merged := maps.Clone(object)
	if merged == nil {
		merged = map[string]any{}
	}
	for name, value := range patch {
		inner, isObject := value.(map[string]any)
		switch {
		case value == nil:
			delete(merged, name)
		case isObject:
			existing, _ := merged[name].(map[string]any)
			merged[name] = mergeJSON(existing, inner)
		default:
			merged[name] = value
		}
	}
	return merged
}

// writable is what of the properties of a request is kept: what the service tells itself is not, and secrets are never
// given back.
func writable(properties map[string]any) map[string]any {
	kept := cloneJSON(properties)
	for _, name := range []string{"vmId", "uniqueId", "provisioningState", "instanceView", "timeCreated"} {
		delete(kept, name)
	}
	profiles := []map[string]any{kept}
	if model, isObject := kept["virtualMachineProfile"].(map[string]any); isObject {
		profiles = append(profiles, model)
	}
	for _, profile := range profiles {
		if system, isObject := profile["osProfile"].(map[string]any); isObject {
			delete(system, "adminPassword")
			delete(system, "customData")
		}
	}
	return kept
}
