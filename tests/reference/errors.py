"""What the reference evaluator refuses: policies that may not be loaded, and questions that it does not know."""

from __future__ import annotations


class ReferenceEvaluatorError(Exception):
    """The root; never raised itself."""


class InvalidPolicyError(ReferenceEvaluatorError):
    """A policy that must be refused when it is read (rule 105), or that uses what is not supported yet."""


class OutOfScopeError(ReferenceEvaluatorError):
    """A question that the reference evaluator does not answer yet."""
