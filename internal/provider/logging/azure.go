// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package logging

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm/runtime"
	azlog "github.com/Azure/azure-sdk-for-go/sdk/azcore/log"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// azure is the subsystem of the lines that the Azure SDK writes.
const azure = "azure"

// levels are the events that are forwarded, and how loud they are. A response repeats its request, so that the request by
// itself matters only where no response comes. What else a newer SDK may tell is left out until somebody has seen what it
// holds.
var levels = map[azlog.Event]hclog.Level{
	azlog.EventRequest:             hclog.Trace,
	azlog.EventResponse:            hclog.Debug,
	azlog.EventResponseError:       hclog.Debug,
	azlog.EventRetryPolicy:         hclog.Debug,
	azlog.EventLRO:                 hclog.Debug,
	runtime.LogRPRegistration:      hclog.Debug,
	azidentity.EventAuthentication: hclog.Debug,
}

// target is the context that the lines of the Azure SDK are written with, nil until the provider is configured.
var target atomic.Pointer[context.Context]

// bridged tells whether anything is forwarded at all.
var bridged atomic.Bool

// BridgeAzure forwards what the Azure SDK tells to Terraform's log, if the environment asks for that. The SDK has one
// listener for the process, which it reads without a lock: this is to be called before anything uses the SDK.
//
// Where no log is wanted the SDK composes none.
func BridgeAzure(getenv func(string) string) {
	events := wanted(level(getenv))
	if len(events) == 0 {
		return
	}
	azlog.SetEvents(events...)
	azlog.SetListener(forward)
	bridged.Store(true)
}

// wanted are the events that a log of a level shows.
func wanted(of hclog.Level) []azlog.Event {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(levels)), func(e azlog.Event) bool { return levels[e] < of })
}

// level is the level of the log that the environment asks for, by the most particular variable that is set. Terraform looks
// at TF_LOG_PROVIDER and TF_LOG, and takes what it does not know for TRACE, which JSON is; the others are those of
// terraform-plugin-log.
func level(getenv func(string) string) hclog.Level {
	for _, variable := range []string{"TF_LOG_PROVIDER_AZUREMI_AZURE", "TF_LOG_PROVIDER_AZUREMI", "TF_LOG_PROVIDER", "TF_LOG"} {
		text := getenv(variable)
		if text == "" {
			continue
		}
		if level := hclog.LevelFromString(text); level != hclog.NoLevel {
			return level
		}
		return hclog.Trace
	}
	return hclog.Off
}

// Follow has the Azure SDK write with the logger of ctx from now on. The SDK does not tell which request an event belongs
// to, so that its lines go to the newest configuration's logger. That ctx may have ended does not matter: what is asked of it
// is its values.
func Follow(ctx context.Context) {
	if !bridged.Load() {
		return
	}
	// Without the fields of the provider's logger: they tell the one request of Terraform that configured the provider, and
	// tflog writes masked fields back into their map, which no two lines could do at once.
	ctx = maskedSubsystem(tflog.NewSubsystem(context.WithoutCancel(ctx), azure), azure)
	target.Store(&ctx)
}

// forward writes an event. Its first line is the message; the others, the URL and the headers say, are shown below it.
func forward(event azlog.Event, text string) {
	ctx := target.Load()
	if ctx == nil {
		return
	}
	message, more, _ := strings.Cut(strings.TrimSpace(text), "\n")
	message = strings.TrimLeft(message, "=> ")
	fields := map[string]any{"event": string(event)}
	if details := detailsOf(event, more); details != "" {
		fields["details"] = details
	}
	write := tflog.SubsystemDebug
	if levels[event] == hclog.Trace || isRoutine(event, message) {
		write = tflog.SubsystemTrace
	}
	write(*ctx, azure, message, fields)
}

// isRoutine tells the steps of azcore's retries, which every request takes, from the pause after one that failed.
func isRoutine(event azlog.Event, message string) bool {
	return event == azlog.EventRetryPolicy && !strings.HasPrefix(message, "End Try")
}

// rule is what azcore draws between the parts of an event.
const rule = "--------------------------------------------------------------------------------"

// detailsOf are the lines of an event without its margin, and without the body that an error of ARM ends with.
func detailsOf(event azlog.Event, text string) string {
	if parts := strings.SplitN(text, rule, 3); event == azlog.EventResponseError && len(parts) == 3 {
		text = parts[1]
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
