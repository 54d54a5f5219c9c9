# Microsoft's quickstart "Use a Linux VM system-assigned managed identity to access Azure Resource Manager", the part that is
# done on the VM: get a token for its own identity from the instance metadata service, and read the resource group with it.
# There is no other credential here.
#
#   terraform apply

terraform {
  required_providers {
    azuremi = {
      source = "azuremi/azuremi"
    }
  }
}

variable "resource_group_name" {
  description = "Resource group to read."
  type        = string
  default     = "DevTest"
}

provider "azuremi" {}

data "azuremi_resource_group" "this" {
  name            = var.resource_group_name
  wait_for_access = true
}

output "resource_group" {
  description = "The resource group, as Azure Resource Manager shows it."
  value = {
    id         = data.azuremi_resource_group.this.id
    name       = data.azuremi_resource_group.this.name
    location   = data.azuremi_resource_group.this.location
    properties = { provisioningState = data.azuremi_resource_group.this.provisioning_state }
  }
}

output "read_by" {
  description = "The identity that has read it."
  value       = data.azuremi_resource_group.this.read_by
}
