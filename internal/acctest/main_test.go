// Copyright (c) The azuremi authors
// SPDX-License-Identifier: MPL-2.0

package acctest_test

import (
	"os"
	"testing"

	"github.com/azuremi/terraform-provider-azuremi/internal/acctest"
)

func TestMain(m *testing.M) { os.Exit(acctest.Main(m)) }
