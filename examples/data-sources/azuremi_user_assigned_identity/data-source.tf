data "azuremi_user_assigned_identity" "reader" {
  name                = "id-reader"
  resource_group_name = "DevTest"
}

# By this, code on a machine asks for a token of the identity.
output "client_id" {
  value = data.azuremi_user_assigned_identity.reader.client_id
}
