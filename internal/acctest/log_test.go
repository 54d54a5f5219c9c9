// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package acctest_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/acctest"
)

// TestTheLogTellsWhatAzureWasAsked reads the engine's log as somebody does who looks for a request. That no secret is in it is
// seen to for every test of this package.
func TestTheLogTellsWhatAzureWasAsked(t *testing.T) {
	t.Parallel()
	grant := acctest.New(t).Terraform("examples/quickstart-system-assigned/grant")
	grant.Apply(subscription)
	log, err := os.ReadFile(filepath.Join(grant.Dir, "trace.log"))
	if err != nil {
		t.Fatal(err)
	}
	for what, pattern := range map[string]string{
		"how the provider logs in": `\[DEBUG\] provider\.terraform-provider-azuremi: logging in with a client secret`,
		"that it has a token":      `\[DEBUG\] provider\.terraform-provider-azuremi: ClientSecretCredential\.GetToken\(\) acquired a token`,
		"the request":              `\[TRACE\] provider\.terraform-provider-azuremi: OUTGOING REQUEST \(Try=1\)`,
		"the answer":               `\[DEBUG\] provider\.terraform-provider-azuremi: REQUEST/RESPONSE \(Try=1/`,
		"what was asked":           `(?m)PATCH https://[^ ]+/virtualMachines/vm-linux\?api-version=`,
		"the correlation ID":       `X-Ms-Correlation-Request-Id: [0-9a-f]{8}-`,
		"that it holds no token":   `Authorization: REDACTED`,
		"the status":               `RESPONSE Status: 200 OK`,
		"the operation":            `Azure-Asyncoperation: https://`,
		"how the operation ended":  `terraform-provider-azuremi: State Succeeded: .*@module=azuremi\.azure`,
	} {
		if !regexp.MustCompile(pattern).Match(log) {
			t.Errorf("the log does not tell %s: nothing matches %s", what, pattern)
		}
	}
}
