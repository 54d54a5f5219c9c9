# Copyright (c) The azuremi authors
# SPDX-License-Identifier: MPL-2.0

# An identity that another team looks after, in another subscription: it is used, and survives.

run "world" {
  module {
    source = "./tests/world"
  }
}

run "it_is_assigned_and_gets_roles" {
  variables {
    identity            = { existing = { id = run.world.ids["id-shared"] } }
    virtual_machine_ids = { web = run.world.ids["web-1"] }
    role_assignments    = { reader = { scope = run.world.ids["DevTest"], role_definition_name = "Reader" } }
  }

  assert {
    condition     = length(azuremi_user_assigned_identity.this) == 0 && output.user_assigned_identity_id == var.identity.existing.id
    error_message = "An identity was made beside the existing one."
  }

  assert {
    condition     = output.virtual_machines["web"].principal_id == output.principal_id && azuremi_role_assignment.this["reader"].principal_id == output.principal_id
    error_message = "The machine and the role have different identities."
  }
}

run "in_another_spelling_it_is_the_same" {
  command = plan

  variables {
    identity            = { existing = { id = lower(run.world.ids["id-shared"]) } }
    virtual_machine_ids = { web = run.world.ids["web-1"] }
    role_assignments    = { reader = { scope = run.world.ids["DevTest"], role_definition_name = "Reader" } }
  }

  # What were made anew would not be known in the plan.
  assert {
    condition     = output.virtual_machines["web"].principal_id == output.principal_id && endswith(output.role_assignment_ids["reader"], azuremi_role_assignment.this["reader"].name)
    error_message = "Another spelling of the ID makes something anew."
  }
}
