"""DECISION → PROSE AND JSON: why a request is allowed or denied, and the smallest change that flips it.

It reads the rows and tests that the engine decides with; nothing is evaluated by other code, and nothing is
printed.
"""

from policy_engine.explain.explaining import explain
from policy_engine.explain.explanation import Explanation

__all__ = ["Explanation", "explain"]
