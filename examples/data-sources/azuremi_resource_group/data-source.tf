# On the machine: read with its system-assigned identity, or its only user-assigned one.
data "azuremi_resource_group" "example" {
  name = "DevTest"
}

output "read_by" {
  value = data.azuremi_resource_group.example.read_by
}
