terraform {
  required_version = ">= 1.8"

  required_providers {
    azuremi = {
      source  = "azuremi/azuremi"
      version = ">= 0.1.0"
    }
  }
}
