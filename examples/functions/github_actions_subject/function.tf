output "subjects" {
  value = [
    # repo:octo-org/octo-repo:ref:refs/heads/main
    provider::azuremi::github_actions_subject("octo-org/octo-repo", "branch", "main"),
    # repo:octo-org/octo-repo:environment:Production
    provider::azuremi::github_actions_subject("octo-org/octo-repo", "environment", "Production"),
    # repo:octo-org/octo-repo:pull_request
    provider::azuremi::github_actions_subject("octo-org/octo-repo", "pull_request"),
    # repo:octo-org@123456/octo-repo@456789:ref:refs/tags/v1, of a repository with immutable subjects
    provider::azuremi::github_actions_subject("octo-org@123456/octo-repo@456789", "tag", "v1"),
  ]
}
