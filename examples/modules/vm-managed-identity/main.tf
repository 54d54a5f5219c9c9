resource "azuremi_user_assigned_identity" "this" {
  count = var.identity.create == null ? 0 : 1

  name                = var.identity.create.name
  resource_group_name = var.identity.create.resource_group_name
  location            = var.identity.create.location
  subscription_id     = var.identity.create.subscription_id
  isolation_scope     = var.identity.create.isolation_scope
  tags                = var.identity.create.tags
}

data "azuremi_user_assigned_identity" "this" {
  count = var.identity.existing == null ? 0 : 1

  name                = local.existing.resource_name
  resource_group_name = local.existing.resource_group_name
  subscription_id     = local.existing.subscription_id
}

locals {
  existing = var.identity.existing == null ? null : provider::azuremi::parse_resource_id(var.identity.existing.id)

  # The one user-assigned identity, wherever it comes from; none where the machines use their own.
  identity = concat(azuremi_user_assigned_identity.this, data.azuremi_user_assigned_identity.this)
}

resource "azuremi_virtual_machine_identity_assignment" "this" {
  for_each = var.virtual_machine_ids

  virtual_machine_id        = each.value
  user_assigned_identity_id = one(local.identity[*].id)
  system_assigned           = var.identity.system_assigned ? true : null
}

resource "azuremi_virtual_machine_scale_set_identity_assignment" "this" {
  for_each = var.virtual_machine_scale_set_ids

  virtual_machine_scale_set_id = each.value
  user_assigned_identity_id    = one(local.identity[*].id)
  system_assigned              = var.identity.system_assigned ? true : null
}

locals {
  # Who gets the roles: one user-assigned identity, or one principal for each machine. What follows the key of a role in that
  # of its assignment is empty, or tells the machine.
  principal_ids = var.identity.system_assigned ? merge(
    { for key, assignment in azuremi_virtual_machine_identity_assignment.this : "/virtual_machine/${key}" => assignment.principal_id },
    { for key, assignment in azuremi_virtual_machine_scale_set_identity_assignment.this : "/virtual_machine_scale_set/${key}" => assignment.principal_id },
  ) : tomap({ "" = one(local.identity[*].principal_id) })

  role_assignments = merge([
    for key, role in var.role_assignments : {
      for machine, principal_id in local.principal_ids : "${key}${machine}" => merge(role, { principal_id = principal_id })
    }
  ]...)
}

resource "azuremi_role_assignment" "this" {
  for_each = local.role_assignments

  scope                = each.value.scope
  role_definition_name = each.value.role_definition_name
  role_definition_id   = each.value.role_definition_id
  principal_id         = each.value.principal_id
  description          = each.value.description
  condition            = each.value.condition
  condition_version    = each.value.condition_version
}

resource "azuremi_federated_identity_credential" "this" {
  for_each = var.federated_identity_credentials

  name                      = each.key
  user_assigned_identity_id = one(local.identity[*].id)
  issuer                    = each.value.issuer
  subject                   = each.value.subject
  audience                  = [each.value.audience]

  lifecycle {
    precondition {
      condition     = !var.identity.system_assigned
      error_message = "Only a user-assigned identity has federated identity credentials: set create or existing of var.identity."
    }
  }
}
