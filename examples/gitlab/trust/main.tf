# A GitLab project whose jobs log in to Azure without a secret: an identity, the trust in what GitLab says of one branch, and the
# identity's right to read a resource group.
#
#   terraform apply -var subscription_id="$ARM_SUBSCRIPTION_ID" -var project=octo-group/octo-project

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

variable "gitlab_url" {
  description = "URL of the GitLab instance, which Microsoft Entra must reach."
  type        = string
  default     = "https://gitlab.com"
}

variable "project" {
  description = "Path of the project, GROUP/PROJECT."
  type        = string
}

variable "branch" {
  description = "The branch whose jobs are trusted."
  type        = string
  default     = "main"
}

provider "azuremi" {
  subscription_id = var.subscription_id
}

resource "azuremi_user_assigned_identity" "this" {
  name                = "id-gitlab"
  resource_group_name = var.resource_group_name
  location            = var.location
}

resource "azuremi_federated_identity_credential" "this" {
  name                      = "gitlab-${var.branch}"
  user_assigned_identity_id = azuremi_user_assigned_identity.this.id
  issuer                    = var.gitlab_url
  subject                   = "project_path:${var.project}:ref_type:branch:ref:${var.branch}"
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
