# Copyright (c) The azuremi authors
# SPDX-License-Identifier: MPL-2.0

# What cannot be meant is refused in the plan, under the name of the input.

variables {
  identity = { create = { name = "id-web", resource_group_name = "DevTest", location = "westus" } }
}

run "world" {
  module {
    source = "./tests/world"
  }
}

run "no_identity" {
  command = plan

  variables {
    identity = {}
  }

  expect_failures = [var.identity]
}

run "two_identities" {
  command = plan

  variables {
    identity = {
      create          = { name = "id-web", resource_group_name = "DevTest", location = "westus" }
      system_assigned = true
    }
  }

  expect_failures = [var.identity]
}

run "something_else_for_an_identity" {
  command = plan

  variables {
    identity = { existing = { id = run.world.ids["web-1"] } }
  }

  expect_failures = [var.identity]
}

run "a_scale_set_for_a_machine" {
  command = plan

  variables {
    virtual_machine_ids = { web = run.world.ids["workers"] }
  }

  expect_failures = [var.virtual_machine_ids]
}

run "a_machine_for_a_scale_set" {
  command = plan

  variables {
    virtual_machine_scale_set_ids = { workers = run.world.ids["web-1"] }
  }

  expect_failures = [var.virtual_machine_scale_set_ids]
}

run "a_role_by_name_and_by_id" {
  command = plan

  variables {
    role_assignments = {
      reader = {
        scope                = run.world.ids["DevTest"]
        role_definition_name = "Reader"
        role_definition_id   = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
      }
    }
  }

  expect_failures = [var.role_assignments]
}

run "no_role_at_all" {
  command = plan

  variables {
    role_assignments = { reader = { scope = run.world.ids["DevTest"] } }
  }

  expect_failures = [var.role_assignments]
}

run "more_credentials_than_an_identity_has" {
  command = plan

  variables {
    federated_identity_credentials = {
      for n in range(21) : "environment-${n}" => {
        issuer  = "https://token.actions.githubusercontent.com"
        subject = "repo:octo-org/octo-repo:environment:${n}"
      }
    }
  }

  expect_failures = [var.federated_identity_credentials]
}
