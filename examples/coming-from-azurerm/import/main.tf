resource "azuremi_user_assigned_identity" "reader" {
  name                = "id-reader"
  resource_group_name = "DevTest"
  location            = "westus"
}

resource "azuremi_role_assignment" "reader" {
  scope                = "/subscriptions/${var.subscription_id}/resourceGroups/DevTest"
  role_definition_name = "Reader"
  principal_id         = azuremi_user_assigned_identity.reader.principal_id
}

import {
  to = azuremi_user_assigned_identity.reader
  id = "/subscriptions/${var.subscription_id}/resourceGroups/DevTest/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-reader"
}

# An assignment can be imported by what it says: nobody needs to look up its name.
import {
  to = azuremi_role_assignment.reader
  id = "/subscriptions/${var.subscription_id}/resourceGroups/DevTest|Reader|${var.principal_id}"
}

removed {
  from = azurerm_user_assigned_identity.reader
  lifecycle {
    destroy = false
  }
}

removed {
  from = azurerm_role_assignment.reader
  lifecycle {
    destroy = false
  }
}

variable "principal_id" {
  type        = string
  description = "The principal_id of the identity."
}

variable "subscription_id" {
  type = string
}

terraform {
  required_providers {
    azuremi = {
      source = "azuremi/azuremi"
    }
    azurerm = {
      source = "hashicorp/azurerm"
    }
  }
}
