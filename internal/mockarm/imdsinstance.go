// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// instanceDocument is what a machine may know of itself (Microsoft Learn: instance-metadata-service, "Instance metadata").
// A scale set answers for the first of its instances.
func (w *World) instanceDocument(h *Host) map[string]any {
	name, id, vmID, properties, scaleSetName := h.Name, h.ID, "", h.Properties, ""
	if machine := w.machines[key(h.ID)]; machine != nil {
		vmID = machine.VMID
		if set := w.scaleSetOf(machine); set != nil {
			scaleSetName = set.Name
		}
	}
	if set := w.scaleSets[key(h.ID)]; set != nil {
		scaleSetName, vmID = set.Name, set.UniqueID
		profile, _ := set.Properties["virtualMachineProfile"].(map[string]any)
		properties = mergeJSON(profile, map[string]any{"hardwareProfile": map[string]any{"vmSize": property(set.SKU, "name")}})
		if len(set.Instances) > 0 {
			first := set.Instances[0]
			name, id, vmID = first.name(set), set.instanceID(first), first.VMID
		}
	}
	tags, tagsList := []string{}, []any{}
	for _, name := range slices.Sorted(maps.Keys(h.Tags)) {
		tags = append(tags, name+":"+h.Tags[name])
		tagsList = append(tagsList, map[string]any{"name": name, "value": h.Tags[name]})
	}
	image := func(name string) string { return property(properties, "storageProfile", "imageReference", name) }
	return map[string]any{
		"compute": map[string]any{
			"azEnvironment":        "AzurePublicCloud",
			"location":             h.Location,
			"name":                 name,
			"offer":                image("offer"),
			"osType":               cmp.Or(property(properties, "storageProfile", "osDisk", "osType"), "Linux"),
			"placementGroupId":     "",
			"platformFaultDomain":  "0",
			"platformUpdateDomain": "0",
			"provider":             "Microsoft.Compute",
			"publisher":            image("publisher"),
			"resourceGroupName":    h.ResourceGroup,
			"resourceId":           id,
			"sku":                  image("sku"),
			"subscriptionId":       h.SubscriptionID,
			"tags":                 strings.Join(tags, ";"),
			"tagsList":             tagsList,
			"version":              image("version"),
			"vmId":                 vmID,
			"vmScaleSetName":       scaleSetName,
			"vmSize":               property(properties, "hardwareProfile", "vmSize"),
			"zone":                 "",
			"osProfile": map[string]any{
				"adminUsername": property(properties, "osProfile", "adminUsername"),
				"computerName":  cmp.Or(property(properties, "osProfile", "computerName"), name),
			},
		},
		"network": map[string]any{"interface": []any{}},
	}
}

// readInstance reads a document at a path below /metadata/instance. A branch is JSON unless text is asked for, which lists
// its names; a leaf is text only (Microsoft Learn: instance-metadata-service, "Data format").
func readInstance(document any, path, format string) (int, any) {
	node := document
	for name := range strings.SplitSeq(path, "/") {
		if name == "" {
			continue
		}
		child, found := step(node, name)
		if !found {
			return http.StatusNotFound, map[string]any{"error": "Not found"}
		}
		node = child
	}
	wantsText := strings.EqualFold(format, "text")
	if format != "" && !wantsText && !strings.EqualFold(format, "json") {
		return http.StatusBadRequest, map[string]any{"error": "Bad request. Unsupported format: " + format}
	}
	leaf, isLeaf := node.(string)
	switch {
	case isLeaf && wantsText:
		return http.StatusOK, plainText(leaf)
	case isLeaf:
		return http.StatusBadRequest, map[string]any{"error": "Bad request. Leaf nodes are available in text format only; set format=text"}
	case wantsText:
		return http.StatusOK, plainText(strings.Join(list(node), "\n"))
	default:
		return http.StatusOK, node
	}
}

// step goes from a node to the child of a name or, in an array, of a number.
func step(node any, name string) (any, bool) {
	switch node := node.(type) {
	case map[string]any:
		for existing, child := range node {
			if strings.EqualFold(existing, name) {
				return child, true
			}
		}
	case []any:
		if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(node) {
			return node[i], true
		}
	}
	return nil, false
}

// list names the children of a branch; those that have children of their own end in a slash.
func list(node any) []string {
	names := []string{}
	add := func(name string, child any) {
		if _, isLeaf := child.(string); !isLeaf {
			name += "/"
		}
		names = append(names, name)
	}
	switch node := node.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(node)) {
			add(name, node[name])
		}
	case []any:
		for i, child := range node {
			add(strconv.Itoa(i), child)
		}
	}
	return names
}

// property reads a value from nested JSON as text; what is not there is "".
func property(node any, path ...string) string {
	for _, name := range path {
		child, found := step(node, name)
		if !found {
			return ""
		}
		node = child
	}
	if node == nil {
		return ""
	}
	return fmt.Sprint(node)
}
