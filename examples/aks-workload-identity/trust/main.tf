# A pod of AKS that logs in to Azure without a secret: an identity, the trust in a service account of the cluster, and the identity's
# right to read a resource group.
#
#   terraform apply -var subscription_id="$ARM_SUBSCRIPTION_ID" -var oidc_issuer_url="$(az aks show --query oidcIssuerProfile.issuerUrl ...)"

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

variable "oidc_issuer_url" {
  description = "OIDC issuer URL of the cluster, with the slash at its end."
  type        = string
}

variable "namespace" {
  description = "Namespace of the service account."
  type        = string
  default     = "default"
}

variable "service_account" {
  description = "Name of the service account that the pod runs as."
  type        = string
  default     = "terraform"
}

provider "azuremi" {
  subscription_id = var.subscription_id
}

resource "azuremi_user_assigned_identity" "this" {
  name                = "id-pod"
  resource_group_name = var.resource_group_name
  location            = var.location
}

resource "azuremi_federated_identity_credential" "this" {
  name                      = "cluster"
  user_assigned_identity_id = azuremi_user_assigned_identity.this.id
  issuer                    = var.oidc_issuer_url
  subject                   = provider::azuremi::kubernetes_subject(var.namespace, var.service_account)
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
