# Microsoft's quickstart "Use a Linux VM system-assigned managed identity to access Azure Resource Manager", the part that is
# done from a workstation or a pipeline: switch on the VM's own identity, and grant it Reader on the resource group.
#
#   terraform apply -var subscription_id="$ARM_SUBSCRIPTION_ID"

terraform {
  required_providers {
    azuremi = {
      source = "azuremi/azuremi"
    }
  }
}

variable "subscription_id" {
  description = "ID of the subscription that holds the resource group."
  type        = string
}

variable "resource_group_name" {
  description = "Resource group of the VM."
  type        = string
  default     = "DevTest"
}

variable "virtual_machine_name" {
  description = "The VM. It is not managed here, and nothing of it is changed but its list of identities."
  type        = string
  default     = "vm-linux"
}

locals {
  resource_group_id = "/subscriptions/${var.subscription_id}/resourceGroups/${var.resource_group_name}"
}

provider "azuremi" {
  subscription_id = var.subscription_id
}

resource "azuremi_virtual_machine_identity_assignment" "own" {
  virtual_machine_id = "${local.resource_group_id}/providers/Microsoft.Compute/virtualMachines/${var.virtual_machine_name}"
  system_assigned    = true
}

# Access control (IAM) > Add role assignment > Reader
resource "azuremi_role_assignment" "reader" {
  scope                = local.resource_group_id
  role_definition_name = "Reader"
  principal_id         = azuremi_virtual_machine_identity_assignment.own.principal_id
}
