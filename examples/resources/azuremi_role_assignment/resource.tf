resource "azuremi_user_assigned_identity" "reader" {
  name                = "id-reader"
  resource_group_name = "DevTest"
  location            = "westus"
}

resource "azuremi_role_assignment" "example" {
  scope                = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/DevTest"
  role_definition_name = "Reader"
  principal_id         = azuremi_user_assigned_identity.reader.principal_id
  description          = "Reads what is in the group."
}
