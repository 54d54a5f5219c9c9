// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"software.sslmate.com/src/go-pkcs12"
)

// A keyPair is a certificate of an application, with its key and those that vouch for it.
type keyPair struct {
	certificates []*x509.Certificate
	key          any
}

func clientCertificateCredential(cfg Config) (credentialBuilder, error) {
	id, err := cfg.Credential.clientID()
	if err != nil {
		return nil, err
	}
	// A wrong password or path is told when the provider is configured: a local file is all that it takes.
	pair, err := readKeyPair(cfg.Credential, time.Now())
	if err != nil {
		return nil, err
	}
	return func(c *Client) (tokenSource, error) {
		credential, err := azidentity.NewClientCertificateCredential(cfg.TenantID, id, pair.certificates, pair.key, &azidentity.ClientCertificateCredentialOptions{
			ClientOptions:              c.loginOptions(),
			AdditionallyAllowedTenants: cfg.Credential.AuxiliaryTenants,
			DisableInstanceDiscovery:   cfg.DisableInstanceDiscovery,
		})
		if err != nil {
			return nil, fmt.Errorf("logging in with a client certificate: %w", err)
		}
		return credential, nil
	}, nil
}

// readKeyPair reads the certificate that the application logs in with.
func readKeyPair(o CredentialOptions, now time.Time) (keyPair, error) {
	content, source, what, err := certificateContent(o)
	if err != nil {
		return keyPair{}, err
	}
	pair, err := parseKeyPair(content, o.ClientCertificatePassword)
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword) && o.ClientCertificatePassword == "":
		return keyPair{}, source.wrong("%s cannot be opened without a password. Set %s", what, certificatePassword)
	case errors.Is(err, pkcs12.ErrIncorrectPassword), errors.Is(err, pkcs12.ErrDecryption):
		return keyPair{}, certificatePassword.wrong("does not open what %s %s", source, what)
	case err != nil:
		return keyPair{}, source.wrong("%s cannot be used: %w", what, err)
	}
	if err := pair.check(now); err != nil {
		return keyPair{}, source.wrong("%s cannot be used: %w", what, err)
	}
	return pair, nil
}

// certificateContent returns what is configured as a certificate, with the argument that says so, and what the argument
// does.
func certificateContent(o CredentialOptions) ([]byte, argument, string, error) {
	if o.ClientCertificate == "" {
		content, err := os.ReadFile(o.ClientCertificateFile)
		if err != nil {
			err = certificateFile.wrong("names %q: %w", o.ClientCertificateFile, withoutPath(err))
		}
		return content, certificateFile, fmt.Sprintf("names %q, which", o.ClientCertificateFile), err
	}
	if o.ClientCertificateFile != "" {
		return nil, certificate, "", certificate.wrong("is set, and %s as well. Leave one of them", certificateFile)
	}
	// Tools for base64 break its lines.
	content, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(o.ClientCertificate), ""))
	if err != nil {
		err = certificate.wrong("is not a PKCS#12 archive in base64: %w", err)
	}
	return content, certificate, "holds what", err
}

// parseKeyPair reads PEM or PKCS#12. azidentity's own reader of PKCS#12 knows neither PBES2 nor a MAC of SHA-256, which
// OpenSSL 3 writes (openssl-pkcs12(1), "-legacy").
func parseKeyPair(content []byte, password string) (keyPair, error) {
	if len(bytes.TrimSpace(content)) == 0 {
		return keyPair{}, errors.New("it is empty")
	}
	block, _ := pem.Decode(content)
	if block == nil {
		key, leaf, others, err := pkcs12.DecodeChain(content, password)
		return keyPair{append([]*x509.Certificate{leaf}, others...), key}, err
	}
	for rest := content; block != nil; {
		if block, rest = pem.Decode(rest); block != nil && (block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "") {
			return keyPair{}, errors.New("its key is encrypted, which is understood in PKCS#12 only: convert it with \"openssl pkcs12 -export\"")
		}
	}
	certificates, key, err := azidentity.ParseCertificates(content, nil)
	return keyPair{certificates, key}, err
}

// check demands a key that Entra takes, and a certificate for it that is valid now.
func (p keyPair) check(now time.Time) error {
	// Client assertions are signed with RS256 or PS256 (Microsoft Learn: identity-platform/certificate-credentials).
	key, ok := p.key.(*rsa.PrivateKey)
	if !ok {
		return fmt.Errorf("its key is a %T, and Microsoft Entra takes RSA keys only", p.key)
	}
	i := slices.IndexFunc(p.certificates, func(c *x509.Certificate) bool { return key.PublicKey.Equal(c.PublicKey) })
	if i < 0 {
		return errors.New("none of its certificates belongs to its key")
	}
	switch own := p.certificates[i]; {
	case now.After(own.NotAfter):
		return fmt.Errorf("its certificate has expired at %s", own.NotAfter.UTC().Format(time.RFC3339))
	case now.Before(own.NotBefore):
		return fmt.Errorf("its certificate is not valid before %s", own.NotBefore.UTC().Format(time.RFC3339))
	}
	return nil
}
