terraform import azuremi_role_assignment.named /subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/DevTest/providers/Microsoft.Authorization/roleAssignments/5d2b4e51-3f9e-4b0a-9d56-1a3c8f0e7b42
# Or by what it says: scope, role and principal.
# terraform import azuremi_role_assignment.named "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/DevTest|Managed Identity Operator|66666666-6666-4666-8666-666666666666"
