# What a pod runs: it logs in as the identity, as its service account. AKS tells it all that it needs but ARM_SUBSCRIPTION_ID.

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
  use_aks_workload_identity = true
}

data "azuremi_role_assignments" "here" {
  scope = var.resource_group_id
}

output "roles" {
  description = "Who may do what in the resource group."
  value       = [for a in data.azuremi_role_assignments.here.role_assignments : "${a.principal_id}: ${a.role_definition_name}"]
}
