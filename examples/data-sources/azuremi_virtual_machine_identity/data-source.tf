data "azuremi_virtual_machine_identity" "example" {
  virtual_machine_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/DevTest/providers/Microsoft.Compute/virtualMachines/vm-linux"
}

# Entries that Azure keeps of identities that were deleted, and that nobody can use.
output "stale" {
  value = [for identity in data.azuremi_virtual_machine_identity.example.user_assigned : identity.id if identity.stale]
}
