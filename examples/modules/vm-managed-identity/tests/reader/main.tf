# What runs on the machine: it reads the resource group as the identity that it was given, and as nobody else.

terraform {
  required_providers {
    azuremi = {
      source = "azuremi/azuremi"
    }
  }
}

variable "client_id" {
  description = "Client ID of the identity; null for the machine's own."
  type        = string
  default     = null
}

variable "principal_id" {
  description = "Object ID of the identity that is to read it."
  type        = string
}

data "azuremi_resource_group" "this" {
  name            = "DevTest"
  client_id       = var.client_id
  wait_for_access = true

  # A test should not wait as long for a right that is missing as an apply does.
  timeouts {
    read = "30s"
  }
}

output "read_by" {
  description = "Object ID of the identity that has read it."
  value       = data.azuremi_resource_group.this.read_by.principal_id
}
