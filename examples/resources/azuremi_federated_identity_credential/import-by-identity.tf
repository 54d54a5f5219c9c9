import {
  to = azuremi_federated_identity_credential.github
  identity = {
    subscription_id             = "00000000-0000-0000-0000-000000000000"
    resource_group_name         = "DevTest"
    user_assigned_identity_name = "id-deployer"
    name                        = "github-main"
  }
}
