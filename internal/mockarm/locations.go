// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"slices"
	"strings"
)

// A region is an Azure region, as the locations API tells of it.
type region struct {
	name           string
	displayName    string
	geographyGroup string
	geography      string
}

// regions are the physical regions that the mock offers to every subscription and every resource type.
var regions = []region{
	{"australiaeast", "Australia East", "Asia Pacific", "Australia"},
	{"brazilsouth", "Brazil South", "South America", "Brazil"},
	{"canadacentral", "Canada Central", "Canada", "Canada"},
	{"centralindia", "Central India", "Asia Pacific", "India"},
	{"centralus", "Central US", "US", "United States"},
	{"eastasia", "East Asia", "Asia Pacific", "Asia Pacific"},
	{"eastus", "East US", "US", "United States"},
	{"eastus2", "East US 2", "US", "United States"},
	{"francecentral", "France Central", "Europe", "France"},
	{"germanywestcentral", "Germany West Central", "Europe", "Germany"},
	{"italynorth", "Italy North", "Europe", "Italy"},
	{"japaneast", "Japan East", "Asia Pacific", "Japan"},
	{"koreacentral", "Korea Central", "Asia Pacific", "Korea"},
	{"northcentralus", "North Central US", "US", "United States"},
	{"northeurope", "North Europe", "Europe", "Europe"},
	{"norwayeast", "Norway East", "Europe", "Norway"},
	{"polandcentral", "Poland Central", "Europe", "Poland"},
	{"southafricanorth", "South Africa North", "Africa", "South Africa"},
	{"southcentralus", "South Central US", "US", "United States"},
	{"southeastasia", "Southeast Asia", "Asia Pacific", "Asia Pacific"},
	{"spaincentral", "Spain Central", "Europe", "Spain"},
	{"swedencentral", "Sweden Central", "Europe", "Sweden"},
	{"switzerlandnorth", "Switzerland North", "Europe", "Switzerland"},
	{"uaenorth", "UAE North", "Middle East", "UAE"},
	{"uksouth", "UK South", "Europe", "United Kingdom"},
	{"ukwest", "UK West", "Europe", "United Kingdom"},
	{"westcentralus", "West Central US", "US", "United States"},
	{"westeurope", "West Europe", "Europe", "Europe"},
	{"westus", "West US", "US", "United States"},
	{"westus2", "West US 2", "US", "United States"},
	{"westus3", "West US 3", "US", "United States"},
}

// locationNames are the names of all regions.
func locationNames() []string {
	names := make([]string, 0, len(regions))
	for _, region := range regions {
		names = append(names, region.name)
	}
	return names
}

// normalLocation is the name of a region that a caller may have spelled by its display name: "West US" is "westus".
func normalLocation(location string) string {
	return strings.ToLower(strings.ReplaceAll(location, " ", ""))
}

// knownLocation tells whether there is a region of that name.
func knownLocation(location string) bool {
	return slices.ContainsFunc(regions, func(r region) bool { return r.name == normalLocation(location) })
}

func listLocations(w *World, req *request) *response {
	subscription := w.subscriptions[key(req.target.subscription)]
	if subscription == nil {
		return subscriptionNotFound(req.target.subscription)
	}
	locations := make([]map[string]any, 0, len(regions))
	for _, region := range regions {
		locations = append(locations, map[string]any{
			"id":                  "/subscriptions/" + subscription.ID + "/locations/" + region.name,
			"name":                region.name,
			"type":                "Region",
			"displayName":         region.displayName,
			"regionalDisplayName": "(" + region.geographyGroup + ") " + region.displayName,
			"metadata": map[string]any{
				"regionType":     "Physical",
				"regionCategory": "Recommended",
				"geography":      region.geography,
				"geographyGroup": region.geographyGroup,
			},
		})
	}
	return page(w, req, locations)
}
