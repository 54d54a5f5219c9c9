resource "azuremi_user_assigned_identity" "example" {
  name                = "id-reader"
  resource_group_name = "DevTest"
  location            = "westus"

  tags = {
    team = "platform"
  }
}
