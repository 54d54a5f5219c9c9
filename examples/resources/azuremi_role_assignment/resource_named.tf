# Under a name of its own. Without one, the name follows from tenant, scope, principal and role.
resource "azuremi_role_assignment" "named" {
  name                 = "5d2b4e51-3f9e-4b0a-9d56-1a3c8f0e7b42"
  scope                = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/DevTest"
  role_definition_name = "Managed Identity Operator"
  principal_id         = azuremi_user_assigned_identity.reader.principal_id
}
