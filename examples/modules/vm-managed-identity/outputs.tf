output "user_assigned_identity_id" {
  description = "Resource ID of the user-assigned identity; null with `system_assigned`."
  value       = one(local.identity[*].id)
}

output "client_id" {
  description = "What code on the machines, or a workflow, asks for a token with; null with `system_assigned`."
  value       = one(local.identity[*].client_id)
}

output "principal_id" {
  description = "Object ID of the user-assigned identity; null with `system_assigned`."
  value       = one(local.identity[*].principal_id)
}

output "tenant_id" {
  description = "Tenant of the user-assigned identity; null with `system_assigned`."
  value       = one(local.identity[*].tenant_id)
}

output "virtual_machines" {
  description = "The assignments to virtual machines, under the keys of `virtual_machine_ids`: `id`, and `client_id` and `principal_id` of the identity that the machine has."
  value = {
    for key, assignment in azuremi_virtual_machine_identity_assignment.this : key => {
      id           = assignment.id
      client_id    = assignment.client_id
      principal_id = assignment.principal_id
    }
  }
}

output "virtual_machine_scale_sets" {
  description = "The same for scale sets, under the keys of `virtual_machine_scale_set_ids`."
  value = {
    for key, assignment in azuremi_virtual_machine_scale_set_identity_assignment.this : key => {
      id           = assignment.id
      client_id    = assignment.client_id
      principal_id = assignment.principal_id
    }
  }
}

output "role_assignment_ids" {
  description = "Resource IDs of the role assignments, under the keys of `role_assignments`; with `system_assigned` under `KEY/virtual_machine/MACHINE` or `KEY/virtual_machine_scale_set/MACHINE`."
  value       = { for key, assignment in azuremi_role_assignment.this : key => assignment.id }
}

output "federated_identity_credential_ids" {
  description = "Resource IDs of the federated identity credentials, by their names."
  value       = { for name, credential in azuremi_federated_identity_credential.this : name => credential.id }
}
