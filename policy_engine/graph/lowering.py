"""MODEL → ROWS: policies and grants become rows, with equal tests shared through a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.conditions.encryption_context import EncryptionContextTest, GrantTokenTest
from policy_engine.conditions.opaque import OpaqueTest
from policy_engine.conditions.test import ContextTest
from policy_engine.graph.actions import ActionTest, OperationTest
from policy_engine.graph.principals import PrincipalTest
from policy_engine.graph.resources import ResourceTest
from policy_engine.graph.rows import GranteeTest, GrantRow, StatementParts, StatementRow
from policy_engine.model.condition import Condition, ConditionValue
from policy_engine.model.decision import Origin, OriginKind
from policy_engine.model.packed import PackedStatements
from policy_engine.model.policy import RESOURCE_POLICIES, Effect
from policy_engine.model.principal import EntryKind, PrincipalElement, PrincipalEntry
from policy_engine.span import Source, Span
from policy_engine.syntax.arn import is_account_id, parse_arn
from policy_engine.syntax.operator_name import parse_operator
from policy_engine.syntax.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy_engine.graph.tests import SharedTests, Test
    from policy_engine.model.grant import Grant
    from policy_engine.model.options import Options
    from policy_engine.model.packed import PackedStatement
    from policy_engine.model.policy import Policy, PolicyKind, Statement

_RETIRE_GRANT = "RetireGrant"
_WITHOUT_ENCRYPTION_CONTEXT = frozenset({"DescribeKey", _RETIRE_GRANT, "CreateGrant"})
_NOWHERE = Span(Source("<grant>", ""), 0, 0)


def lower_policies(policies: Sequence[Policy], tests: SharedTests) -> list[StatementRow]:
    """The rows of a layer's policies; where there is one policy, its origins leave the index out."""
    if len(policies) == 1:
        return lower_policy(policies[0], (), tests)
    return [row for index, policy in enumerate(policies) for row in lower_policy(policy, (index,), tests)]


def lower_policy(policy: Policy, document: tuple[int, ...], tests: SharedTests) -> list[StatementRow]:
    """The rows of one policy, in the order of its statements."""
    return [_statement_row(policy, position, document, tests) for position in range(len(policy.statements))]


def _statement_row(
    policy: Policy, position: int, document: tuple[int, ...], tests: SharedTests
) -> StatementRow:
    statements = policy.statements
    if isinstance(statements, PackedStatements):
        parts = _shared_parts(statements.packed[position], policy.kind, tests)
        index, span = position, statements.span(position)
    else:
        statement = statements[position]
        parts = _parts(statement, policy.kind, tests)
        index, span = statement.index, statement.span
    return StatementRow(
        kind=policy.kind,
        effect=parts.effect,
        actions=parts.actions,
        principal=parts.principal,
        resources=parts.resources,
        tests=parts.tests,
        is_open=parts.is_open,
        origin=Origin(
            OriginKind.STATEMENT, policy.kind, document, index, policy.name, sid=parts.sid, span=span
        ),
        statements=statements,
        position=position,
    )


def _shared_parts(packed: PackedStatement, kind: PolicyKind, tests: SharedTests) -> StatementParts:
    """The parts of a packed statement, made once for all policies that have it."""
    parts = tests.parts.get(packed) if packed.kind is kind else None
    if parts is None:
        parts = _parts(packed.placeless(), kind, tests)
        if packed.kind is kind:
            tests.keep_parts(packed, parts)
    return parts


def _parts(statement: Statement, kind: PolicyKind, tests: SharedTests) -> StatementParts:
    effect, options = statement.effect, tests.options
    named = kind in RESOURCE_POLICIES
    return StatementParts(
        sid=statement.sid,
        effect=effect,
        actions=ActionTest(statement.action, effect),
        principal=PrincipalTest(statement.principal, effect, options) if named else None,
        resources=ResourceTest(statement.resource, kind, effect),
        tests=(
            *(tests.intern(ContextTest(c, options=options)) for c in statement.conditions),
            *(tests.intern(OpaqueTest("the statement", opaque)) for opaque in statement.opaque),
        ),
        is_open=any(e.opaque for e in (statement.action, statement.principal, statement.resource) if e),
    )


def lower_grant(grant: Grant, tests: SharedTests) -> list[GrantRow]:
    """The rows of a grant: more than one where a constraint binds only some of its operations."""
    by_tests: dict[tuple[Test, ...], list[str]] = {}
    constraint = _constraint(grant, tests.options)
    for operation in grant.operations:
        asked = tuple(tests.intern(test) for test in _tests_of(operation, grant, constraint))
        by_tests.setdefault(asked, []).append(operation)
    grantee = _element(grant.grantee_principal, grant)
    return [_row(grant, tuple(operations), grantee, asked) for asked, operations in by_tests.items()]


def lower_retirement(grant: Grant) -> list[GrantRow]:
    """The rows by which a grant may be retired: its retiring principal, and a grantee who has the right."""
    token = tuple(_token_tests(grant))
    rows = []
    if grant.retiring_principal is not None:
        rows.append(_row(grant, (_RETIRE_GRANT,), _element(grant.retiring_principal, grant), token))
    if _RETIRE_GRANT in grant.operations:
        rows.append(_row(grant, (_RETIRE_GRANT,), _element(grant.grantee_principal, grant), token))
    return rows


def _row(
    grant: Grant, operations: tuple[str, ...], principal: PrincipalElement, tests: tuple[Test, ...]
) -> GrantRow:
    return GrantRow(
        actions=OperationTest(operations),
        grantee=GranteeTest(PrincipalTest(principal, Effect.ALLOW)),
        tests=tests,
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


def _tests_of(operation: str, grant: Grant, constraint: list[EncryptionContextTest]) -> list[Test]:
    """What a grant asks for one operation.

    Constraints on the encryption context do not bind DescribeKey and RetireGrant, and for CreateGrant bind
    the grant to be made instead (graph/child_grants); one on the source binds all but RetireGrant (rules 44
    and 46).
    """
    tests: list[Test] = _token_tests(grant)
    if operation not in _WITHOUT_ENCRYPTION_CONTEXT:
        tests += constraint
    if operation != _RETIRE_GRANT and grant.constraints.source_arn is not None:
        source = grant.constraints.source_arn
        tests.append(context_test("StringEquals", "aws:SourceArn", source, grant.span or _NOWHERE))
    return tests


def _token_tests(grant: Grant) -> list[Test]:
    return [GrantTokenTest(*([grant.token] if grant.token else []))] if grant.pending else []


def context_test(operator: str, key: str, value: str, span: Span = _NOWHERE) -> ContextTest:
    """A test that no policy spells: one operator, one key, one literal value.

    Raises:
        KeyError: there is no such operator.
    """
    name = parse_operator(operator)
    if name is None:
        raise KeyError(operator)
    literal = ConditionValue(value, span, Pattern(value, (value,) if value else ()))
    return ContextTest(Condition(name, key, key, (literal,), span, span, span))


def _constraint(grant: Grant, options: Options) -> list[EncryptionContextTest]:
    constraints = grant.constraints
    wanted = ((constraints.encryption_context_equals, True), (constraints.encryption_context_subset, False))
    return [
        EncryptionContextTest(pairs, exact=exact, ignore_case=options.grant_context_names_ignore_case)
        for pairs, exact in wanted
        if pairs is not None
    ]


_PRINCIPAL_KINDS = {
    ("iam", "user"): EntryKind.USER,
    ("iam", "role"): EntryKind.ROLE,
    ("sts", "assumed-role"): EntryKind.ASSUMED_ROLE,
    ("sts", "federated-user"): EntryKind.FEDERATED_USER,
}


def _element(principal: str, grant: Grant) -> PrincipalElement:
    """A principal of a grant as that of a statement; what is no principal covers nobody."""
    span = grant.span or _NOWHERE
    kind, value = _kind_of(principal)
    entries = (PrincipalEntry(kind, value, principal, span),) if kind else ()
    return PrincipalElement(entries, negated=False, span=span)


def account_of(principal: str | None, partition: str | None) -> str | None:
    """The account of a partition that a principal names, by number or as its root; None for any other."""
    if principal is None:
        return None
    kind, value = _kind_of(principal)
    arn = parse_arn(principal)
    elsewhere = arn is not None and partition is not None and arn.partition != partition
    return value if kind is EntryKind.ACCOUNT and not elsewhere else None


def _kind_of(text: str) -> tuple[EntryKind | None, str]:
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
    return _PRINCIPAL_KINDS.get((arn.service, arn.resource.partition("/")[0])), text
