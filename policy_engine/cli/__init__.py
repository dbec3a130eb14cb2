"""The commands explain-access and policy-lint. The only room that prints."""
