// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package mockarm

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// claimsOf are the claims of a token, as clients read them.
func claimsOf(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no JWT", token)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatalf("reading the claims: %v", err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatalf("reading the claims: %v", err)
	}
	return claims
}

const entraClaims = "aio appid appidacr aud exp iat idp idtyp iss nbf oid sub tid uti ver"

func TestRecordedTokenAnswers(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	form := map[string]string{
		"grant_type": "client_credentials", "client_id": DefaultOperatorAppID, "client_secret": a.world.Operator().Secret,
		"scope": "https://management.azure.com/.default openid offline_access profile", "client_info": "1",
	}
	received := a.postForm(t, DefaultTenantID, "/oauth2/v2.0/token", form)
	same(t, received, `{"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": "<text>"}`)
	claims := claimsOf(t, received.value("access_token"))
	if got := keysOf(claims); got != entraClaims {
		t.Errorf("the claims are %s, want %s", got, entraClaims)
	}
	issuer := "https://sts.windows.net/" + DefaultTenantID + "/"
	for name, want := range map[string]any{
		"aud": "https://management.azure.com", "iss": issuer, "idp": issuer, "appid": DefaultOperatorAppID, "appidacr": "1", "idtyp": "app",
		"oid": DefaultOperatorID, "sub": DefaultOperatorID, "tid": DefaultTenantID, "ver": "1.0",
	} {
		if claims[name] != want {
			t.Errorf("the claim %s is %v, want %v", name, claims[name], want)
		}
	}
	form["client_secret"] = "guess"
	refused := a.postForm(t, DefaultTenantID, "/oauth2/v2.0/token", form)
	if refused.status != http.StatusUnauthorized {
		t.Errorf("a wrong secret: %d", refused.status)
	}
	description := refused.value("error_description")
	want := `{"error": "invalid_client", "error_description": ` + strconv.Quote(description) + `, "error_codes": [7000215], "timestamp": "<entra>", "trace_id": "<guid>",
		"correlation_id": "<guid>", "error_uri": "https://login.microsoftonline.com/error?code=7000215"}`
	same(t, refused, want)
	tail := " Trace ID: " + refused.value("trace_id") + " Correlation ID: " + refused.value("correlation_id") + " Timestamp: " + refused.value("timestamp")
	if !strings.HasPrefix(description, "AADSTS7000215: Invalid client secret provided.") || !strings.HasSuffix(description, tail) {
		t.Errorf("the description is %q", description)
	}
}

func TestRecordedMetadataServiceAnswers(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	one := s.createIdentity("one")
	s.createIdentity("two")
	s.attach(one.value("id"), strings.Replace(one.value("id"), "/one", "/two", 1))
	ask := func(query string, headers ...string) answer {
		r := newRequest(t, http.MethodGet, "http://169.254.169.254/metadata/identity/oauth2/token?"+query, "")
		for i := 0; i+1 < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		return roundTrip(t, a.IMDSTransport(DefaultMachineID), r)
	}
	clientID := one.value("properties", "clientId")
	query := "api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.azure.com/"
	received := ask(query+"&client_id="+clientID, "Metadata", "true")
	now := a.clock.Now().Unix()
	same(t, received, `{"access_token": "<text>", "client_id": "`+clientID+`", "expires_in": "86399", "expires_on": "`+strconv.FormatInt(now+86400, 10)+`", "ext_expires_in": "86399",
		"not_before": "`+strconv.FormatInt(now, 10)+`", "resource": "https://management.azure.com/", "token_type": "Bearer"}`)
	claims := claimsOf(t, received.value("access_token"))
	if got := keysOf(claims); got != entraClaims+" xms_az_rid xms_mirid" {
		t.Errorf("the claims are %s", got)
	}
	if claims["appidacr"] != "2" || claims["xms_mirid"] != one.value("id") || claims["xms_az_rid"] != DefaultMachineID {
		t.Errorf("the claims are %v", claims)
	}
	for name, c := range map[string]struct {
		received answer
		want     string
	}{
		"no header":                           {ask(query), `{"error": "invalid_request", "error_description": "Required metadata header not specified"}`},
		"another one":                         {ask(query+"&client_id="+newGUID(), "Metadata", "true"), `{"error": "invalid_request", "error_description": "Identity not found"}`},
		"which of them":                       {ask(query, "Metadata", "true"), `{"error": "invalid_request", "error_description": "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request"}`},
		"no version":                          {ask("resource=x", "Metadata", "true"), `{"error": "Bad request. api-version was not specified in the request. For more information refer to aka.ms/azureimds", "newest-versions": ["<text>", "<text>", "<text>"]}`},
		"the probe of DefaultAzureCredential": {ask(""), `{"error": "invalid_request", "error_description": "Required metadata header not specified"}`},
	} {
		if c.received.status != http.StatusBadRequest {
			t.Errorf("%s: %d", name, c.received.status)
		}
		same(t, c.received, c.want)
	}
}

// TestRecordedAssertionRefusal has the words of a log of GitHub Actions.
func TestRecordedAssertionRefusal(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	s := a.operator(t)
	identity := s.createIdentity("one")
	s.must(http.StatusCreated, http.MethodPut, identity.value("id")+"/federatedIdentityCredentials/main",
		`{"properties": {"issuer": "https://token.actions.githubusercontent.com", "subject": "repo:o/r:ref:refs/heads/main", "audiences": ["api://AzureADTokenExchange"]}}`)
	r := newRequest(t, http.MethodPost, a.URL()+"/_mock/issuers/github/token", `{"subject": "repo:o/r:ref:refs/heads/x"}`)
	assertion := roundTrip(t, a.Transport(), r).value("token")
	refused := a.postForm(t, DefaultTenantID, "/oauth2/v2.0/token", map[string]string{
		"grant_type": "client_credentials", "client_id": identity.value("properties", "clientId"), "scope": "https://management.azure.com/.default",
		"client_assertion_type": assertionType, "client_assertion": assertion,
	})
	const want = "AADSTS700213: No matching federated identity record found for presented assertion subject 'repo:o/r:ref:refs/heads/x'. " +
		"Check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation Trace ID: "
	if refused.status != http.StatusUnauthorized || refused.value("error") != "invalid_client" || !strings.HasPrefix(refused.value("error_description"), want) {
		t.Errorf("%d %s", refused.status, refused.text)
	}
}

func TestRecordedCloudMetadata(t *testing.T) {
	t.Parallel()
	a := newAzure(t)
	cloud := `{"portal": "https://portal.azure.com",
		"authentication": {"loginEndpoint": "` + a.URL() + `/", "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"], "tenant": "common", "identityProvider": "AAD"},
		"media": "https://rest.media.azure.net", "graphAudience": "https://graph.windows.net/", "graph": "https://graph.windows.net/", "name": "AzureMock",
		"suffixes": {"azureDataLakeStoreFileSystem": "azuredatalakestore.net", "acrLoginServer": "azurecr.io", "sqlServerHostname": "database.windows.net",
			"azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net", "keyVaultDns": "vault.azure.net", "storage": "core.windows.net",
			"azureFrontDoorEndpointSuffix": "azurefd.net", "storageSyncEndpointSuffix": "afs.azure.net", "mhsmDns": "managedhsm.azure.net",
			"mysqlServerEndpoint": "mysql.database.azure.com", "postgresqlServerEndpoint": "postgres.database.azure.com", "mariadbServerEndpoint": "mariadb.database.azure.com",
			"synapseAnalytics": "dev.azuresynapse.net", "attestationEndpoint": "attest.azure.net"},
		"batch": "https://batch.core.windows.net/", "resourceManager": "` + a.URL() + `/",
		"vmImageAliasDoc": "https://raw.githubusercontent.com/Azure/azure-rest-api-specs/main/arm-compute/quickstart-templates/aliases.json",
		"activeDirectoryDataLake": "https://datalake.azure.net/", "sqlManagement": "https://management.core.windows.net:8443/",
		"microsoftGraphResourceId": "` + a.URL() + `/", "appInsightsResourceId": "https://api.applicationinsights.io",
		"appInsightsTelemetryChannelResourceId": "https://dc.applicationinsights.azure.com/v2/track", "attestationResourceId": "https://attest.azure.net",
		"synapseAnalyticsResourceId": "https://dev.azuresynapse.net", "logAnalyticsResourceId": "https://api.loganalytics.io",
		"ossrDbmsResourceId": "https://ossrdbms-aad.database.windows.net", "gallery": "https://gallery.azure.com/"}`
	for version, want := range map[string]string{
		"2022-09-01": cloud,
		"2015-01-01": `{"galleryEndpoint": "https://gallery.azure.com/", "graphEndpoint": "https://graph.windows.net/", "portalEndpoint": "https://portal.azure.com",
			"authentication": {"loginEndpoint": "` + a.URL() + `/", "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"], "tenant": "common", "identityProvider": "AAD"}}`,
	} {
		received := roundTrip(t, a.Transport(), newRequest(t, http.MethodGet, a.URL()+"/metadata/endpoints?"+url.Values{"api-version": {version}}.Encode(), ""))
		same(t, received, want)
	}
}
