import {
  to = azuremi_user_assigned_identity.example
  identity = {
    subscription_id     = "00000000-0000-0000-0000-000000000000"
    resource_group_name = "DevTest"
    name                = "id-reader"
  }
}
