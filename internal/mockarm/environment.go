// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// CertificateFiles are the files in which clients find the throw-away CA.
type CertificateFiles struct {
	CA    string // the CA alone
	Roots string // the system's roots and the CA, for those that have one list only
}

// WriteCertificates writes the certificate files into a directory. [Server.Listen] comes first.
func (s *Server) WriteCertificates(directory string) (CertificateFiles, error) {
	ca := s.CACertificate()
	if ca == nil {
		return CertificateFiles{}, fmt.Errorf("writing the certificates to %q: the server does not listen", directory)
	}
	files := CertificateFiles{CA: filepath.Join(directory, "ca.pem"), Roots: filepath.Join(directory, "roots.pem")}
	roots := bytes.TrimRight(systemRoots(), "\n")
	if len(roots) > 0 {
		roots = append(roots, '\n')
	}
	for name, content := range map[string][]byte{files.CA: ca, files.Roots: append(roots, ca...)} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			return CertificateFiles{}, fmt.Errorf("writing the certificates: %w", err)
		}
	}
	return files, nil
}

// systemRoots are the certificates that the system trusts, as far as they are in a file: what SSL_CERT_FILE names, or else
// the first of the usual places. Without one, other HTTPS does not work beside the mock, but the mock does.
func systemRoots() []byte {
	places := []string{
		os.Getenv("SSL_CERT_FILE"),
		"/etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, Arch
		"/etc/pki/tls/certs/ca-bundle.crt",                  // Fedora, RHEL
		"/etc/ssl/ca-bundle.pem",                            // openSUSE
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // CentOS
		"/etc/ssl/cert.pem",                                 // Alpine, macOS, BSD
	}
	for _, place := range places {
		if place == "" {
			continue
		}
		if content, err := os.ReadFile(place); err == nil {
			return content
		}
	}
	return nil
}

// Environment are the variables under which clients find the mock: azuremi, azurerm and azapi, the Azure SDKs, the Azure CLI,
// clients that have the address of the IMDS built in, and whatever asks the control plane. machineID is the machine whose IMDS
// the clients use, "" for none.
func (s *Server) Environment(files CertificateFiles, machineID string) (map[string]string, error) {
	operator, subscriptionID, url := s.world.Operator(), s.world.subscriptionOfClients(), s.URL()
	environment := map[string]string{
		"ARM_CLIENT_ID":       operator.AppID,
		"ARM_CLIENT_SECRET":   operator.Secret,
		"ARM_TENANT_ID":       operator.TenantID,
		"ARM_SUBSCRIPTION_ID": subscriptionID,

		"ARM_ENVIRONMENT":                     "custom",
		"ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST": url,
		"ARM_RESOURCE_MANAGER_ENDPOINT":       url,
		"ARM_RESOURCE_MANAGER_AUDIENCE":       "https://management.azure.com",
		"ARM_DISABLE_INSTANCE_DISCOVERY":      "true",
		"ARM_METADATA_HOSTNAME":               strings.TrimPrefix(url, "https://"),
		"ARM_CA_CERTIFICATE_FILE":             files.CA,

		"AZURE_CLIENT_ID":       operator.AppID,
		"AZURE_CLIENT_SECRET":   operator.Secret,
		"AZURE_TENANT_ID":       operator.TenantID,
		"AZURE_SUBSCRIPTION_ID": subscriptionID,
		"AZURE_AUTHORITY_HOST":  url,

		// The Azure CLI takes the clouds that it knows from this URL, and wants an array. Its configuration has a variable for
		// each option, AZURE_{section}_{option} (Microsoft Learn: azure-cli-configuration).
		"ARM_CLOUD_METADATA_URL":        url + "/metadata/endpoints?api-version=2019-05-01",
		"AZURE_CLOUD_NAME":              mockCloud,
		"AZURE_CORE_INSTANCE_DISCOVERY": "false",

		"SSL_CERT_FILE":       files.Roots, // Go, OpenSSL, Ruby
		"REQUESTS_CA_BUNDLE":  files.Roots, // Python
		"CURL_CA_BUNDLE":      files.Roots,
		"NODE_EXTRA_CA_CERTS": files.CA, // Node.js, which has roots of its own
		"MOCKARM_URL":         url,
	}
	var proxied []string
	if machineID != "" {
		endpoint, err := s.IMDSEndpoint(machineID)
		if err != nil {
			return nil, err
		}
		environment["ARM_MSI_ENDPOINT"] = endpoint
		// Where the Azure SDKs look for the IMDS; that for Go is the one that does not.
		environment["AZURE_POD_IDENTITY_AUTHORITY_HOST"] = strings.TrimSuffix(endpoint, imdsTokenPath)
		proxied = append(proxied, imdsAddress)
	}
	proxied = append(proxied, s.publicNames()...)
	if len(proxied) > 0 {
		endpoint, err := s.ProxyEndpoint(machineID)
		if err != nil {
			return nil, err
		}
		inBothSpellings(environment, "HTTP_PROXY", endpoint)
		if len(s.publicNames()) > 0 {
			inBothSpellings(environment, "HTTPS_PROXY", endpoint)
		}
	}
	// A proxy of the user's cannot reach this machine's loopback.
	inBothSpellings(environment, "NO_PROXY", noProxy(proxied, os.Getenv("NO_PROXY"), os.Getenv("no_proxy")))
	return environment, nil
}

// inBothSpellings sets a variable in capitals and without: both are in use, and clients differ in which they read first. curl
// reads http_proxy only.
func inBothSpellings(environment map[string]string, name, value string) {
	environment[name], environment[strings.ToLower(name)] = value, value
}

// noProxy adds loopback to lists of hosts that are reached without a proxy, and takes out what would lead past ours. Whoever
// says "*" wants none at all.
func noProxy(proxied []string, lists ...string) string {
	var hosts []string
	for _, list := range append(lists, "127.0.0.1,localhost,::1") {
		for host := range strings.SplitSeq(list, ",") {
			host = strings.TrimSpace(host)
			covers := func(name string) bool { return bypasses(host, name) }
			if host != "" && !containsFold(hosts, host) && !slices.ContainsFunc(proxied, covers) {
				hosts = append(hosts, host)
			}
		}
	}
	return strings.Join(hosts, ",")
}

// bypasses tells whether an entry of NO_PROXY is for a host: its name, a domain that it is in, or a network.
func bypasses(entry, host string) bool {
	if network, err := netip.ParsePrefix(entry); err == nil {
		address, err := netip.ParseAddr(host)
		return err == nil && network.Contains(address)
	}
	domain := strings.ToLower(strings.TrimPrefix(strings.TrimPrefix(entry, "*"), "."))
	return domain != "" && (host == domain || strings.HasSuffix(host, "."+domain))
}

// subscriptionOfClients is the first subscription of the seed.
func (w *World) subscriptionOfClients() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.seed.Subscriptions) == 0 {
		return ""
	}
	return w.seed.Subscriptions[0].ID
}

// FindMachine finds a virtual machine or a scale set by its name or its ARM ID, and returns the ID. Without a name it is
// the only one that there is, and "" where there are none or several.
func (w *World) FindMachine(name string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var found []string
	for h := range w.hosts() {
		if name == "" || strings.EqualFold(h.Name, name) || key(h.ID) == key(name) {
			found = append(found, h.ID)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case name == "":
		return "", nil
	case len(found) == 0:
		return "", fmt.Errorf("there is no virtual machine %q", name)
	default:
		return "", fmt.Errorf("there are %d virtual machines %q: give the ARM ID of one", len(found), name)
	}
}
