# The scale set's own identity, beside all others that it has.
resource "azuremi_virtual_machine_scale_set_identity_assignment" "own" {
  virtual_machine_scale_set_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/DevTest/providers/Microsoft.Compute/virtualMachineScaleSets/vmss-linux"
  system_assigned              = true
}
