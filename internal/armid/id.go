// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armid

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// ID is a resource ID in canonical spelling: the fixed words and the types that this package knows as Azure documents
// them, GUIDs of subscriptions in lower case, names as they were given.
//
// It is stricter than azcore's arm.ResourceID, which takes any text with slashes in it for an ID, and keeps its casing.
//
// The zero ID names nothing. IDs are compared with [ID.Equal], or by [ID.Key] as keys of a map; == also tells names
// apart that differ only in case.
type ID struct {
	path string // "/" for the tenant
}

// Tenant is the root of all scopes, "/".
var Tenant = ID{path: "/"}

// Parse reads a resource ID: the tenant ("/"), a management group, a subscription, a resource group, or a resource,
// however deep. It accepts any casing and a trailing slash. The error says what is wrong with the text.
func Parse(text string) (ID, error) {
	if text == "" {
		return ID{}, errors.New("a resource ID is empty")
	}
	if !strings.HasPrefix(text, "/") {
		return ID{}, fmt.Errorf("the resource ID %q does not start with \"/\"", text)
	}
	trimmed := strings.TrimSuffix(text, "/")
	if trimmed == "" {
		return Tenant, nil
	}
	if strings.ContainsAny(trimmed, "?#%\\ \t\r\n") {
		return ID{}, fmt.Errorf("the resource ID %q holds a character that no resource ID may have (a space, or one of ?, #, %%, \\)", text)
	}
	segments := strings.Split(trimmed[1:], "/")
	for _, s := range segments {
		// A dot segment would be resolved away on the wire and address another resource.
		if s == "" || s == "." || s == ".." {
			return ID{}, fmt.Errorf("the resource ID %q has an empty or dot segment", text)
		}
	}
	path, err := canonical(segments)
	if err != nil {
		return ID{}, fmt.Errorf("the resource ID %q is not valid: %w", text, err)
	}
	return ID{path: path}, nil
}

var guid = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)

// canonical walks the segments of an ID in ARM's grammar: an optional subscription and resource group, then any number of
// "providers/NAMESPACE" followed by pairs of type and name.
func canonical(segments []string) (string, error) {
	var b strings.Builder
	rest := segments
	take := func(word string) (string, bool) {
		if len(rest) >= 2 && strings.EqualFold(rest[0], word) {
			value := rest[1]
			rest = rest[2:]
			return value, true
		}
		return "", false
	}
	if subscription, ok := take("subscriptions"); ok {
		if !guid.MatchString(subscription) {
			return "", fmt.Errorf("%q is not a subscription ID, which is a GUID", subscription)
		}
		b.WriteString("/subscriptions/" + strings.ToLower(subscription))
		if group, ok := take("resourceGroups"); ok {
			b.WriteString("/resourceGroups/" + group)
		}
	}
	for len(rest) > 0 {
		namespace, ok := take("providers")
		if !ok {
			return "", fmt.Errorf("%q is not expected there", strings.Join(rest, "/"))
		}
		if len(rest) == 0 {
			return "", fmt.Errorf("no resource type follows the namespace %q", namespace)
		}
		words, names := []string{namespace}, []string{}
		for len(rest) > 0 && !strings.EqualFold(rest[0], "providers") {
			if len(rest) == 1 {
				return "", fmt.Errorf("no name follows the resource type %q", rest[0])
			}
			words, names = append(words, rest[0]), append(names, rest[1])
			rest = rest[2:]
		}
		// The type is spelled as a whole, since a child type means something only below its parent.
		words = strings.Split(spell(strings.Join(words, "/")), "/")
		b.WriteString("/providers/" + words[0])
		for i, name := range names {
			b.WriteString("/" + words[i+1] + "/" + name)
		}
	}
	return b.String(), nil
}

// String returns the ID in canonical spelling, "" for the zero ID.
func (id ID) String() string { return id.path }

// Key returns the form of the ID by which it is told from others: equal IDs have equal keys.
func (id ID) Key() string { return strings.ToLower(id.path) }

// Equal reports whether two IDs name the same thing.
func (id ID) Equal(other ID) bool { return id.Key() == other.Key() }

// IsZero reports whether the ID names nothing.
func (id ID) IsZero() bool { return id.path == "" }

// Name returns the last segment: the resource's own name, a resource group's name, or a subscription's GUID.
func (id ID) Name() string { return id.path[strings.LastIndexByte(id.path, '/')+1:] }

// SubscriptionID returns the GUID of the subscription that holds the resource, "" if none does.
func (id ID) SubscriptionID() string { return id.after("/subscriptions/") }

// ResourceGroup returns the name of the resource group that holds the resource, "" if none does.
func (id ID) ResourceGroup() string { return id.after("/resourceGroups/") }

func (id ID) after(word string) string {
	// Only the head of an ID can hold these words; behind "/providers/" they would be a resource's own.
	head, _, _ := strings.Cut(id.path, "/providers/")
	_, tail, ok := strings.Cut(head, word)
	if !ok {
		return ""
	}
	value, _, _ := strings.Cut(tail, "/")
	return value
}

// Scope returns what the resource stands in: everything before its last "/providers/". For a role assignment that is the
// scope it was made at; for a resource, its resource group; for a resource group or a subscription, the ID itself.
func (id ID) Scope() ID {
	i := strings.LastIndex(id.path, "/providers/")
	switch {
	case i < 0:
		return id
	case i == 0:
		return Tenant
	default:
		return ID{path: id.path[:i]}
	}
}

// Parent returns the resource that a child resource belongs to: the identity of a federated identity credential, say. For
// what is no child resource it is the zero ID.
func (id ID) Parent() ID {
	i := strings.LastIndex(id.path, "/providers/")
	if i < 0 || strings.Count(id.path[i:], "/") < 6 {
		return ID{}
	}
	path := id.path[:strings.LastIndexByte(id.path, '/')]
	return ID{path: path[:strings.LastIndexByte(path, '/')]}
}

// Type returns the resource's full type, such as "Microsoft.Compute/virtualMachines", in canonical spelling. Resource
// groups and subscriptions have the types that ARM gives them; the tenant and the zero ID have none.
func (id ID) Type() string {
	i := strings.LastIndex(id.path, "/providers/")
	if i < 0 {
		switch {
		case id.ResourceGroup() != "":
			return TypeResourceGroup
		case id.SubscriptionID() != "":
			return TypeSubscription
		default:
			return ""
		}
	}
	segments := strings.Split(id.path[i+len("/providers/"):], "/")
	words := segments[:1:1]
	for pair := range slices.Chunk(segments[1:], 2) {
		words = append(words, pair[0])
	}
	return strings.Join(words, "/")
}

// Child returns the ID of a resource of the given full type that stands in the scope id. An extension resource, such as a
// role assignment, may stand in any scope.
func (id ID) Child(typ string, name string) ID {
	namespace, resourceType, _ := strings.Cut(typ, "/")
	return ID{path: strings.TrimSuffix(id.path, "/") + "/providers/" + namespace + "/" + resourceType + "/" + name}
}
