# What nobody can use any more, because its principal was deleted.
data "azuremi_role_assignments" "all" {
  scope         = "/subscriptions/00000000-0000-0000-0000-000000000000"
  include_below = true
}

output "orphans" {
  value = [for a in data.azuremi_role_assignments.all.role_assignments : a.id if a.principal_gone]
}
