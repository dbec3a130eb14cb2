"""MODEL → ROWS: policies and grants become rows, with equal tests shared through a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.conditions.encryption_context import EncryptionContextTest, GrantTokenTest
from policy_engine.conditions.test import ContextTest
from policy_engine.graph.actions import ActionTest, OperationTest
from policy_engine.graph.principals import PrincipalTest
from policy_engine.graph.resources import ResourceTest
from policy_engine.graph.rows import GranteeTest, GrantRow, StatementRow
from policy_engine.model.decision import Origin, OriginKind
from policy_engine.model.policy import RESOURCE_POLICIES, Effect
from policy_engine.model.principal import EntryKind, PrincipalElement, PrincipalEntry
from policy_engine.span import Source, Span
from policy_engine.syntax.arn import is_account_id, parse_arn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy_engine.graph.tests import SharedTests, Test
    from policy_engine.model.grant import Grant
    from policy_engine.model.options import Options
    from policy_engine.model.policy import Policy

# What the operations of a grant's constraint do not bind (rule 44).
_UNCONSTRAINED = frozenset({"DescribeKey", "RetireGrant"})
_NOWHERE = Span(Source("<grant>", ""), 0, 0)


def lower_policies(policies: Sequence[Policy], tests: SharedTests) -> list[StatementRow]:
    """The rows of a layer's policies; where there is one policy, its origins leave the index out."""
    if len(policies) == 1:
        return lower_policy(policies[0], (), tests)
    return [row for index, policy in enumerate(policies) for row in lower_policy(policy, (index,), tests)]


def lower_policy(policy: Policy, document: tuple[int, ...], tests: SharedTests) -> list[StatementRow]:
    """The rows of one policy, in the order of its statements."""
    names_principals = policy.kind in RESOURCE_POLICIES
    return [
        StatementRow(
            kind=policy.kind,
            effect=statement.effect,
            actions=ActionTest(statement.action),
            principal=PrincipalTest(statement.principal, statement.effect) if names_principals else None,
            resources=ResourceTest(statement.resource, policy.kind),
            tests=tuple(tests.intern(ContextTest(condition)) for condition in statement.conditions),
            origin=Origin(
                OriginKind.STATEMENT,
                policy.kind,
                document,
                statement.index,
                policy.name,
                sid=statement.sid,
                span=statement.span,
            ),
            statement=statement,
        )
        for statement in policy.statements
    ]


def lower_grant(grant: Grant, tests: SharedTests, options: Options) -> list[GrantRow]:
    """The rows of a grant: two where a constraint binds some of its operations and not the others."""
    constraint = _constraint_tests(grant, options)
    token: list[Test] = []
    if grant.pending:
        token = [GrantTokenTest(*(t for t in (grant.token, grant.grant_id) if t))]
    free = tuple(o for o in grant.operations if o in _UNCONSTRAINED) if constraint else ()
    bound = tuple(o for o in grant.operations if o not in free)
    shapes = ((bound, [*token, *constraint]), (free, token))
    return [_grant_row(grant, operations, tests, asked) for operations, asked in shapes if operations]


def _grant_row(grant: Grant, operations: tuple[str, ...], tests: SharedTests, asked: list[Test]) -> GrantRow:
    return GrantRow(
        actions=OperationTest(operations),
        grantee=GranteeTest(PrincipalTest(_grantee_element(grant), Effect.ALLOW)),
        tests=tuple(tests.intern(test) for test in asked),
        origin=Origin(
            OriginKind.GRANT,
            "grant",
            (),
            0,
            grant.name or grant.grant_id,
            grant_id=grant.grant_id,
            span=grant.span,
        ),
        grant=grant,
    )


def _constraint_tests(grant: Grant, options: Options) -> list[Test]:
    ignore_case = options.grant_context_names_ignore_case
    constraints = grant.constraints
    found: list[Test] = []
    if constraints.encryption_context_equals is not None:
        pairs = constraints.encryption_context_equals
        found.append(EncryptionContextTest(pairs, exact=True, ignore_case=ignore_case))
    if constraints.encryption_context_subset is not None:
        pairs = constraints.encryption_context_subset
        found.append(EncryptionContextTest(pairs, exact=False, ignore_case=ignore_case))
    return found


_GRANTEE_KINDS = {
    ("iam", "user"): EntryKind.USER,
    ("iam", "role"): EntryKind.ROLE,
    ("sts", "assumed-role"): EntryKind.ASSUMED_ROLE,
    ("sts", "federated-user"): EntryKind.FEDERATED_USER,
}


def _grantee_element(grant: Grant) -> PrincipalElement:
    """The grantee as the principal of a statement; what is no principal covers nobody."""
    text, span = grant.grantee_principal, grant.span or _NOWHERE
    kind, value = _grantee_kind(text)
    entries = (PrincipalEntry(kind, value, text, span),) if kind else ()
    return PrincipalElement(entries, negated=False, span=span)


def _grantee_kind(text: str) -> tuple[EntryKind | None, str]:
    if is_account_id(text):
        return EntryKind.ACCOUNT, text
    arn = parse_arn(text)
    if arn is None:
        return (
            (EntryKind.SERVICE, text)
            if text.endswith((".amazonaws.com", ".amazonaws.com.cn"))
            else (None, text)
        )
    if arn.service == "iam" and arn.resource == "root":
        return EntryKind.ACCOUNT, arn.account
    return _GRANTEE_KINDS.get((arn.service, arn.resource.partition("/")[0])), text
