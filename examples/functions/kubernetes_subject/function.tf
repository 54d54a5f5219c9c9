output "subject" {
  # system:serviceaccount:default:app
  value = provider::azuremi::kubernetes_subject("default", "app")
}
