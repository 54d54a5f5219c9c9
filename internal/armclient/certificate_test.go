// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/azuremi/terraform-provider-azuremi/internal/mockarm"
)

// A testPair is a certificate that it has signed itself, with its key.
type testPair struct {
	key         crypto.Signer
	certificate *x509.Certificate
}

// rsaKey is made once: it takes long.
var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func newKeyPair(t *testing.T) testPair {
	t.Helper()
	key, err := rsaKey()
	if err != nil {
		t.Fatal(err)
	}
	return certify(t, key, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
}

func certify(t *testing.T, key crypto.Signer, from, until time.Time) testPair {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "app"}, NotBefore: from, NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return testPair{key, certificate}
}

func (p testPair) certificatePEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.certificate.Raw})
}

func (p testPair) keyPEM(t *testing.T) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(p.key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// archive is PKCS#12 as OpenSSL 3 writes it: PBES2, and a MAC of SHA-256.
func (p testPair) archive(t *testing.T, password string) []byte {
	t.Helper()
	return p.encode(t, pkcs12.Modern2023, password)
}

func (p testPair) encode(t *testing.T, encoder *pkcs12.Encoder, password string) []byte {
	t.Helper()
	archive, err := encoder.Encode(p.key, p.certificate, nil, password)
	if err != nil {
		t.Fatal(err)
	}
	return archive
}

func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestACertificateLogsInInEveryForm(t *testing.T) {
	t.Parallel()
	pair := newKeyPair(t)
	inline := base64.StdEncoding.EncodeToString(pair.archive(t, "the password"))
	for name, o := range map[string]CredentialOptions{
		"an archive of OpenSSL 3":        {ClientCertificateFile: write(t, "app.pfx", pair.archive(t, "the password")), ClientCertificatePassword: "the password"},
		"an archive of older tools":      {ClientCertificateFile: write(t, "app.pfx", pair.encode(t, pkcs12.LegacyRC2, "the password")), ClientCertificatePassword: "the password"},
		"an archive without a password":  {ClientCertificateFile: write(t, "app.pfx", pair.encode(t, pkcs12.Passwordless, ""))},
		"an archive with an empty one":   {ClientCertificateFile: write(t, "app.pfx", pair.archive(t, ""))},
		"PEM":                            {ClientCertificateFile: write(t, "app.pem", append(pair.certificatePEM(), pair.keyPEM(t)...))},
		"PEM, the key first":             {ClientCertificateFile: write(t, "app.pem", append(pair.keyPEM(t), pair.certificatePEM()...))},
		"inline":                         {ClientCertificate: inline, ClientCertificatePassword: "the password"},
		"inline, in lines as base64(1)'": {ClientCertificate: inline[:76] + "\n" + inline[76:] + "\n", ClientCertificatePassword: "the password"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, cfg := newMock(t, func(s *mockarm.Seed) {
				s.Principals[0].Secret, s.Principals[0].Certificates = "not in use", []string{string(pair.certificatePEM())}
			})
			o.ClientID = mockarm.DefaultOperatorAppID
			cfg.Credential = o
			if _, err := newClient(t, cfg).CreateIdentity(t.Context(), reader, armmsi.Identity{Location: new("westus")}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWhatIsWrongWithACertificateIsToldAtOnce(t *testing.T) {
	t.Parallel()
	pair, now := newKeyPair(t), time.Now()
	elliptic, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	another, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	stranger := certify(t, another, now.Add(-time.Hour), now.Add(time.Hour))
	expired := certify(t, pair.key, now.Add(-2*time.Hour), now.Add(-time.Hour))
	early := certify(t, pair.key, now.Add(time.Hour), now.Add(2*time.Hour))
	onlyCertificate, err := pkcs12.Modern2023.EncodeTrustStore([]*x509.Certificate{pair.certificate}, "the password")
	if err != nil {
		t.Fatal(err)
	}
	file := func(content []byte) CredentialOptions {
		return CredentialOptions{ClientCertificateFile: write(t, "app.pfx", content), ClientCertificatePassword: "the password"}
	}
	inPEM := func(p testPair) CredentialOptions { return file(append(p.keyPEM(t), p.certificatePEM()...)) }
	const path, password = "client_certificate_path (ARM_CLIENT_CERTIFICATE_PATH)", "client_certificate_password (ARM_CLIENT_CERTIFICATE_PASSWORD)"
	for name, c := range map[string]struct {
		options  CredentialOptions
		argument string
		wants    []string
	}{
		"there is no such file": {CredentialOptions{ClientCertificateFile: filepath.Join(t.TempDir(), "none.pfx")}, "client_certificate_path", []string{path, "none.pfx"}},
		"the file is empty":     {file(nil), "client_certificate_path", []string{path, "it is empty"}},
		"the file holds other":  {file([]byte("certificate, please")), "client_certificate_path", []string{path, "cannot be used"}},
		"a wrong password": {
			CredentialOptions{ClientCertificateFile: write(t, "app.pfx", pair.archive(t, "another")), ClientCertificatePassword: "the password"},
			"client_certificate_password",
			[]string{password + " does not open", path},
		},
		"no password": {
			CredentialOptions{ClientCertificateFile: write(t, "app.pfx", pair.archive(t, "another"))},
			"client_certificate_path",
			[]string{path, "without a password", "Set " + password},
		},
		"no key in the archive": {file(onlyCertificate), "client_certificate_path", []string{path}},
		"no key in PEM":         {file(pair.certificatePEM()), "client_certificate_path", []string{"found no private key"}},
		"no certificate in PEM": {file(pair.keyPEM(t)), "client_certificate_path", []string{"found no certificate"}},
		"an encrypted key in PEM": {
			file(append(pair.certificatePEM(), pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")})...)),
			"client_certificate_path",
			[]string{"its key is encrypted", "openssl pkcs12 -export"},
		},
		"somebody else's key":            {file(append(stranger.keyPEM(t), pair.certificatePEM()...)), "client_certificate_path", []string{"none of its certificates belongs to its key"}},
		"a key that Entra does not take": {inPEM(certify(t, elliptic, now.Add(-time.Hour), now.Add(time.Hour))), "client_certificate_path", []string{"RSA keys only"}},
		"it has expired":                 {inPEM(expired), "client_certificate_path", []string{"has expired at " + now.Add(-time.Hour).UTC().Format(time.RFC3339)}},
		"it is not valid yet":            {inPEM(early), "client_certificate_path", []string{"is not valid before"}},
		"no base64":                      {CredentialOptions{ClientCertificate: "%%%"}, "client_certificate", []string{"client_certificate (ARM_CLIENT_CERTIFICATE) is not a PKCS#12 archive in base64"}},
		"base64 of something else":       {CredentialOptions{ClientCertificate: "aGVsbG8="}, "client_certificate", []string{"client_certificate (ARM_CLIENT_CERTIFICATE) holds what cannot be used"}},
		"both inline and in a file":      {CredentialOptions{ClientCertificate: "aGVsbG8=", ClientCertificateFile: "app.pfx"}, "client_certificate", []string{"is set, and " + path + " as well"}},
		"a wrong password, inline":       {CredentialOptions{ClientCertificate: base64.StdEncoding.EncodeToString(pair.archive(t, "x")), ClientCertificatePassword: "the password"}, "client_certificate_password", []string{password}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.options.ClientID = mockarm.DefaultOperatorAppID
			_, err := New(Config{Credential: c.options, TenantID: mockarm.DefaultTenantID})
			wrong, ok := errors.AsType[*ArgumentError](err)
			if !ok || wrong.Argument != c.argument {
				t.Fatalf("error %#v, want one about %s", err, c.argument)
			}
			for _, want := range c.wants {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error lacks %q: %v", want, err)
				}
			}
			if c.options.ClientCertificatePassword != "" && strings.Contains(err.Error(), `"the password"`) {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}

func TestWhatIsWrongWithACertificateThatIsNotUsedIsNobodysBusiness(t *testing.T) {
	t.Parallel()
	o := CredentialOptions{ClientCertificateFile: "/none", UseManagedIdentity: true, OIDCTokenFile: "/none", ClientSecretFile: "/none"}
	if got := newClient(t, Config{Credential: o}).Login(); !strings.Contains(got, "use_msi") {
		t.Error(got)
	}
}
