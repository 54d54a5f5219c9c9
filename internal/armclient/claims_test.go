// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package armclient

import (
	"context"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/golang-jwt/jwt/v5"
)

// issued is a credential that has one token.
type issued jwt.MapClaims

// GetToken implements azcore.TokenCredential.
func (i issued) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims(i)).SignedString([]byte("a key that nobody asks for"))
	return azcore.AccessToken{Token: token, ExpiresOn: time.Now().Add(time.Hour)}, err
}

// The mock has no users; the Azure CLI mostly has.
func TestATokenTellsUsersFromServicePrincipals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		claims issued
		want   string
	}{
		"a user":                           {issued{"idtyp": "user", "scp": "user_impersonation"}, "User"},
		"a user of an older token":         {issued{"scp": "user_impersonation"}, "User"},
		"an application":                   {issued{"idtyp": "app"}, "ServicePrincipal"},
		"an application of an older token": {issued{"appidacr": "1"}, "ServicePrincipal"},
	} {
		_, cfg := newMock(t)
		client := newClient(t, cfg)
		client.credential.source = c.claims
		who, err := client.Caller(t.Context())
		if err != nil || who.PrincipalType != c.want {
			t.Errorf("%s is a %s, %v", name, who.PrincipalType, err)
		}
	}
}
