# What there is before the module: the resource IDs of what the seed of the mock Azure holds, by name.

locals {
  seed = jsondecode(file("${path.module}/seed.json"))

  types = {
    virtualMachines         = "Microsoft.Compute/virtualMachines"
    virtualMachineScaleSets = "Microsoft.Compute/virtualMachineScaleSets"
    identities              = "Microsoft.ManagedIdentity/userAssignedIdentities"
  }
}

output "ids" {
  description = "Resource IDs of resource groups, machines, scale sets and identities, by their names."
  value = merge(
    { for group in local.seed.resourceGroups : group.name => "/subscriptions/${group.subscription}/resourceGroups/${group.name}" },
    [
      for kind, type in local.types : {
        for resource in local.seed[kind] :
        resource.name => "/subscriptions/${resource.subscription}/resourceGroups/${resource.resourceGroup}/providers/${type}/${resource.name}"
      }
    ]...
  )
}
