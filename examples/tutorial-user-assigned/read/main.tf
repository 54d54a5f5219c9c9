# Microsoft's tutorial "Use a user-assigned managed identity on a Linux VM to access Azure Resource Manager", the part that
# is done on the VM: get a token for the identity from the instance metadata service, and read the resource group with it.
# There is no other credential here.
#
#   terraform apply -var client_id=<client_id of the first part>

terraform {
  required_providers {
    azuremi = {
      source = "azuremi/azuremi"
    }
  }
}

variable "client_id" {
  description = "Client ID of the identity."
  type        = string
}

variable "resource_group_name" {
  description = "Resource group to read."
  type        = string
  default     = "DevTest"
}

provider "azuremi" {}

# curl -H Metadata:true "http://169.254.169.254/metadata/identity/oauth2/token?…&client_id=<UAMI CLIENT ID>"
# curl https://management.azure.com/subscriptions/<SUBSCRIPTION ID>/resourceGroups/<RESOURCE GROUP>?… -H "Authorization: Bearer <ACCESS TOKEN>"
data "azuremi_resource_group" "this" {
  name            = var.resource_group_name
  client_id       = var.client_id
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
