"""Fuzzes the reader: any bytes are a policy or raise the project's own errors, with a place and a remedy; nothing else.

    make fuzz                      ten minutes
    make fuzz FUZZ_SECONDS=60      one

Needs the package atheris, which `make fuzz` installs. A text that is read is also asked about: whatever it says, the
engine answers.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["policy_engine"]):
    from policy_engine import (
        Bundle,
        KeyRecord,
        PolicyEngine,
        PolicySchemaError,
        PolicySyntaxError,
        PrincipalRecord,
        Request,
    )
    from policy_engine.model.policy import PolicyKind
    from policy_engine.reading import collect_policy, read_policy
    from policy_engine.syntax.json_document import parse_json

KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE = "arn:aws:iam::111122223333:role/app"
CONTEXT = {
    "kms:EncryptionContext:tenant": "acme",
    "kms:ViaService": "s3.us-east-1.amazonaws.com",
    "aws:SourceIp": "192.0.2.1",
    "aws:CurrentTime": "2026-11-23T00:00:00Z",
    "aws:MultiFactorAuthAge": 5,
    "aws:TagKeys": ["a", "b"],
}


def one_input(data: bytes) -> None:
    """One text, read in each kind, strictly and collecting, and then decided by."""
    for kind in (PolicyKind.KEY, PolicyKind.IDENTITY):
        refused = False
        try:
            policy = read_policy(data, kind=kind, file="fuzz.json")
        except (PolicySyntaxError, PolicySchemaError) as error:
            refused = True
            if error.span is None or not error.help or not str(error.span):
                raise AssertionError("an error without place or remedy") from error
        else:
            key = KeyRecord(KEY, policy if kind is PolicyKind.KEY else None)
            role = PrincipalRecord(ROLE, identity_policies=() if kind is PolicyKind.KEY else (policy,))
            engine = PolicyEngine(Bundle(keys={KEY: key}, principals={ROLE: role}))
            decision = engine.authorize(Request(ROLE, "kms:Decrypt", KEY, CONTEXT))
            if any(diagnostic.code == "internal-error" for diagnostic in decision.diagnostics):
                raise AssertionError("the engine failed inside")
        try:
            _, found = collect_policy(parse_json(data, "fuzz.json", collect=True), kind, "default")
        except PolicySyntaxError:
            assert refused
        else:
            assert refused == any(diagnostic.severity == "error" for diagnostic in found)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
