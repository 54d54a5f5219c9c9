# Copyright (c) The azuremi authors
# SPDX-License-Identifier: MPL-2.0

# A workflow and a pod act as the identity, without any machine.

variables {
  identity = {
    create = {
      name                = "id-deployer"
      resource_group_name = "DevTest"
      location            = "westus"
    }
  }
}

run "github_and_kubernetes" {
  variables {
    federated_identity_credentials = {
      github-main = {
        issuer  = "https://token.actions.githubusercontent.com"
        subject = "repo:octo-org/octo-repo:ref:refs/heads/main"
      }
      cluster-app = {
        issuer   = "https://oidc.contoso.example/cluster"
        subject  = "system:serviceaccount:default:app"
        audience = "api://Contoso"
      }
    }
  }

  assert {
    condition     = output.federated_identity_credential_ids["github-main"] == "${output.user_assigned_identity_id}/federatedIdentityCredentials/github-main"
    error_message = "The credential is not that of the identity."
  }

  assert {
    condition     = azuremi_federated_identity_credential.this["github-main"].audience == tolist(["api://AzureADTokenExchange"])
    error_message = "The audience is not the usual one."
  }

  assert {
    condition     = azuremi_federated_identity_credential.this["cluster-app"].audience == tolist(["api://Contoso"])
    error_message = "The audience is not the one that was given."
  }
}

# What were made anew would not be known in the plan.
run "another_subject_makes_nothing_anew" {
  command = plan

  variables {
    federated_identity_credentials = {
      github-main = {
        issuer  = "https://token.actions.githubusercontent.com"
        subject = "repo:octo-org/octo-repo:environment:Production"
      }
    }
  }

  assert {
    condition     = output.federated_identity_credential_ids["github-main"] == "${output.user_assigned_identity_id}/federatedIdentityCredentials/github-main"
    error_message = "The identity or its credential is made anew."
  }
}

run "one_leaves_and_one_stays" {
  variables {
    federated_identity_credentials = {
      github-main = {
        issuer  = "https://token.actions.githubusercontent.com"
        subject = "repo:octo-org/octo-repo:environment:Production"
      }
    }
  }

  assert {
    condition     = toset(keys(output.federated_identity_credential_ids)) == toset(["github-main"])
    error_message = "The credential that is not named any more is still there."
  }

  assert {
    condition     = azuremi_federated_identity_credential.this["github-main"].subject == "repo:octo-org/octo-repo:environment:Production"
    error_message = "The credential that stays has its old subject."
  }
}
