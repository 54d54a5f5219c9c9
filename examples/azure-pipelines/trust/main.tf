# A service connection of Azure Pipelines without a secret: an identity, the trust in the service connection, and the identity's
# right to read a resource group. Issuer and subject are shown when the service connection is made.
#
#   terraform apply -var subscription_id="$ARM_SUBSCRIPTION_ID" -var issuer=https://... -var subject=...

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
  description = "Resource group that the identity reads, and that holds it."
  type        = string
  default     = "DevTest"
}

variable "location" {
  description = "Region of the identity."
  type        = string
  default     = "westus"
}

variable "issuer" {
  description = "Issuer of the service connection: https://login.microsoftonline.com/TENANT/v2.0, or https://vstoken.dev.azure.com/ORGANIZATION_ID for an older one."
  type        = string
}

variable "subject" {
  description = "Subject of the service connection: /eid1/..., or sc://ORGANIZATION/PROJECT/SERVICE_CONNECTION for an older one."
  type        = string
}

provider "azuremi" {
  subscription_id = var.subscription_id
}

resource "azuremi_user_assigned_identity" "this" {
  name                = "id-pipeline"
  resource_group_name = var.resource_group_name
  location            = var.location
}

resource "azuremi_federated_identity_credential" "this" {
  name                      = "service-connection"
  user_assigned_identity_id = azuremi_user_assigned_identity.this.id
  issuer                    = var.issuer
  subject                   = var.subject
}

resource "azuremi_role_assignment" "reader" {
  scope                = "/subscriptions/${var.subscription_id}/resourceGroups/${var.resource_group_name}"
  role_definition_name = "Reader"
  principal_id         = azuremi_user_assigned_identity.this.principal_id
}

output "client_id" {
  description = "What to log in with: ARM_CLIENT_ID."
  value       = azuremi_user_assigned_identity.this.client_id
}

output "tenant_id" {
  description = "Where to log in: ARM_TENANT_ID."
  value       = azuremi_user_assigned_identity.this.tenant_id
}
