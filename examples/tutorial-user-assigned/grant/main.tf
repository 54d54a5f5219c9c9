# Microsoft's tutorial "Use a user-assigned managed identity on a Linux VM to access Azure Resource Manager", the part that
# is done from a workstation or a pipeline: create an identity, assign it to a VM, grant it Reader on the resource group.
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

variable "location" {
  description = "Region of the identity."
  type        = string
  default     = "westus"
}

locals {
  resource_group_id = "/subscriptions/${var.subscription_id}/resourceGroups/${var.resource_group_name}"
}

provider "azuremi" {
  subscription_id = var.subscription_id
}

# az identity create -g <RESOURCE GROUP> -n <UAMI NAME>
resource "azuremi_user_assigned_identity" "reader" {
  name                = "id-reader"
  resource_group_name = var.resource_group_name
  location            = var.location
}

# az vm identity assign -g <RESOURCE GROUP> -n <VM NAME> --identities <UAMI ID>
resource "azuremi_virtual_machine_identity_assignment" "reader" {
  virtual_machine_id        = "${local.resource_group_id}/providers/Microsoft.Compute/virtualMachines/${var.virtual_machine_name}"
  user_assigned_identity_id = azuremi_user_assigned_identity.reader.id
}

# az role assignment create --assignee <UAMI PRINCIPALID> --role 'Reader' --scope <RESOURCE GROUP ID>
resource "azuremi_role_assignment" "reader" {
  scope                = local.resource_group_id
  role_definition_name = "Reader"
  principal_id         = azuremi_user_assigned_identity.reader.principal_id
}

output "client_id" {
  description = "What code on the VM asks for a token with."
  value       = azuremi_user_assigned_identity.reader.client_id
}
