// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/managedidentity"
)

// This file says where the managed identities of this process come from. The first of these is taken:
//
//  1. IMDS at the address that is configured (msi_endpoint): what is said on purpose counts over what is found. So the mock's
//     IMDS is reached from a Cloud Shell or a server with Azure Arc, too. An address that is the host's own, as users of
//     azurerm on Container Apps set it to $MSI_ENDPOINT, says nothing else than that the host is to be asked.
//  2. Microsoft Entra Workload ID, if a pod has a token file. The IMDS that a pod reaches is that of its node.
//  3. Service Fabric, App Service, Azure Machine Learning, Cloud Shell and Azure Arc, each by its environment variables.
//  4. IMDS at its usual address.
//
// The order is that of azidentity's DefaultAzureCredential.

// WorkloadIdentity is what Microsoft Entra Workload ID puts into the environment of a Kubernetes pod (Microsoft Learn:
// workload-identity-overview, "Service account token volume projection").
type WorkloadIdentity struct {
	TokenFile string // AZURE_FEDERATED_TOKEN_FILE
	ClientID  string // AZURE_CLIENT_ID
	TenantID  string // AZURE_TENANT_ID
}

// An identitySource is where managed identities come from, and why from there.
type identitySource struct {
	host   *identityHost
	reason string
}

// surroundings are what a process sees of its host.
type surroundings struct {
	getenv func(string) string
	// detect tells the host by azidentity's rules. azidentity finds it out by itself, from the environment of the process.
	detect func() (managedidentity.Source, error)
}

var processSurroundings = surroundings{os.Getenv, managedidentity.GetSource}

// source chooses. endpoint is the address of IMDS that is configured, "" if none or the host's own is; pod is the zero value for whom workload
// identity is not meant.
func (s surroundings) source(endpoint string, pod WorkloadIdentity) (identitySource, error) {
	if endpoint != "" {
		return identitySource{machineHost, "msi_endpoint (ARM_MSI_ENDPOINT) is set"}, nil
	}
	if pod.TokenFile != "" {
		return identitySource{workloadHost, "AZURE_FEDERATED_TOKEN_FILE is set"}, nil
	}
	detected, err := s.detect()
	if err != nil {
		return identitySource{}, fmt.Errorf("finding out where this process runs: %w", err)
	}
	host, known := map[managedidentity.Source]*identityHost{
		managedidentity.ServiceFabric: serviceFabricHost, managedidentity.AppService: appServiceHost, managedidentity.AzureML: azureMLHost,
		managedidentity.CloudShell: cloudShellHost, managedidentity.AzureArc: arcHost, managedidentity.DefaultToIMDS: machineHost,
	}[detected]
	switch {
	case !known:
		return identitySource{}, fmt.Errorf("this process runs on a kind of host that is not known here: %s", detected)
	case host == machineHost:
		return identitySource{host, "no other kind of host is recognised"}, nil
	}
	variable := host.variables[0]
	where := s.getenv(variable)
	if where == "" { // Azure Arc without its variables
		return identitySource{host, "the Azure Connected Machine agent is installed"}, nil
	}
	if err := checkHostEndpoint(variable, where); err != nil {
		return identitySource{}, err
	}
	return identitySource{host, strings.Join(host.variables, " and ") + " tell so"}, nil
}

// isOwnEndpoint reports whether an address is the one by which the host makes itself known.
func (s surroundings) isOwnEndpoint(endpoint string) bool {
	for _, variable := range []string{"IDENTITY_ENDPOINT", "MSI_ENDPOINT"} {
		if own := s.getenv(variable); own != "" && strings.TrimRight(own, "/") == strings.TrimRight(endpoint, "/") {
			return true
		}
	}
	return false
}

// checkHostEndpoint refuses an address that no host gives out. What answers there gets a secret of the host's and is asked
// for a token. App Service has been seen at loopback, link-local and private addresses; over plain http, nothing beyond.
func checkHostEndpoint(variable, endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil {
		return fmt.Errorf("the environment variable %s, which is to name the identity endpoint of this host, is not a URL", variable)
	}
	if u.User == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && (isLocal(u.Hostname()) || isPrivate(u.Hostname()))) {
		return nil
	}
	return fmt.Errorf("the environment variable %s names %s://%s as the identity endpoint of this host, which is neither https nor an address of the host's own network. No token is asked for there. If this process does not run on such a host, unset the variable",
		variable, u.Scheme, u.Host)
}

func isPrivate(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsPrivate()
}
