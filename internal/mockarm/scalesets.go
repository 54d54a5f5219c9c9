// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
)

// The orchestration modes of a scale set: its instances are its own, or ordinary virtual machines (Microsoft Learn:
// virtual-machine-scale-sets-orchestration-modes).
const (
	uniformMode  = "Uniform"
	flexibleMode = "Flexible"
)

// ScaleSet is a Microsoft.Compute/virtualMachineScaleSets resource.
type ScaleSet struct {
	Host
	UniqueID string         // properties.uniqueId, a GUID
	SKU      map[string]any // of its machines, and their number as capacity
	// Model counts the changes of what its instances are made from; see [Instance.Model].
	Model int
	// Instances are those of a Uniform scale set. A Flexible one has virtual machines instead, which name it.
	Instances []*Instance
}

// orchestrationMode is Uniform or Flexible.
func (s *ScaleSet) orchestrationMode() string { return property(s.Properties, "orchestrationMode") }

// upgradeMode is Automatic, Manual or Rolling.
func (s *ScaleSet) upgradeMode() string { return property(s.Properties, "upgradePolicy", "mode") }

// capacity is how many instances there are to be.
func (s *ScaleSet) capacity() int {
	count, _ := s.SKU["capacity"].(float64) // As decoded from JSON.
	return max(0, int(count))
}

// scaleSetBody shows a scale set to a caller of an API version.
func (w *World) scaleSetBody(set *ScaleSet, apiVersion string) hostBody {
	body := w.hostBody(&set.Host, apiVersion)
	body.SKU = cloneJSON(set.SKU)
	body.Properties["uniqueId"] = set.UniqueID
	return body
}

func getScaleSet(w *World, req *request) *response {
	set := w.scaleSets[key(req.target.path)]
	if set == nil {
		return scaleSetNotFound(req)
	}
	return withEtag(req, ok(w.scaleSetBody(set, req.apiVersion)), &set.Host)
}

func listScaleSets(w *World, req *request) *response {
	return pageOf(req, within(w, &w.scaleSetOrder, w.scaleSets, req.target.scope), w.settings.pageSize(), func(set *ScaleSet) hostBody {
		return w.scaleSetBody(set, req.apiVersion)
	})
}

func scaleSetNotFound(req *request) *response {
	return resourceNotFound(scaleSets, req.target.names[0], req.target.resourceGroup)
}

// putScaleSet creates a scale set, or replaces one: of the attached identities only those stay that the request names.
func putScaleSet(w *World, req *request) *response {
	body, refusal := readHostWrite(w, req, scaleSets)
	if refusal != nil {
		return refusal
	}
	if body.Location == "" {
		return locationRequired()
	}
	set, answer, location := w.scaleSets[key(req.target.path)], ok, ""
	if set != nil {
		location = set.Location
	}
	if refusal := relocation(req, location, body.Location); refusal != nil {
		return refusal
	}
	if body.Properties == nil {
		body.Properties = map[string]any{}
	}
	if refusal := checkModes(body.Properties, set); refusal != nil {
		return refusal
	}
	if set == nil {
		set, answer = &ScaleSet{Host: w.newHost(req, scaleSets, normalLocation(body.Location))}, created
		set.UniqueID = w.freshGUID("scale set", set.ID)
	}
	if refusal := w.startWrite(req, &set.Host, body.change, true); refusal != nil {
		return refusal
	}
	w.scaleSets[key(set.ID)] = set
	set.Model++
	set.replace(body)
	set.SKU = cloneJSON(body.SKU)
	return w.answerWrite(req, answer(w.scaleSetBody(set, req.apiVersion)), &set.Host)
}

// patchScaleSet changes what the request names and leaves the rest. Tags alone leave the model as it is.
func patchScaleSet(w *World, req *request) *response {
	body, refusal := readHostWrite(w, req, scaleSets)
	if refusal != nil {
		return refusal
	}
	set := w.scaleSets[key(req.target.path)]
	if set == nil {
		return scaleSetNotFound(req)
	}
	if refusal := checkModes(mergeJSON(set.Properties, body.Properties), set); refusal != nil {
		return refusal
	}
	if refusal := w.startWrite(req, &set.Host, body.change, false); refusal != nil {
		return refusal
	}
	size := property(set.SKU, "name")
	set.merge(body)
	set.SKU = mergeJSON(set.SKU, body.SKU)
	if body.change != nil || body.Properties["virtualMachineProfile"] != nil || property(set.SKU, "name") != size {
		set.Model++
	}
	return w.answerWrite(req, ok(w.scaleSetBody(set, req.apiVersion)), &set.Host)
}

// checkModes checks the properties that a scale set is to have, and writes its modes in the service's own spelling.
func checkModes(properties map[string]any, existing *ScaleSet) *response {
	mode := spelled(cmp.Or(property(properties, "orchestrationMode"), uniformMode), uniformMode, flexibleMode)
	if mode == "" {
		return invalidParameter("orchestrationMode", fmt.Sprintf("The value '%s' of the parameter 'orchestrationMode' is invalid.", property(properties, "orchestrationMode")))
	}
	if existing != nil && existing.orchestrationMode() != mode {
		return failDetail(http.StatusConflict, errorDetail{
			Code: "PropertyChangeNotAllowed", Target: "orchestrationMode", Message: "Changing property 'orchestrationMode' is not allowed.",
		})
	}
	properties["orchestrationMode"] = mode
	policy, _ := properties["upgradePolicy"].(map[string]any)
	if policy == nil {
		if mode == flexibleMode {
			return nil // Its machines are upgraded like any others.
		}
		return invalidParameter("upgradePolicy", "Required parameter 'upgradePolicy' is missing (null).")
	}
	upgrade := spelled(property(policy, "mode"), manualUpgrade, automaticUpgrade, rollingUpgrade)
	if upgrade == "" {
		return invalidParameter("upgradePolicy.mode", fmt.Sprintf("The value '%s' of the parameter 'upgradePolicy.mode' is invalid.", property(policy, "mode")))
	}
	policy["mode"] = upgrade
	return nil
}

// spelled finds a word among those that there are, without regard to case; "" if it is none of them.
func spelled(text string, words ...string) string {
	for _, word := range words {
		if strings.EqualFold(text, word) {
			return word
		}
	}
	return ""
}

func invalidParameter(target, message string) *response {
	return failDetail(http.StatusBadRequest, errorDetail{Code: "InvalidParameter", Target: target, Message: message})
}

func deleteScaleSet(w *World, req *request) *response {
	set := w.scaleSets[key(req.target.path)]
	if set == nil {
		return noContent()
	}
	return w.deleteHost(req, &set.Host)
}

// removeScaleSet takes a scale set away, with its instances and its system-assigned identity.
func (w *World) removeScaleSet(set *ScaleSet) {
	delete(w.scaleSets, key(set.ID))
	w.removeHost(&set.Host)
}
