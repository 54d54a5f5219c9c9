# What a job of the pipeline runs: it logs in as the identity of the service connection. The job needs ARM_CLIENT_ID, ARM_TENANT_ID,
# ARM_SUBSCRIPTION_ID, ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID and SYSTEM_ACCESSTOKEN; Azure Pipelines tells it the rest.

terraform {
  required_providers {
    azuremi = {
      source = "azuremi/azuremi"
    }
  }
}

variable "resource_group_id" {
  description = "ID of the resource group that the identity may read."
  type        = string
}

provider "azuremi" {
  use_oidc = true
}

data "azuremi_role_assignments" "here" {
  scope = var.resource_group_id
}

output "roles" {
  description = "Who may do what in the resource group."
  value       = [for a in data.azuremi_role_assignments.here.role_assignments : "${a.principal_id}: ${a.role_definition_name}"]
}
