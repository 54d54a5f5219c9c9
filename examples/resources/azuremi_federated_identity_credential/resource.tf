resource "azuremi_user_assigned_identity" "example" {
  name                = "id-deployer"
  resource_group_name = "DevTest"
  location            = "westus"
}

resource "azuremi_federated_identity_credential" "github" {
  name                      = "github-main"
  user_assigned_identity_id = azuremi_user_assigned_identity.example.id
  issuer                    = "https://token.actions.githubusercontent.com"
  subject                   = provider::azuremi::github_actions_subject("octo-org/octo-repo", "branch", "main")
}

resource "azuremi_federated_identity_credential" "kubernetes" {
  name                      = "cluster-app"
  user_assigned_identity_id = azuremi_user_assigned_identity.example.id
  issuer                    = "https://westus.oic.prod-aks.azure.com/00000000-0000-0000-0000-000000000000/11111111-1111-1111-1111-111111111111/"
  subject                   = provider::azuremi::kubernetes_subject("default", "app")
}

resource "azuremi_federated_identity_credential" "any_branch" {
  name                       = "github-any-branch"
  user_assigned_identity_id  = azuremi_user_assigned_identity.example.id
  issuer                     = "https://token.actions.githubusercontent.com"
  claims_matching_expression = "claims['sub'] matches 'repo:octo-org/octo-repo:ref:refs/heads/*' and claims['repository_id'] eq '456789'"
}
