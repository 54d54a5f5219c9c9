# The machine's own identity, beside all others that it has.
resource "azuremi_virtual_machine_identity_assignment" "own" {
  virtual_machine_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/DevTest/providers/Microsoft.Compute/virtualMachines/vm-linux"
  system_assigned    = true
}
