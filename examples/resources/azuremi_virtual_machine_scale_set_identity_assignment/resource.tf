resource "azuremi_user_assigned_identity" "reader" {
  name                = "id-reader"
  resource_group_name = "DevTest"
  location            = "westus"
}

resource "azuremi_virtual_machine_scale_set_identity_assignment" "example" {
  virtual_machine_scale_set_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/DevTest/providers/Microsoft.Compute/virtualMachineScaleSets/vmss-linux"
  user_assigned_identity_id    = azuremi_user_assigned_identity.reader.id
}
