# With one of several identities, and with patience for one that was assigned or granted a moment ago.
data "azuremi_resource_group" "as_reader" {
  name                      = "DevTest"
  user_assigned_identity_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/DevTest/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-reader"
  wait_for_access           = true

  timeouts {
    read = "10m"
  }
}
