# Copyright (c) The azuremi authors
# SPDX-License-Identifier: MPL-2.0

# Each machine's own identity: as many principals as machines, and each gets the roles.

variables {
  identity = { system_assigned = true }
}

run "world" {
  module {
    source = "./tests/world"
  }
}

run "every_machine_gets_the_role" {
  variables {
    # A machine and a scale set under one key are still two.
    virtual_machine_ids           = { web = run.world.ids["web-1"] }
    virtual_machine_scale_set_ids = { web = run.world.ids["workers"] }
    role_assignments              = { reader = { scope = run.world.ids["DevTest"], role_definition_name = "Reader" } }
  }

  assert {
    condition = {
      for key, assignment in azuremi_role_assignment.this : key => assignment.principal_id
      } == {
      "reader/virtual_machine/web"           = output.virtual_machines["web"].principal_id
      "reader/virtual_machine_scale_set/web" = output.virtual_machine_scale_sets["web"].principal_id
    }
    error_message = "The roles are not those of the machines' own identities."
  }

  assert {
    condition     = output.virtual_machines["web"].principal_id != output.virtual_machine_scale_sets["web"].principal_id
    error_message = "Two machines have one identity of their own."
  }

  assert {
    condition     = output.user_assigned_identity_id == null && output.client_id == null && output.principal_id == null && output.tenant_id == null
    error_message = "There is a user-assigned identity."
  }
}

run "the_machine_can_read_its_group" {
  module {
    source = "./tests/reader"
  }

  variables {
    principal_id = run.every_machine_gets_the_role.virtual_machines["web"].principal_id
  }

  assert {
    condition     = output.read_by == var.principal_id
    error_message = "The group was read by somebody else."
  }
}

run "nobody_outside_can_be_it" {
  command = plan

  variables {
    virtual_machine_ids            = { web = run.world.ids["web-1"] }
    federated_identity_credentials = { github-main = { issuer = "https://token.actions.githubusercontent.com", subject = "repo:octo-org/octo-repo:ref:refs/heads/main" } }
  }

  expect_failures = [azuremi_federated_identity_credential.this]
}
