data "azuremi_role_definition" "reader" {
  name = "Reader"
}

output "what_readers_may_do" {
  value = data.azuremi_role_definition.reader.permissions[0].actions
}
