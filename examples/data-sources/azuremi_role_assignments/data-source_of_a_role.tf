# Who reads the group.
data "azuremi_role_assignments" "readers" {
  scope                = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/DevTest"
  role_definition_name = "Reader"
}

output "readers" {
  value = data.azuremi_role_assignments.readers.role_assignments[*].principal_id
}
