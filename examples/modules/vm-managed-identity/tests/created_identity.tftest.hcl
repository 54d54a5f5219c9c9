# Copyright (c) The azuremi authors
# SPDX-License-Identifier: MPL-2.0

# A new identity, from one machine to several and back. What is there already stays what it is: no change of an input makes
# anything anew that it is not about.

variables {
  identity = {
    create = {
      name                = "id-web"
      resource_group_name = "DevTest"
      location            = "westus"
    }
  }
}

run "world" {
  module {
    source = "./tests/world"
  }
}

run "an_identity_alone" {
  command = plan

  assert {
    condition     = length(azuremi_user_assigned_identity.this) == 1 && azuremi_user_assigned_identity.this[0].name == "id-web"
    error_message = "The identity is not planned."
  }

  assert {
    condition = alltrue([
      length(output.virtual_machines) == 0,
      length(output.virtual_machine_scale_sets) == 0,
      length(output.role_assignment_ids) == 0,
      length(output.federated_identity_credential_ids) == 0,
    ])
    error_message = "Something is planned that nobody has asked for."
  }
}

run "all_that_can_be_said_of_it" {
  command = plan

  variables {
    identity = {
      create = {
        name                = "id-web"
        resource_group_name = "identities"
        location            = "westus"
        subscription_id     = "bbbbbbbb-0000-4000-8000-000000000002"
        isolation_scope     = "Regional"
        tags                = { team = "web" }
      }
    }
    role_assignments = {
      delegate = {
        scope                = run.world.ids["DevTest"]
        role_definition_name = "Role Based Access Control Administrator"
        description          = "Gives roles away, but not its own."
        condition            = "(!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'}))"
        condition_version    = "2.0"
      }
    }
  }

  assert {
    condition = alltrue([
      for argument, value in var.identity.create : jsonencode(azuremi_user_assigned_identity.this[0][argument]) == jsonencode(value)
    ])
    error_message = "The identity is planned with other arguments than those given."
  }

  assert {
    condition = alltrue([
      for argument in ["scope", "role_definition_name", "description", "condition", "condition_version"] :
      azuremi_role_assignment.this["delegate"][argument] == var.role_assignments["delegate"][argument]
    ])
    error_message = "The role is planned with other arguments than those given."
  }
}

run "one_machine_that_reads_its_group" {
  variables {
    virtual_machine_ids = {
      web = run.world.ids["web-1"]
    }
    role_assignments = {
      reader = { scope = run.world.ids["DevTest"], role_definition_name = "Reader", description = "Reads what is in the group." }
    }
  }

  assert {
    condition     = output.virtual_machines["web"].principal_id == output.principal_id && output.virtual_machines["web"].client_id == output.client_id
    error_message = "The machine has another identity than the one that was made."
  }

  assert {
    condition     = azuremi_role_assignment.this["reader"].principal_id == output.principal_id
    error_message = "Somebody else has the role."
  }

  assert {
    condition     = output.tenant_id == "aaaaaaaa-0000-4000-8000-000000000001"
    error_message = "The identity is not of the tenant."
  }
}

run "the_machine_can_read_its_group" {
  module {
    source = "./tests/reader"
  }

  variables {
    client_id    = run.one_machine_that_reads_its_group.client_id
    principal_id = run.one_machine_that_reads_its_group.principal_id
  }

  assert {
    condition     = output.read_by == var.principal_id
    error_message = "The group was read by somebody else."
  }
}

# What were made anew would not be known in the plan.
run "more_of_everything_leaves_alone_what_is_there" {
  command = plan

  variables {
    identity = {
      create = {
        name                = "id-web"
        resource_group_name = "DevTest"
        location            = "westus"
        tags                = { team = "web" }
      }
    }
    virtual_machine_ids = {
      # The new key stands before the old one.
      api = run.world.ids["web-2"]
      web = run.world.ids["web-1"]
    }
    virtual_machine_scale_set_ids = {
      workers = run.world.ids["workers"]
    }
    role_assignments = {
      contributor = { scope = run.world.ids["DevTest"], role_definition_id = "/providers/Microsoft.Authorization/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c" }
      reader      = { scope = run.world.ids["DevTest"], role_definition_name = "Reader", description = "Reads what is in the group, and says so." }
    }
  }

  assert {
    condition     = output.principal_id == output.virtual_machines["web"].principal_id
    error_message = "The identity or its first assignment is made anew."
  }

  assert {
    condition     = endswith(output.role_assignment_ids["reader"], azuremi_role_assignment.this["reader"].name)
    error_message = "The first role is assigned anew."
  }
}

run "more_of_everything" {
  variables {
    identity = {
      create = {
        name                = "id-web"
        resource_group_name = "DevTest"
        location            = "westus"
        tags                = { team = "web" }
      }
    }
    virtual_machine_ids = {
      # The new key stands before the old one.
      api = run.world.ids["web-2"]
      web = run.world.ids["web-1"]
    }
    virtual_machine_scale_set_ids = {
      workers = run.world.ids["workers"]
    }
    role_assignments = {
      contributor = { scope = run.world.ids["DevTest"], role_definition_id = "/providers/Microsoft.Authorization/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c" }
      reader      = { scope = run.world.ids["DevTest"], role_definition_name = "Reader", description = "Reads what is in the group, and says so." }
    }
  }

  assert {
    condition     = toset(concat(values(output.virtual_machines), values(output.virtual_machine_scale_sets))[*].principal_id) == toset([output.principal_id])
    error_message = "Not all machines have the identity."
  }
}

run "the_first_machine_leaves" {
  variables {
    virtual_machine_ids = { api = run.world.ids["web-2"] }
  }

  assert {
    condition     = toset(keys(output.virtual_machines)) == toset(["api"]) && output.virtual_machines["api"].principal_id == output.principal_id
    error_message = "The machine that stays has lost the identity."
  }

  assert {
    condition     = length(output.virtual_machine_scale_sets) == 0 && length(output.role_assignment_ids) == 0
    error_message = "Something stays that is not named any more."
  }
}
