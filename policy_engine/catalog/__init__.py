"""What AWS publishes, as reviewed data: KMS actions, condition keys, their types and defaults."""
