# A GitHub workflow that logs in to Azure without a secret: an identity, the trust in what GitHub says of one branch, and the
# identity's right to read a resource group.
#
#   terraform apply -var subscription_id="$ARM_SUBSCRIPTION_ID" -var repository=octo-org/octo-repo

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
  description = "Resource group that the workflow reads, and that holds the identity."
  type        = string
  default     = "DevTest"
}

variable "location" {
  description = "Region of the identity."
  type        = string
  default     = "westus"
}

variable "repository" {
  description = "OWNER/NAME, or OWNER@OWNER_ID/NAME@REPOSITORY_ID for a repository that was made after July 15, 2026."
  type        = string
}

variable "branch" {
  description = "The branch whose workflows are trusted."
  type        = string
  default     = "main"
}

provider "azuremi" {
  subscription_id = var.subscription_id
}

resource "azuremi_user_assigned_identity" "workflow" {
  name                = "id-workflow"
  resource_group_name = var.resource_group_name
  location            = var.location
}

resource "azuremi_federated_identity_credential" "github" {
  name                      = "github-${replace(var.branch, "/", "-")}"
  user_assigned_identity_id = azuremi_user_assigned_identity.workflow.id
  issuer                    = "https://token.actions.githubusercontent.com"
  subject                   = provider::azuremi::github_actions_subject(var.repository, "branch", var.branch)
}

resource "azuremi_role_assignment" "reader" {
  scope                = "/subscriptions/${var.subscription_id}/resourceGroups/${var.resource_group_name}"
  role_definition_name = "Reader"
  principal_id         = azuremi_user_assigned_identity.workflow.principal_id
}

output "client_id" {
  description = "What the workflow logs in with: client-id of azure/login, or ARM_CLIENT_ID."
  value       = azuremi_user_assigned_identity.workflow.client_id
}

output "tenant_id" {
  description = "What the workflow logs in to: tenant-id of azure/login, or ARM_TENANT_ID."
  value       = azuremi_user_assigned_identity.workflow.tenant_id
}
