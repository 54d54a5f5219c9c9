// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
)

// Cloud is an Azure: the public one, a sovereign one, or a custom one.
type Cloud struct {
	Name string
	// AuthorityHost is where Microsoft Entra answers.
	AuthorityHost string
	// ResourceManagerEndpoint is where ARM answers, ResourceManagerAudience what its tokens are for.
	ResourceManagerEndpoint string
	ResourceManagerAudience string
}

// clouds are the endpoints that Microsoft publishes for its clouds, under azurerm's names for them.
var clouds = []Cloud{
	{"public", "https://login.microsoftonline.com", "https://management.azure.com", "https://management.azure.com"},
	{"usgovernment", "https://login.microsoftonline.us", "https://management.usgovcloudapi.net", "https://management.usgovcloudapi.net"},
	{"china", "https://login.chinacloudapi.cn", "https://management.chinacloudapi.cn", "https://management.chinacloudapi.cn"},
}

// CloudByName returns a cloud by its name, in any casing: "public", "usgovernment" or "china". The cloud "custom" has no
// endpoints yet; the caller sets all three.
func CloudByName(name string) (Cloud, error) {
	for _, c := range clouds {
		if strings.EqualFold(c.Name, name) {
			return c, nil
		}
	}
	if strings.EqualFold(name, "custom") {
		return Cloud{Name: "custom"}, nil
	}
	return Cloud{}, fmt.Errorf("there is no Azure cloud called %q; the clouds are public, usgovernment, china and custom", name)
}

// normalized returns the cloud with its URLs checked and without trailing slashes.
func (c Cloud) normalized() (Cloud, error) {
	if c == (Cloud{}) {
		c = clouds[0]
	}
	for _, e := range []struct {
		what  string
		value *string
	}{
		{"authority host", &c.AuthorityHost},
		{"Resource Manager endpoint", &c.ResourceManagerEndpoint},
		{"Resource Manager audience", &c.ResourceManagerAudience},
	} {
		if *e.value == "" {
			return Cloud{}, fmt.Errorf("the %s of the cloud %q is not set; a custom cloud needs an authority host, a Resource Manager endpoint and a Resource Manager audience", e.what, c.Name)
		}
		u, err := url.Parse(*e.value)
		if err != nil {
			return Cloud{}, fmt.Errorf("the %s of the cloud %q is not a URL: %w", e.what, c.Name, err)
		}
		// Plain http is refused on loopback, too: a token would cross it readable by every user of the machine.
		if !strings.EqualFold(u.Scheme, "https") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return Cloud{}, fmt.Errorf("the %s of the cloud %q is %q, which is not an https URL of a host", e.what, c.Name, u.Redacted())
		}
		*e.value = strings.TrimRight(*e.value, "/")
	}
	return c, nil
}

func (c Cloud) configuration() cloud.Configuration {
	return cloud.Configuration{
		ActiveDirectoryAuthorityHost: c.AuthorityHost + "/",
		Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
			cloud.ResourceManager: {Endpoint: c.ResourceManagerEndpoint, Audience: c.ResourceManagerAudience},
		},
	}
}

// scope is what a token for ARM is asked for.
func (c Cloud) scope() string { return c.ResourceManagerAudience + "/.default" }
