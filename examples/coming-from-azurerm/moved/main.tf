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

moved {
  from = azurerm_user_assigned_identity.reader
  to   = azuremi_user_assigned_identity.reader
}

moved {
  from = azurerm_role_assignment.reader
  to   = azuremi_role_assignment.reader
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
