# A token for Key Vault, of the machine's system-assigned identity, or its only user-assigned one.
ephemeral "azuremi_access_token" "vault" {
  audience = "https://vault.azure.net"
}

# It goes where ephemeral values may go: into another provider's configuration, a write-only argument, or a provisioner.
resource "terraform_data" "backup" {
  provisioner "local-exec" {
    command = "test -n \"$VAULT_TOKEN\" && echo \"backing up\""

    environment = {
      VAULT_TOKEN = ephemeral.azuremi_access_token.vault.access_token
    }
  }
}
