// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"fmt"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// CredentialOptions say how the provider may log in. The first way of these that has all it needs is taken: a client
// secret, a managed identity of this machine, the Azure CLI.
type CredentialOptions struct {
	// ClientID is the application to log in as; with a managed identity it selects a user-assigned one.
	ClientID     string
	ClientSecret string
	// UseManagedIdentity and UseCLI allow these ways.
	UseManagedIdentity bool
	UseCLI             bool
}

// A way to log in, with what it needs. The order of the table is the order of precedence, which is azurerm's.
type way struct {
	name  string
	needs []need
	build func(*Client) (tokenSource, error)
}

// A need is one argument of the provider, and the environment variable that stands in for it.
type need struct {
	argument, variable string
	given              func(Config) bool
}

var (
	clientID     = need{"client_id", "ARM_CLIENT_ID", func(c Config) bool { return c.Credential.ClientID != "" }}
	clientSecret = need{"client_secret", "ARM_CLIENT_SECRET", func(c Config) bool { return c.Credential.ClientSecret != "" }}
	tenantID     = need{"tenant_id", "ARM_TENANT_ID", func(c Config) bool { return c.TenantID != "" }}
	useMSI       = need{"use_msi", "ARM_USE_MSI", func(c Config) bool { return c.Credential.UseManagedIdentity }}
	useCLI       = need{"use_cli", "ARM_USE_CLI", func(c Config) bool { return c.Credential.UseCLI }}
)

var ways = []way{
	{"a client secret", []need{clientID, clientSecret, tenantID}, clientSecretCredential},
	{"a managed identity of this machine", []need{useMSI}, managedIdentityCredential},
	{"the Azure CLI", []need{useCLI}, azureCLICredential},
}

// A login is the way that was chosen, or why there is none.
type login struct {
	build  func(*Client) (tokenSource, error)
	reason string
}

// NoCredentialError says that nothing the provider was told lets it log in.
type NoCredentialError struct {
	// Lacking tells for each way what it lacks.
	Lacking []string
}

// Error implements error.
func (e *NoCredentialError) Error() string {
	return "There is no way to log in to Azure. This was looked for:\n  - " + strings.Join(e.Lacking, "\n  - ")
}

// NonRetriable marks the error for azcore: a second look would find the same.
func (*NoCredentialError) NonRetriable() {}

func (*NoCredentialError) explained() {}

// UnknownConfigError says that the provider cannot reach Azure yet.
type UnknownConfigError struct {
	// Arguments are those whose values are not known.
	Arguments []string
}

// Error implements error.
func (e *UnknownConfigError) Error() string {
	return "The configuration of the provider depends on something that is not applied yet, so Azure cannot be asked. Apply that first, " +
		"with -target. Not known yet: " + strings.Join(e.Arguments, ", ") + "."
}

// NonRetriable marks the error for azcore: a second look would find the same.
func (*UnknownConfigError) NonRetriable() {}

func (*UnknownConfigError) explained() {}

// chooseLogin takes the first way that has all it needs. It looks at the configuration only.
func chooseLogin(cfg Config) login {
	if len(cfg.Unknown) > 0 {
		err := &UnknownConfigError{cfg.Unknown}
		return login{func(*Client) (tokenSource, error) { return nil, err }, err.Error()}
	}
	var lacking []string
	for _, w := range ways {
		var has, lacks []string
		for _, n := range w.needs {
			if n.given(cfg) {
				has = append(has, n.argument)
			} else {
				lacks = append(lacks, fmt.Sprintf("%s (%s)", n.argument, n.variable))
			}
		}
		if len(lacks) > 0 {
			verb := "is"
			if len(lacks) > 1 {
				verb = "are"
			}
			lacking = append(lacking, fmt.Sprintf("%s: %s %s not set", w.name, enumerate(lacks, "and"), verb))
			continue
		}
		reason := fmt.Sprintf("logging in with %s, because of %s", w.name, enumerate(has, "and"))
		if len(lacking) > 0 {
			reason += "; passed over " + strings.Join(lacking, "; ")
		}
		return login{w.build, reason}
	}
	err := &NoCredentialError{lacking}
	return login{func(*Client) (tokenSource, error) { return nil, err }, "no way to log in: " + strings.Join(lacking, "; ")}
}

func (l login) credential(c *Client) (tokenSource, error) { return l.build(c) }

func clientSecretCredential(c *Client) (tokenSource, error) {
	credential, err := azidentity.NewClientSecretCredential(c.config.TenantID, c.config.Credential.ClientID, c.config.Credential.ClientSecret,
		&azidentity.ClientSecretCredentialOptions{
			ClientOptions:            c.loginOptions(),
			DisableInstanceDiscovery: c.config.DisableInstanceDiscovery,
		})
	if err != nil {
		return nil, fmt.Errorf("logging in with a client secret: %w", err)
	}
	return credential, nil
}

func managedIdentityCredential(c *Client) (tokenSource, error) {
	return c.ownIdentityCredential(IdentitySelector{ClientID: c.config.Credential.ClientID})
}

func azureCLICredential(c *Client) (tokenSource, error) {
	credential, err := azidentity.NewAzureCLICredential(&azidentity.AzureCLICredentialOptions{TenantID: c.config.TenantID})
	if err != nil {
		return nil, fmt.Errorf("logging in with the Azure CLI: %w", err)
	}
	return credential, nil
}

// enumerate writes a list as English does.
func enumerate(words []string, conjunction string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " " + conjunction + " " + words[last]
}
