import {
  to = azuremi_virtual_machine_scale_set_identity_assignment.example
  identity = {
    virtual_machine_scale_set_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/DevTest/providers/Microsoft.Compute/virtualMachineScaleSets/vmss-linux"
    user_assigned_identity_id    = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/DevTest/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-reader"
  }
}

import {
  to = azuremi_virtual_machine_scale_set_identity_assignment.own
  identity = {
    virtual_machine_scale_set_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/DevTest/providers/Microsoft.Compute/virtualMachineScaleSets/vmss-linux"
  }
}
