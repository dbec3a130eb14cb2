"""TREE → MODEL with diagnostics. One reader: strict callers raise, lint collects."""

from policy_engine.reading.policies import collect_document, collect_policy, read_policy, read_policy_node

__all__ = ["collect_document", "collect_policy", "read_policy", "read_policy_node"]
