// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

// Command mockarm runs a mock Azure on this machine: by itself, or for the time of one command.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

const usage = `mockarm is an Azure for one machine: Azure Resource Manager, Microsoft Entra and the instance
metadata service, with enforced tokens and roles, on loopback. Nothing leaves this machine.

Usage:

  mockarm exec  [OPTION...] -- COMMAND [ARGUMENT...]
  mockarm serve [OPTION...] [--listen ADDRESS]
  mockarm version

exec runs COMMAND with an environment in which azuremi, azurerm, azapi and the Azure SDKs find the
mock. Signals are passed on, the exit code is that of COMMAND (128 and the signal's number if one
ended it), and nothing is left behind:

  mockarm exec -- terraform apply

serve prints that environment for a shell and stays until it is interrupted:

  mockarm serve > mockarm.env &

Options:

  --seed FILE       the world to begin with, in JSON (see examples/mockarm/seed.json); by default a
                    subscription with the virtual machine vm-linux in the resource group DevTest
  --state FILE      keep the world in FILE, and go on with it the next time; the seed is what it begins
                    with when there is no FILE yet
  --vm NAME         the virtual machine or scale set whose metadata service ARM_MSI_ENDPOINT names,
                    by name or ARM ID; by default the only one that there is
  --host KIND       where COMMAND finds that machine's identities, as on a vm (the default),
                    app-service (and Container Apps), azure-ml, cloud-shell, service-fabric, or arc,
                    which needs the directory /var/opt/azcmagent/tokens
  --faults FILE     what is to go wrong, in JSON: an array of faults, of which the simplest is
                    {"path": "**/roleAssignments/*", "nth": 2, "status": 503}
  --settings FILE   which parts of Azure are to be quicker, slower or smaller, in JSON: an object like
                    {"operationDuration": "30s", "grantLag": "5m", "attachLag": "90s"}
  --public-hosts    stand in for management.azure.com, login.microsoftonline.com and graph.microsoft.com, for
                    clients that honour HTTPS_PROXY and have these names built in
  --throttle        turn away with 429 what exceeds Azure's limits, instead of counting it only
  --listen ADDRESS  the loopback address and port to serve on; by default a free port of 127.0.0.1

While it runs, $MOCKARM_URL/_mock/ is a page that shows the world and the requests as they come in.
curl --cacert "$ARM_CA_CERTIFICATE_FILE" "$MOCKARM_URL/_mock/requests" tells what was asked of it;
_mock/state tells what has become of the world, and a PUT of such a state brings it back; a POST to
_mock/reset starts again.
_mock/faults tells what went wrong on purpose; POST adds faults to it, and DELETE takes them away.
PATCH changes _mock/settings, and a POST of {"advance": "1h"} to _mock/clock moves the mock's time on.
`

// exitUsage is the exit code for a command line that cannot be understood.
const exitUsage = 2

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program; it returns the exit code.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) int {
	if len(arguments) == 0 {
		complain(stderr, usage)
		return exitUsage
	}
	var err error
	code := 0
	switch command, rest := arguments[0], arguments[1:]; command {
	case "serve":
		err = serve(ctx, rest, stdout, stderr)
	case "exec":
		code, err = execute(ctx, rest, stderr)
	case "help", "-h", "-help", "--help":
		_, err = io.WriteString(stdout, usage)
	case "version", "-version", "--version":
		_, err = io.WriteString(stdout, "mockarm "+programVersion()+"\n")
	default:
		err = usageError{fmt.Errorf("there is no command %q", command)}
	}
	wrongUse, isWrongUse := errors.AsType[usageError](err)
	switch {
	case err == nil:
		return code
	case errors.Is(err, flag.ErrHelp):
		complain(stderr, usage)
		return 0
	case isWrongUse:
		complain(stderr, fmt.Sprintf("mockarm: %v\nSee mockarm help.\n", wrongUse))
		return exitUsage
	default:
		complain(stderr, fmt.Sprintf("mockarm: %v\n", err))
		return max(code, 1)
	}
}

// complain writes to standard error. Where that cannot be written to, there is nobody left to tell.
func complain(stderr io.Writer, message string) { _, _ = io.WriteString(stderr, message) }

// A usageError is one of the command line.
type usageError struct{ error }

// Unwrap gives the error itself.
func (e usageError) Unwrap() error { return e.error }
