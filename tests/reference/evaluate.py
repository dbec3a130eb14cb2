"""The reference evaluator: a scenario case in, an outcome out, straight from the rules of docs/semantics.md.

Deliberately naive: every policy is read and every statement asked again for every case, nothing is shared, nothing is
prepared. It shares no code with the engine, so that where the two agree neither repeats the other's mistake.
"""

from dataclasses import dataclass
from typing import Any

from tests.reference import grants, principals
from tests.reference.case import NO_KEY, Case, case_of, layers_of
from tests.reference.completions import completions
from tests.reference.statements import Row, applies, rows_of
from tests.reference.validity import Invalid

OWN_ACCOUNT = {  # rule 31; an action that is in no table of AWS's is not held to be one of these
    "cancelkeydeletion", "createalias", "deletealias", "deleteimportedkeymaterial", "disablekey", "disablekeyrotation", "enablekey",
    "enablekeyrotation", "getkeypolicy", "getparametersforimport", "importkeymaterial", "listkeypolicies", "listkeyrotations",
    "listresourcetags", "putkeypolicy", "replicatekey", "rotatekeyondemand", "schedulekeydeletion", "synchronizemultiregionkey",
    "tagresource", "untagresource", "updatealias", "updatekeydescription", "updateprimaryregion", *NO_KEY,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """What the reference decides: `allowed`, `explicitDeny`, `implicitDeny` or `undetermined`, and by which rows."""

    outcome: str
    determining: frozenset[str] = frozenset()


def evaluate(case: dict[str, Any]) -> Result:
    """Decide a scenario case. Raises `validity.Invalid` for policies that must be refused.

    What is not known (rule 87) must not matter: allowed and denied are said only where every completion agrees, and the
    rows only where they all rest on the same.
    """
    results = {_decide(one) for one in completions(case)}
    if len(results) == 1:
        return results.pop()
    outcomes = {result.outcome for result in results}
    if len(outcomes) == 1:
        return Result(outcomes.pop())
    return Result("undetermined" if "allowed" in outcomes else "implicitDeny")


def _decide(case: dict[str, Any]) -> Result:
    """Decide a case of which everything is known."""
    asked = case_of(case)
    for grant in asked.policies.get("grants") or []:  # rule 29: a grant is on one key
        if grant.get("KeyId") not in (
            None,
            asked.request["resource"],
            asked.request["resource"].split("/")[-1],
        ):
            raise Invalid("a grant on another key")
    rows = [row for layer, levels in layers_of(asked).items() for row in rows_of(asked, layer, levels)]
    applicable = [row for row in rows if applies(asked, row.layer)]
    denies = frozenset(row.label for row in applicable if row.effect == "Deny")
    if denies:
        return Result("explicitDeny", denies)  # rules 1, 41
    path = _path(asked, [row for row in applicable if row.effect == "Allow"])
    return Result("implicitDeny") if path is None else Result("allowed", path)


@dataclass(frozen=True, slots=True)
class _Truths:
    """What the allow rows say, one word for each part of the combination."""

    named: list[str]
    direct: list[str]
    delegated: list[str]
    identity: list[str]
    has_identity: bool
    caps: bool


def _truths(case: Case, rows: list[Row]) -> _Truths:
    def by(how: str) -> list[str]:
        return [row.label for row in rows if row.layer == "key" and how in row.how]

    identity = [row.label for row in rows if row.layer == "identity"]
    caps = all(
        not layers_of(case)[layer] or not applies(case, layer) or any(row.layer == layer for row in rows)
        for layer in ("boundary", "session")
    )
    has_identity = bool(identity) or case.caller.kind == "root"  # rule 12
    return _Truths(by("named"), by("direct"), by("delegated"), identity, has_identity, caps)


def _ceilings(case: Case, rows: list[Row]) -> bool:
    """Rules 4, 41 and 85: every SCP level, the VPC endpoint, and the task policy of a root session, which allows no kms."""
    levels = range(len(layers_of(case)["scp"])) if applies(case, "scp") else ()
    scp = all(any(row.layer == "scp" and row.level == level for row in rows) for level in levels)
    through_endpoint = bool(layers_of(case)["endpoint"]) and applies(case, "endpoint")
    endpoint = not through_endpoint or any(row.layer == "endpoint" for row in rows)
    return scp and endpoint and not (case.of_kms and case.root_session)


def _path(case: Case, rows: list[Row]) -> frozenset[str] | None:
    """The first path that holds, or None."""
    if not _ceilings(case, rows):
        return None
    ends = [
        arn.split(":")[1] for arn in (case.caller.arn, case.request["resource"]) if arn.startswith("arn:")
    ]
    if len(set(ends)) > 1:
        return None  # rule 108
    truths = _truths(case, rows)
    if not case.of_kms:
        return _other_service(case, truths)
    return None if case.caller.kind == "anonymous" else _kms_path(case, truths)  # rule 11


def _kms_path(case: Case, truths: _Truths) -> frozenset[str] | None:
    foreign = case.caller.kind != principals.SERVICE and not case.same_account
    if foreign and (case.operation in OWN_ACCOUNT or case.without_key):
        return None  # rule 31
    if case.without_key:
        return _first(truths.identity) if truths.has_identity and truths.caps else None
    if case.operation == "retiregrant":
        return _retire(case, truths)
    if not case.on_key:
        return None
    by_policy = _cross_account(truths) if foreign else _same_account_path(case, truths)
    return by_policy if by_policy is not None else _by_grant(case, truths)


def _first(labels: list[str], *more: list[str]) -> frozenset[str]:
    return frozenset(label for found in (labels, *more) for label in found[:1])


def _same_account_path(case: Case, truths: _Truths) -> frozenset[str] | None:
    if truths.named:  # rules 6, 8 to 11
        return _first(truths.named)
    if case.caller.kind == principals.SERVICE:
        return None  # rule 21
    if truths.direct and truths.caps:  # rules 7, 9
        return _first(truths.direct)
    if truths.delegated and truths.has_identity and truths.caps:  # rules 23, 24
        return _first(truths.delegated, truths.identity)
    return None


def _cross_account(truths: _Truths) -> frozenset[str] | None:
    """Rule 3: both sides, and no principal escapes its caps."""
    if not (truths.has_identity and truths.caps):
        return None
    if truths.named or truths.direct:
        return _first(truths.named or truths.direct)
    return _first(truths.delegated, truths.identity) if truths.delegated else None


def _other_service(case: Case, truths: _Truths) -> frozenset[str] | None:
    """Rule 107: the ordinary rule, where an identity Allow or a resource policy suffices in one account."""
    without_account = case.caller.account is None
    if without_account:
        return _first(truths.named) if truths.named else None
    if not case.same_account:
        allows = truths.named or truths.direct or truths.delegated
        return _first(allows) if allows and truths.has_identity and truths.caps else None
    if truths.named:
        return _first(truths.named)
    if not truths.caps:
        return None
    if truths.direct:
        return _first(truths.direct)
    return _first(truths.identity) if truths.has_identity else None


def _uncapped(case: Case, how: set[str]) -> bool:
    """Rule 49: a grant is capped unless it names the user or the session itself, or the option says otherwise.

    What an identity policy hands on (rule 97) is capped as that identity policy is.
    """
    if "itself" in how and case.caller.kind in (*principals.SELF_NAMED, principals.SERVICE):
        return True
    return not case.options.get("caps_limit_grants", True) and how != {"account"}


def _by_grant(case: Case, truths: _Truths) -> frozenset[str] | None:
    ignore_case = case.options.get("grant_context_names_ignore_case", True)
    for wanted in ("itself", "role", "account"):
        for grant in case.policies.get("grants") or []:
            how = grants.reaches(grant, case.caller)
            if how != wanted or not grants.allows(grant, case.request, case.values, ignore_case=ignore_case):
                continue
            handed_on = how != "account" or truths.has_identity  # rule 97
            if handed_on and (truths.caps or _uncapped(case, {how})):
                return frozenset({f"grant:{grant['GrantId']}"})
    return None


def _retire(case: Case, truths: _Truths) -> frozenset[str] | None:
    """Rule 47: what a key policy says of it counts for nothing. Without a grant in question, any grant of the key.

    The request names the grant; the key's grants say what it is, and one that is not among them nobody retires. Of a
    key without grants only the request says what the grant is.
    """
    grant = case.request.get("grant")
    held = case.policies.get("grants") or []
    asked = held if grant is None else [one for one in held if one["GrantId"] == grant.get("GrantId", "")]
    if grant is not None and not held:
        asked = [grant]
    if grant is not None and not asked:
        return None
    for one in asked:
        how = grants.may_retire(one, case.request, case.caller)
        if how and (truths.caps or _uncapped(case, how)):
            return frozenset({f"grant:{one['GrantId']}"})
    accounts = {case.account, *(account for one in asked for account in grants.accounts_of(one, case.caller))}
    delegates = case.caller.account in accounts and truths.has_identity and truths.caps
    return _first(truths.identity) if delegates else None
