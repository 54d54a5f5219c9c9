// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"crypto/rand"
	"crypto/sha1" // Service Fabric tells certificates by it.
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
)

// IdentityHost is a kind of place where a process runs and finds managed identities.
type IdentityHost string

// The kinds of places.
const (
	VirtualMachineHost IdentityHost = "vm"             // virtual machines and scale sets: the instance metadata service
	AppServiceHost     IdentityHost = "app-service"    // App Service, Functions and Container Apps
	ArcHost            IdentityHost = "arc"            // servers outside of Azure, with the Connected Machine agent
	AzureMLHost        IdentityHost = "azure-ml"       // computes of Azure Machine Learning
	CloudShellHost     IdentityHost = "cloud-shell"    // Cloud Shell
	ServiceFabricHost  IdentityHost = "service-fabric" // applications of a Service Fabric cluster
)

// IdentityHosts are all kinds of places.
var IdentityHosts = []IdentityHost{VirtualMachineHost, AppServiceHost, ArcHost, AzureMLHost, CloudShellHost, ServiceFabricHost}

// ArcKeyDirectory is where clients on Linux take the key files of the Connected Machine agent from, and from nowhere else.
const ArcKeyDirectory = "/var/opt/azcmagent/tokens"

// identityVariables are those by which processes find out where they run.
var identityVariables = []string{
	"ARM_MSI_ENDPOINT", "AZURE_FEDERATED_TOKEN_FILE", "DEFAULT_IDENTITY_CLIENT_ID", "IDENTITY_ENDPOINT", "IDENTITY_HEADER",
	"IDENTITY_SERVER_THUMBPRINT", "IMDS_ENDPOINT", "MSI_ENDPOINT", "MSI_SECRET",
}

// IdentityEnvironment starts what a process finds its managed identities by on a kind of host, and returns the environment
// variables that lead it there; those of other kinds are empty. The identities are those of a machine of the world, which
// stands for the app, the server, the cluster. directory is for the key files of [ArcHost], and of no meaning to others:
// clients on Linux take them from [ArcKeyDirectory] only.
func (s *Server) IdentityEnvironment(host IdentityHost, machineID, directory string) (map[string]string, error) {
	variables := map[string]string{}
	for _, name := range identityVariables {
		variables[name] = ""
	}
	if host == VirtualMachineHost {
		endpoint, err := s.IMDSEndpoint(machineID)
		variables["ARM_MSI_ENDPOINT"] = endpoint
		return variables, err
	}
	protocol, known := identityProtocols[host]
	if !known {
		return nil, fmt.Errorf("starting an identity endpoint: there is no kind of host %q; there are %s", host, hostNames())
	}
	if !s.world.hasHost(machineID) {
		return nil, fmt.Errorf("starting an identity endpoint: there is no virtual machine or scale set %q", machineID)
	}
	endpoint := identityEndpoint{server: s, machineID: machineID, host: host, identityProtocol: protocol, secret: rand.Text()}
	if host == ArcHost {
		if info, err := os.Stat(directory); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("starting the identity endpoint of an Arc server: %q, for its key files, is no directory (clients on Linux take them from %s only): %w", directory, ArcKeyDirectory, err)
		}
		endpoint.keys = &arcKeys{directory: directory}
	}
	url, thumbprint, err := s.serveIdentityEndpoint(endpoint)
	if err != nil {
		return nil, err
	}
	maps.Copy(variables, protocol.variables(url, endpoint.secret, thumbprint))
	return variables, nil
}

// hostNames lists the kinds of hosts.
func hostNames() string {
	names := make([]string, 0, len(IdentityHosts))
	for _, host := range slices.Sorted(slices.Values(IdentityHosts)) {
		names = append(names, string(host))
	}
	return strings.Join(names, ", ")
}

// serveIdentityEndpoint starts the listener of an endpoint. It has a certificate of its own that no authority vouches for if
// clients know it by its thumbprint.
func (s *Server) serveIdentityEndpoint(endpoint identityEndpoint) (url, thumbprint string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", fmt.Errorf("starting the identity endpoint of %q: %w", endpoint.machineID, err)
	}
	server := s.start(endpoint)
	if endpoint.keys != nil {
		s.onClose = append(s.onClose, endpoint.keys.clear)
	}
	address := listener.Addr().String() + endpoint.path
	if !endpoint.pinned {
		go func() { _ = server.Serve(listener) }() // Ends with Close.
		return "http://" + address, "", nil
	}
	own, err := newAuthority()
	if err != nil {
		return "", "", fmt.Errorf("making the certificate of an identity endpoint: %w", err)
	}
	server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{own.server}, MinVersion: tls.VersionTLS12}
	go func() { _ = server.ServeTLS(listener, "", "") }()
	sum := sha1.Sum(own.server.Certificate[0])
	return "https://" + address, hex.EncodeToString(sum[:]), nil
}
