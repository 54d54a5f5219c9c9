output "name" {
  value = provider::azuremi::role_assignment_name(
    "11111111-1111-4111-8111-111111111111",
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/DevTest",
    "66666666-6666-4666-8666-666666666666",
    "acdd72a7-3385-48ef-bd42-f606fba81ae7",
  )
}
