// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"runtime/debug"
	"strings"
)

// version is set by the release build.
var version string

// programVersion is that of the release, or of the module that "go install" was told to build.
func programVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return strings.TrimPrefix(info.Main.Version, "v")
	}
	return "dev"
}
