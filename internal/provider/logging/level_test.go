// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package logging

import (
	"slices"
	"testing"

	azlog "github.com/Azure/azure-sdk-for-go/sdk/azcore/log"
	"github.com/hashicorp/go-hclog"
)

func TestTheSDKTellsWhatTheEnvironmentAsksFor(t *testing.T) {
	t.Parallel()
	const nothing, allButRequests, all = 0, 6, 7
	for name, c := range map[string]struct {
		env   map[string]string
		level hclog.Level
		count int
	}{
		"no log":                          {nil, hclog.Off, nothing},
		"a whole log":                     {map[string]string{"TF_LOG": "TRACE"}, hclog.Trace, all},
		"a log in JSON":                   {map[string]string{"TF_LOG": "json"}, hclog.Trace, all},
		"a level that Terraform takes so": {map[string]string{"TF_LOG": "1"}, hclog.Trace, all},
		"a log for debugging":             {map[string]string{"TF_LOG": "debug"}, hclog.Debug, allButRequests},
		"a log of what matters":           {map[string]string{"TF_LOG": "INFO"}, hclog.Info, nothing},
		"off":                             {map[string]string{"TF_LOG": "OFF"}, hclog.Off, nothing},
		"the log of the providers":        {map[string]string{"TF_LOG_PROVIDER": "DEBUG"}, hclog.Debug, allButRequests},
		"the log of the engine":           {map[string]string{"TF_LOG_CORE": "TRACE"}, hclog.Off, nothing},
		"the provider is to be quiet":     {map[string]string{"TF_LOG": "TRACE", "TF_LOG_PROVIDER_AZUREMI": "WARN"}, hclog.Warn, nothing},
		"the SDK is to be quiet":          {map[string]string{"TF_LOG": "TRACE", "TF_LOG_PROVIDER_AZUREMI_AZURE": "OFF"}, hclog.Off, nothing},
		"the SDK is to tell all":          {map[string]string{"TF_LOG_PROVIDER": "DEBUG", "TF_LOG_PROVIDER_AZUREMI_AZURE": "TRACE"}, hclog.Trace, all},
	} {
		got := level(func(name string) string { return c.env[name] })
		events := wanted(got)
		if got != c.level || len(events) != c.count {
			t.Errorf("%s: level %s, events %q", name, got, events)
		}
		if slices.Contains(events, azlog.EventRequest) != (c.count == all) {
			t.Errorf("%s: the events are %q", name, events)
		}
	}
}
