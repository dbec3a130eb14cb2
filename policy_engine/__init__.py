"""A policy engine with AWS IAM and AWS KMS semantics.

from policy_engine import PolicyEngine, Request, load_bundle

engine = PolicyEngine(load_bundle("access/"))
decision = engine.authorize(Request(
    principal="arn:aws:iam::111122223333:role/app",
    action="kms:Decrypt",
    resource="arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    context={"kms:EncryptionContext:tenant": "acme"},
))
if decision.allowed: ...
"""

from policy_engine.bundle import load_bundle
from policy_engine.engine.policy_engine import PolicyEngine
from policy_engine.errors import (
    BundleError,
    Diagnostic,
    PolicyEngineError,
    PolicySchemaError,
    PolicySyntaxError,
    RequestError,
)
from policy_engine.model.bundle import Bundle, KeyRecord, PrincipalRecord
from policy_engine.model.decision import Decision, Origin, Outcome
from policy_engine.model.grant import Grant, GrantConstraints
from policy_engine.model.options import Options
from policy_engine.model.principal import Principal
from policy_engine.model.request import Request

__all__ = [
    "Bundle",
    "BundleError",
    "Decision",
    "Diagnostic",
    "Grant",
    "GrantConstraints",
    "KeyRecord",
    "Options",
    "Origin",
    "Outcome",
    "PolicyEngine",
    "PolicyEngineError",
    "PolicySchemaError",
    "PolicySyntaxError",
    "Principal",
    "PrincipalRecord",
    "Request",
    "RequestError",
    "load_bundle",
]
