# A token for Azure Resource Manager, of one of several identities, with patience for one that was assigned a moment ago.
ephemeral "azuremi_access_token" "as_reader" {
  user_assigned_identity_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/DevTest/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-reader"
  wait_for_identity         = true

  timeouts {
    open = "10m"
  }
}

check "reader" {
  assert {
    condition     = ephemeral.azuremi_access_token.as_reader.issued_to.tenant_id == "11111111-1111-4111-8111-111111111111"
    error_message = "The identity is of another tenant."
  }
}
