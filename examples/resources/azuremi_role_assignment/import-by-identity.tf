import {
  to = azuremi_role_assignment.named
  identity = {
    scope = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/DevTest"
    name  = "5d2b4e51-3f9e-4b0a-9d56-1a3c8f0e7b42"
  }
}
