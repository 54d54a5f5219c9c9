data "azuremi_client_config" "current" {}

# Whoever runs Terraform may read the resource group: a user of the Azure CLI as well as a pipeline.
resource "azuremi_role_assignment" "reader" {
  scope                = "/subscriptions/${data.azuremi_client_config.current.subscription_id}/resourceGroups/DevTest"
  role_definition_name = "Reader"
  principal_id         = data.azuremi_client_config.current.object_id
  principal_type       = data.azuremi_client_config.current.principal_type
}
