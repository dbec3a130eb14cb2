"""Who may retire a grant: rule 47.

The retiring principal; the grantee, where the grant lists RetireGrant; and the accounts that made the grant,
may retire it or own the key, which may hand this on by an identity policy. A key policy and RCPs have no say.
A grant that the key does not have nobody may retire.
https://docs.aws.amazon.com/kms/latest/developerguide/grant-manage.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.engine.combination import Retiring
from policy_engine.engine.situation import RETIRE_GRANT, facts_of
from policy_engine.graph.formula import ALWAYS, NEVER, any_of, rows_formula
from policy_engine.graph.lowering import account_of, lower_retirement
from policy_engine.graph.principals import PrincipalMatch
from policy_engine.graph.residual import specialise_grants
from policy_engine.syntax.arn import parse_arn

if TYPE_CHECKING:
    from policy_engine.engine.situation import Situation
    from policy_engine.model.grant import Grant


def retirement(situation: Situation) -> Retiring:
    """Who may retire the grant in question, or where none is named, any grant of the key."""
    if situation.action != RETIRE_GRANT or situation.key is None:
        return Retiring()
    grants = situation.grants_in_question
    rows = [row for grant in grants for row in lower_retirement(grant)]
    left = tuple(specialise_grants(rows, situation.target, facts_of(situation)))
    by_match = {m: rows_formula(tuple(row for row in left if row.match is m)) for m in PrincipalMatch}
    free, capped = by_match[PrincipalMatch.NAMED], by_match[PrincipalMatch.DIRECT]
    if not situation.options.caps_limit_grants:
        free, capped = any_of(free, capped), NEVER
    own = parse_arn(situation.caller.principal.arn)
    partition = own.partition if own else None
    accounts = {_owner(situation.resource), *(a for grant in grants for a in _accounts(grant, partition))}
    delegates = situation.caller.principal.account in accounts - {None}
    return Retiring(free, capped, ALWAYS if delegates else NEVER)


def _owner(resource: str) -> str | None:
    arn = parse_arn(resource)
    return arn.account if arn else None


def _accounts(grant: Grant, partition: str | None) -> tuple[str | None, ...]:
    """The account that made a grant, and those that may retire it; in another partition it is another one."""
    retiring = (grant.grantee_principal,) if "RetireGrant" in grant.operations else ()
    named = (grant.issuing_account, grant.retiring_principal, *retiring)
    return tuple(account_of(principal, partition) for principal in named)
