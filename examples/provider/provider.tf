terraform {
  required_providers {
    azuremi = {
      source = "azuremi/azuremi"
    }
  }
}

# Without arguments the provider works as the environment says (ARM_SUBSCRIPTION_ID, ARM_TENANT_ID, ARM_CLIENT_ID, …), or as
# the Azure CLI is logged in.
provider "azuremi" {
  subscription_id = "00000000-0000-0000-0000-000000000000"
}
