// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"strings"
	"testing"
)

func TestCloudsByName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"public": "https://management.azure.com", "USGovernment": "https://management.usgovcloudapi.net", "China": "https://management.chinacloudapi.cn",
	} {
		if c, err := CloudByName(name); err != nil || c.ResourceManagerEndpoint != want {
			t.Errorf("%s is %+v, %v", name, c, err)
		} else if _, err := c.normalized(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if c, err := CloudByName("Custom"); err != nil || c != (Cloud{Name: "custom"}) {
		t.Errorf("custom is %+v, %v", c, err)
	}
	if _, err := CloudByName("germany"); err == nil || !strings.Contains(err.Error(), "usgovernment") {
		t.Errorf("error %v", err)
	}
}

func TestACloudsEndpointsAreChecked(t *testing.T) {
	t.Parallel()
	good := Cloud{"custom", "https://login.example/", "https://arm.example:8443/", "https://arm.example//"}
	with := func(change func(*Cloud)) Cloud {
		c := good
		change(&c)
		return c
	}
	if c, err := good.normalized(); err != nil || c != (Cloud{"custom", "https://login.example", "https://arm.example:8443", "https://arm.example"}) {
		t.Errorf("got %+v, %v", c, err)
	}
	if c, err := (Cloud{}).normalized(); err != nil || c.Name != "public" {
		t.Errorf("the zero cloud is %+v, %v", c, err)
	}
	for want, c := range map[string]Cloud{
		"authority host of the cloud \"custom\" is not set":                    with(func(c *Cloud) { c.AuthorityHost = "" }),
		"Resource Manager endpoint of the cloud \"custom\" is not set":         with(func(c *Cloud) { c.ResourceManagerEndpoint = "" }),
		"Resource Manager audience of the cloud \"custom\" is not set":         with(func(c *Cloud) { c.ResourceManagerAudience = "" }),
		"\"http://127.0.0.1:8080\", which is not an https URL":                 with(func(c *Cloud) { c.ResourceManagerEndpoint = "http://127.0.0.1:8080" }),
		"\"arm.example\", which is not an https URL":                           with(func(c *Cloud) { c.ResourceManagerEndpoint = "arm.example" }),
		"\"https://u:xxxxx@arm.example\", which is not an https URL of a host": with(func(c *Cloud) { c.ResourceManagerEndpoint = "https://u:p@arm.example" }),
	} {
		if _, err := New(Config{Cloud: c}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %s", err, want)
		}
	}
}
