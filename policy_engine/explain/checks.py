"""ROW + REQUEST → CHECKS: what a statement or grant asks, and the answer of the row's own tests.

Every `met` here is an answer that the engine gives: `row.actions.covers`, `row.principal.match`,
`row.resources.covers`, and each test on the facts or the context. This room only says what was compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy_engine.case import ascii_lower
from policy_engine.catalog.condition_keys import ENCRYPTION_CONTEXT
from policy_engine.conditions.encryption_context import GRANT_TOKENS, EncryptionContextTest
from policy_engine.conditions.test import ContextTest
from policy_engine.explain.explanation import Check, CheckedRow, Element
from policy_engine.explain.notes import look_alike, value_note
from policy_engine.graph.actions import ActionTest
from policy_engine.graph.principals import PrincipalMatch, PrincipalTest
from policy_engine.graph.residual import settle
from policy_engine.graph.resources import ResourceTest
from policy_engine.model.policy import ActionElement, ResourceElement
from policy_engine.model.principal import PrincipalElement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from policy_engine.engine.partial import PartialContext
    from policy_engine.graph.residual import Target
    from policy_engine.graph.rows import GrantRow, StatementRow
    from policy_engine.graph.tests import Test
    from policy_engine.model.condition import Condition
    from policy_engine.model.facts import Facts
    from policy_engine.model.opaque import Opaque
    from policy_engine.model.policy import Statement
    from policy_engine.model.request import Request, RequestContext
    from policy_engine.span import Span

_RETIRE_GRANT = "RetireGrant"
_MATCHES = {
    PrincipalMatch.NAMED: "names the caller",
    PrincipalMatch.DIRECT: "names the caller's role",
    PrincipalMatch.DELEGATED: "names the caller's account: delegation, not a direct grant",
}


@dataclass(frozen=True, slots=True)
class Asking:
    """A request as checks see it.

    `partial` is its context in canonical form, with what is not known of it; `pairs` is its encryption
    context as the caller spelt it.
    """

    request: Request
    partial: PartialContext
    target: Target

    @property
    def context(self) -> RequestContext:
        """What is known of the context."""
        return self.partial.known

    @property
    def pairs(self) -> Mapping[str, object]:
        """The encryption context, by name as spelt."""
        prefix = len(ENCRYPTION_CONTEXT)
        return {
            name[prefix:]: value
            for name, value in self.request.context.items()
            if ascii_lower(name).startswith(ENCRYPTION_CONTEXT.lower())
        }


def check_statement(row: StatementRow, asking: Asking, facts: Facts) -> CheckedRow:
    """A statement with its checks; `facts` are what its layer sees."""
    statement = row.statement  # once: it is unpacked each time
    principal, match = _principal(row, statement, asking)
    # the tests of the conditions come first; what is not known of the statement itself has tests after them
    conditions = (
        _condition(condition, test, asking, facts)
        for condition, test in zip(statement.conditions, row.tests, strict=False)
    )
    unknown = (_opaque(opaque, statement.span) for opaque in statement.opaque)
    return CheckedRow(
        row,
        match,
        (
            *principal,
            _action(row, statement, asking),
            _resource(row, statement, asking, facts),
            *conditions,
            *unknown,
        ),
    )


def _opaque(opaque: Opaque, span: Span) -> Check:
    """The check that nobody can answer yet: whether the statement counts at all."""
    note = "whether the statement counts is not known yet"
    return Check(Element.CONDITION, (str(opaque),), (), met=False, unsettled=True, note=note, span=span)


def _spellings(texts: Iterable[str], opaque: Iterable[Opaque]) -> tuple[str, ...]:
    """What an element lists, with what is not known of it yet."""
    return (*texts, *map(str, opaque))


def check_grant(row: GrantRow, asking: Asking) -> CheckedRow:
    """A grant with its checks."""
    grant, target = row.grant, asking.target
    match = row.grantee.match(target.caller)
    # whoever the row covers: the grantee, or who may retire the grant
    element = row.grantee.test.element
    named = next((entry.spelling for entry in element.entries), None) if element else None
    who = named or grant.grantee_principal
    grantee = Check(
        Element.PRINCIPAL,
        (who,),
        (target.caller.arn,),
        match is not None,
        by=who if match is not None else None,
        note=_MATCHES[match] if match is not None else None,
        span=grant.span,
    )
    name = asking.request.action.partition(":")[2]
    covered = row.actions.covers(target.action)
    listed = grant.operations if who == grant.grantee_principal else (_RETIRE_GRANT,)
    operations = Check(
        Element.ACTION,
        listed,
        (name,),
        covered,
        by=next((o for o in listed if covered and ascii_lower(o) == ascii_lower(name)), None),
        span=grant.span,
    )
    tests = (_grant_test(test, row, asking) for test in row.tests)
    return CheckedRow(row, match, (grantee, operations, *tests))


def _principal(
    row: StatementRow, statement: Statement, asking: Asking
) -> tuple[tuple[Check, ...], PrincipalMatch | None]:
    """The check of the Principal element, where the kind of policy has one."""
    if row.principal is None:
        return (), None
    caller = asking.target.caller
    match = row.principal.match(caller, has_boundary=asking.target.has_boundary)
    element = statement.principal
    entries = element.entries if element else ()
    opaque = element.opaque if element else ()
    negated = element is not None and element.negated
    unsettled = bool(opaque) and (match is not None) == negated
    covering = (
        e.spelling
        for e in entries
        if not negated
        and match is not None
        and PrincipalTest(PrincipalElement((e,), negated=False, span=e.span), row.effect).match(caller)
        is match
    )
    note = _MATCHES[match] if match is not None and not negated else None
    check = Check(
        Element.PRINCIPAL,
        _spellings((entry.spelling for entry in entries), opaque),
        (caller.arn or "anonymous",),
        match is not None and not unsettled,
        unsettled=unsettled,
        negated=negated,
        by=next(covering, None),
        note=note if element else "the statement has no Principal, so it covers nobody",
        span=element.span if element else statement.span,
    )
    return (check,), match


def _action(row: StatementRow, statement: Statement, asking: Asking) -> Check:
    element, action = statement.action, asking.target.action
    patterns, opaque = (element.patterns, element.opaque) if element else ((), ())
    negated = element is not None and element.negated
    covered = row.actions.covers(action)
    unsettled = bool(opaque) and covered == negated
    covering = (
        p.spelling
        for p in patterns
        if not negated
        and ActionTest(ActionElement((p,), negated=False, span=p.span), row.effect).covers(action)
    )
    return Check(
        Element.ACTION,
        _spellings((pattern.spelling for pattern in patterns), opaque),
        (asking.request.action,),
        covered and not unsettled,
        unsettled=unsettled,
        negated=negated,
        by=next(covering, None),
        note=None if element else "the statement has no Action, so it covers nothing",
        span=element.span if element else statement.span,
    )


def _resource(row: StatementRow, statement: Statement, asking: Asking, facts: Facts) -> Check:
    element, target = statement.resource, asking.target
    asked = row.resources.keys(target.resource, target.action)
    known = {key: facts.get(key) for key in asked if facts.know(key)}
    bindings = {**facts.defaults, **asking.context, **known}
    patterns, opaque = (element.patterns, element.opaque) if element else ((), ())
    negated = element is not None and element.negated
    covered = row.resources.covers(target.resource, target.action, target.caller, bindings)
    free = (key for key in asked if key not in known)
    unsettled = (bool(opaque) and covered == negated) or any(map(asking.partial.is_unknown, free))
    covering = (
        p.pattern.text
        for p in patterns
        if not negated
        and ResourceTest(ResourceElement((p,), negated=False, span=p.span), row.kind, row.effect).covers(
            target.resource, target.action, target.caller, bindings
        )
    )
    return Check(
        Element.RESOURCE,
        _spellings((pattern.pattern.text for pattern in patterns), opaque),
        (target.resource,),
        covered and not unsettled,
        unsettled=unsettled,
        negated=negated,
        by=next(covering, None),
        note=None if element else "the statement has no Resource, so it covers nothing",
        span=element.span if element else statement.span,
    )


def _condition(condition: Condition, test: Test, asking: Asking, facts: Facts) -> Check:
    known = isinstance(test, ContextTest) and facts.know(test.key)
    value = facts.get(test.key) if known else asking.context.get(test.key)
    got = () if value is None else (value,) if isinstance(value, str) else value
    answer = asking.partial.answer(settle(test, facts))
    wanted = tuple(v.text if v.opaque is None else str(v.opaque) for v in condition.values)
    return Check(
        Element.CONDITION,
        wanted,
        got,
        met=answer is True,
        unsettled=answer is None,
        operator=str(condition.operator),
        key=condition.spelling,
        note=_condition_note(condition, got, asking, known=known) if answer is False else None,
        span=condition.values[0].span if condition.values else condition.span,
        test=test,
    )


def _condition_note(condition: Condition, got: tuple[str, ...], asking: Asking, *, known: bool) -> str | None:
    if not got and not known:
        near = look_alike(condition.key, (key for key in asking.context if key != condition.key))
        return f"the request has `{near}`: is that the one that was meant?" if near else None
    if known and got:
        return "this value follows from the caller and the key, whatever the request says"
    return value_note(condition.operator.name, (v.text for v in condition.values), got)


def _grant_test(test: Test, row: GrantRow, asking: Asking) -> Check:
    if isinstance(test, ContextTest):
        return _source(test, row, asking)
    answer, span = asking.partial.answer(test), row.grant.span
    if not isinstance(test, EncryptionContextTest):
        presented = asking.context.get(GRANT_TOKENS, ())
        return Check(
            Element.TOKEN, (), tuple(presented), answer is True, unsettled=answer is None,
            note="the grant is not visible everywhere yet: until then only its token makes it usable",
            span=span, test=test,
        )  # fmt: skip
    given = asking.pairs
    return Check(
        Element.CONDITION,
        tuple(f"{name}={value}" for name, value in sorted(test.pairs.items())),
        tuple(f"{name}={value}" for name, value in sorted(given.items())),
        met=answer is True,
        unsettled=answer is None,
        operator="EncryptionContextEquals" if test.exact else "EncryptionContextSubset",
        key=ENCRYPTION_CONTEXT,
        note=_pairs_note(test, given) if answer is False else None,
        span=span,
        test=test,
    )


def _source(test: ContextTest, row: GrantRow, asking: Asking) -> Check:
    """The constraint on the source, which is compared exactly."""
    answer, value = asking.partial.answer(test), asking.context.get(test.key, ())
    got = (value,) if isinstance(value, str) else value
    wanted = tuple(v.text for v in test.condition.values)
    return Check(
        Element.CONDITION,
        wanted,
        got,
        met=answer is True,
        unsettled=answer is None,
        operator="SourceArn",
        key=test.key,
        note=value_note("StringEquals", wanted, got, "the constraint") if answer is False else None,
        span=row.grant.span,
        test=test,
    )


def _pairs_note(test: EncryptionContextTest, given: Mapping[str, object]) -> str | None:
    by_name = {ascii_lower(name): str(value) for name, value in given.items()}
    for name, wanted in test.pairs.items():
        got = by_name.get(ascii_lower(name))
        if got is not None and got != wanted:
            return value_note("StringEquals", (wanted,), (got,), "the constraint")
    if test.exact and all(by_name.get(ascii_lower(n)) == v for n, v in test.pairs.items()):
        return "the encryption context must hold these pairs and no others"
    return None
