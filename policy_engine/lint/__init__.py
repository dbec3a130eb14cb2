"""Findings about policies: rules, registry, outputs."""
