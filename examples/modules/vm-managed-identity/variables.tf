variable "identity" {
  description = "Exactly one of: `create`, a new user-assigned identity; `existing`, one that is there already, by its ID (the resource or the data source itself fits); `system_assigned`, the own identities of the machines."
  type = object({
    create = optional(object({
      name                = string
      resource_group_name = string
      location            = string
      subscription_id     = optional(string)
      isolation_scope     = optional(string)
      tags                = optional(map(string))
    }))
    existing = optional(object({
      id = string
    }))
    system_assigned = optional(bool, false)
  })
  nullable = false

  validation {
    condition     = length([for kind in [var.identity.create != null, var.identity.existing != null, var.identity.system_assigned] : kind if kind]) == 1
    error_message = "Exactly one of create, existing and system_assigned says which identity it is."
  }

  validation {
    condition     = var.identity.existing == null || can(regex("(?i)/providers/Microsoft\\.ManagedIdentity/userAssignedIdentities/[^/]+$", var.identity.existing.id))
    error_message = "The id of existing is the resource ID of a user-assigned identity: /subscriptions/…/resourceGroups/…/providers/Microsoft.ManagedIdentity/userAssignedIdentities/NAME."
  }
}

variable "virtual_machine_ids" {
  description = "Resource IDs of the virtual machines that get the identity, under keys of your choice. They are not managed here, and nothing of them is changed but their lists of identities."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for id in values(var.virtual_machine_ids) : can(regex("(?i)/providers/Microsoft\\.Compute/virtualMachines/[^/]+$", id))])
    error_message = "Each value is the resource ID of a virtual machine: /subscriptions/…/resourceGroups/…/providers/Microsoft.Compute/virtualMachines/NAME."
  }
}

variable "virtual_machine_scale_set_ids" {
  description = "Resource IDs of the scale sets that get the identity, under keys of your choice."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for id in values(var.virtual_machine_scale_set_ids) : can(regex("(?i)/providers/Microsoft\\.Compute/virtualMachineScaleSets/[^/]+$", id))])
    error_message = "Each value is the resource ID of a scale set: /subscriptions/…/resourceGroups/…/providers/Microsoft.Compute/virtualMachineScaleSets/NAME."
  }
}

variable "role_assignments" {
  description = "Roles that the identity gets, under keys of your choice: at a scope, by name or by ID. With `system_assigned` every machine's own identity gets each of them."
  type = map(object({
    scope                = string
    role_definition_name = optional(string)
    role_definition_id   = optional(string)
    description          = optional(string)
    condition            = optional(string)
    condition_version    = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for role in values(var.role_assignments) : (role.role_definition_name == null) != (role.role_definition_id == null)])
    error_message = "Each role assignment has exactly one of role_definition_name and role_definition_id."
  }
}

variable "federated_identity_credentials" {
  description = "Who outside of Azure can act as the user-assigned identity, by the names of the credentials: the `issuer` of the tokens, such as GitHub or a Kubernetes cluster, and the `subject` that it vouches for, to the letter."
  type = map(object({
    issuer   = string
    subject  = string
    audience = optional(string, "api://AzureADTokenExchange")
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length(var.federated_identity_credentials) <= 20
    error_message = "An identity has at most 20 federated identity credentials."
  }
}
