// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/google/uuid"
)

// An argument is one of the provider's, with the environment variable that stands in for it. Users know them by these
// names, and so the errors have them.
type argument struct {
	name, variable string
	given          func(Config) bool
}

func (a argument) String() string { return fmt.Sprintf("%s (%s)", a.name, a.variable) }

// wrong says what is wrong with the value of an argument. The text goes on where its name ends.
func (a argument) wrong(format string, values ...any) error {
	return &ArgumentError{Argument: a.name, Err: fmt.Errorf(a.String()+" "+format, values...)}
}

// ArgumentError says that an argument of the provider has a value that cannot be.
type ArgumentError struct {
	Argument string
	Err      error
}

// Error implements error.
func (e *ArgumentError) Error() string { return e.Err.Error() + "." }

// Unwrap returns what is wrong.
func (e *ArgumentError) Unwrap() error { return e.Err }

// NonRetriable marks the error for azcore: a second look would find the same.
func (*ArgumentError) NonRetriable() {}

func (*ArgumentError) explained() {}

// A need of a way to log in is met by any of these arguments. The first stands for it in messages.
type need []argument

// met returns the argument that meets the need.
func (n need) met(cfg Config) (argument, bool) {
	for _, a := range n {
		if a.given(cfg) {
			return a, true
		}
	}
	return argument{}, false
}

func text(name, variable string, of func(*Config) string) argument {
	return argument{name, variable, func(c Config) bool { return of(&c) != "" }}
}

var (
	clientID            = text("client_id", "ARM_CLIENT_ID", func(c *Config) string { return c.Credential.ClientID })
	clientIDFile        = text("client_id_file_path", "ARM_CLIENT_ID_FILE_PATH", func(c *Config) string { return c.Credential.ClientIDFile })
	clientSecret        = text("client_secret", "ARM_CLIENT_SECRET", func(c *Config) string { return c.Credential.ClientSecret })
	clientSecretFile    = text("client_secret_file_path", "ARM_CLIENT_SECRET_FILE_PATH", func(c *Config) string { return c.Credential.ClientSecretFile })
	certificate         = text("client_certificate", "ARM_CLIENT_CERTIFICATE", func(c *Config) string { return c.Credential.ClientCertificate })
	certificateFile     = text("client_certificate_path", "ARM_CLIENT_CERTIFICATE_PATH", func(c *Config) string { return c.Credential.ClientCertificateFile })
	certificatePassword = text("client_certificate_password", "ARM_CLIENT_CERTIFICATE_PASSWORD", func(c *Config) string { return c.Credential.ClientCertificatePassword })
	tenantID            = text("tenant_id", "ARM_TENANT_ID", func(c *Config) string { return c.TenantID })

	oidcToken         = text("oidc_token", "ARM_OIDC_TOKEN", func(c *Config) string { return c.Credential.OIDCToken })
	oidcTokenFile     = text("oidc_token_file_path", "ARM_OIDC_TOKEN_FILE_PATH", func(c *Config) string { return c.Credential.OIDCTokenFile })
	serviceConnection = text("ado_pipeline_service_connection_id", "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID", func(c *Config) string { return c.Credential.ServiceConnectionID })
	pipelinesURL      = text("oidc_request_url", "SYSTEM_OIDCREQUESTURI", func(c *Config) string { return c.Credential.AzurePipelines.URL })
	pipelinesToken    = text("oidc_request_token", "SYSTEM_ACCESSTOKEN", func(c *Config) string { return c.Credential.AzurePipelines.Token })
	gitHubURL         = text("oidc_request_url", "ACTIONS_ID_TOKEN_REQUEST_URL", func(c *Config) string { return c.Credential.GitHubActions.URL })
	gitHubToken       = text("oidc_request_token", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", func(c *Config) string { return c.Credential.GitHubActions.Token })

	podClientID  = text("client_id", "AZURE_CLIENT_ID", func(c *Config) string { return c.WorkloadIdentity.ClientID })
	podTenantID  = text("tenant_id", "AZURE_TENANT_ID", func(c *Config) string { return c.WorkloadIdentity.TenantID })
	podTokenFile = text("oidc_token_file_path", "AZURE_FEDERATED_TOKEN_FILE", func(c *Config) string { return c.WorkloadIdentity.TokenFile })

	msiObjectID        = text("msi_object_id", "ARM_MSI_OBJECT_ID", func(c *Config) string { return c.Credential.ManagedIdentityObjectID })
	msiResourceID      = text("msi_resource_id", "ARM_MSI_RESOURCE_ID", func(c *Config) string { return c.Credential.ManagedIdentityResourceID })
	auxiliaryTenantIDs = argument{"auxiliary_tenant_ids", "ARM_AUXILIARY_TENANT_IDS", func(c Config) bool { return len(c.Credential.AuxiliaryTenants) > 0 }}

	useOIDC   = argument{"use_oidc", "ARM_USE_OIDC", func(c Config) bool { return c.Credential.UseOIDC }}
	useAKS    = argument{"use_aks_workload_identity", "ARM_USE_AKS_WORKLOAD_IDENTITY", func(c Config) bool { return c.Credential.UseAKSWorkloadIdentity }}
	useMSI    = argument{"use_msi", "ARM_USE_MSI", func(c Config) bool { return c.Credential.UseManagedIdentity }}
	useCLI    = argument{"use_cli", "ARM_USE_CLI", func(c Config) bool { return c.Credential.UseCLI }}
	useDevCLI = argument{"use_dev_cli", "ARM_USE_DEV_CLI", func(c Config) bool { return c.Credential.UseDeveloperCLI }}
)

var (
	needClientID          = need{clientID, clientIDFile}
	needSecret            = need{clientSecret, clientSecretFile}
	needCertificate       = need{certificateFile, certificate}
	needTenantID          = need{tenantID}
	needOIDCToken         = need{oidcToken, oidcTokenFile}
	needServiceConnection = need{serviceConnection}
	needPipelinesURL      = need{pipelinesURL}
	needPipelinesToken    = need{pipelinesToken}
	needGitHubURL         = need{gitHubURL}
	needGitHubToken       = need{gitHubToken}
	needPodClientID       = need{podClientID, clientID, clientIDFile}
	needPodTenantID       = need{podTenantID, tenantID}
	needPodTokenFile      = need{podTokenFile, oidcTokenFile}
)

// clientID is the application to log in as.
func (o CredentialOptions) clientID() (string, error) {
	id, err := fromFile(o.ClientID, o.ClientIDFile, clientID, clientIDFile)
	if err != nil {
		return "", err
	}
	// The argument and its variable have been checked; what a file holds has not.
	if o.ClientIDFile != "" && (len(id) != 36 || uuid.Validate(id) != nil) {
		return "", clientIDFile.wrong("names %q, which does not hold a GUID", o.ClientIDFile)
	}
	return id, nil
}

// fromFile returns a value, or what a file says that stands in for it. Where both are set they must say the same, as with
// azurerm. It is used when the provider is configured, so that a wrong path is told at once: no network is needed for that.
func fromFile(value, path string, a, file argument) (string, error) {
	if path == "" {
		return value, nil
	}
	content, err := readText(path, file)
	if err != nil {
		return "", err
	}
	if value != "" && value != content {
		return "", file.wrong("names %q, which holds something else than %s says. Leave one of them", path, a)
	}
	return content, nil
}

// readText reads a file that holds one value, for an argument that names it.
func readText(path string, a argument) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", a.wrong("names %q: %w", path, withoutPath(err))
	}
	found := strings.TrimSpace(string(content))
	if found == "" {
		return "", a.wrong("names %q, which is empty", path)
	}
	return found, nil
}

// checkFile looks whether there is a file, without reading it. What is no regular file has a size of its own.
func checkFile(path string, a argument) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return a.wrong("names %q: %w", path, withoutPath(err))
	case info.IsDir():
		return a.wrong("names %q, which is a folder", path)
	case info.Mode().IsRegular() && info.Size() == 0:
		return a.wrong("names %q, which is empty", path)
	}
	return nil
}

// withoutPath is an error about a file that is named already.
func withoutPath(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return cmp.Or(e.Err, err)
	}
	return err
}
