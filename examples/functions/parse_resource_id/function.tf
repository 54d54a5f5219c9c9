locals {
  identity = provider::azuremi::parse_resource_id(
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/DevTest/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-reader"
  )
}

output "resource_group_name" {
  value = local.identity.resource_group_name # DevTest
}

output "name" {
  value = local.identity.resource_name # id-reader
}
