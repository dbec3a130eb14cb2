"""The reference evaluator: a scenario case in, an outcome out, straight from the rules of docs/semantics.md.

Deliberately naive: every policy is read and every statement asked again for every case, nothing is shared, nothing is
prepared. It shares no code with the engine, so that where the two agree neither repeats the other's mistake.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.reference import conditions, facts, grants, patterns, principals, validity

NO_KEY = {  # rule 30: no key, so identity policies alone
    "createkey", "generaterandom", "listkeys", "listaliases", "listretirablegrants", "connectcustomkeystore",
    "createcustomkeystore", "deletecustomkeystore", "describecustomkeystores", "disconnectcustomkeystore",
    "updatecustomkeystore",
}  # fmt: skip
ACCOUNT_RESOURCE = {"createkey", "listkeys"}  # rule 30: these accept arn:P:kms:REGION:ACCOUNT:* as well
CROSS_ACCOUNT = {  # rule 31: every other action of KMS works in the key's account only
    "creategrant", "decrypt", "derivesharedsecret", "describekey", "encrypt", "generatedatakey", "generatedatakeypair",
    "generatedatakeypairwithoutplaintext", "generatedatakeywithoutplaintext", "generatemac", "getkeyrotationstatus",
    "getpublickey", "listgrants", "reencryptfrom", "reencryptto", "retiregrant", "revokegrant", "sign", "verify", "verifymac",
}  # fmt: skip
SHORT_ARNS = ("identity", "boundary", "session")  # rule 96


@dataclass(frozen=True, slots=True)
class Result:
    """What the reference decides: `allowed`, `explicitDeny` or `implicitDeny`, and by which rows."""

    outcome: str
    determining: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Row:
    """One statement that matches the request."""

    layer: str
    level: int
    label: str
    effect: str
    how: frozenset[str] = frozenset()  # principals.py's words; empty for policies without Principal


@dataclass(slots=True)
class _Case:
    request: dict[str, Any]
    key: dict[str, Any]
    policies: dict[str, Any]
    options: dict[str, Any]
    supported: str
    caller: principals.Caller
    values: facts.Values = field(default_factory=dict)

    @property
    def operation(self) -> str:
        return str(self.request["action"]).lower().removeprefix("kms:")

    @property
    def of_kms(self) -> bool:
        return str(self.request["action"]).lower().startswith("kms:")

    @property
    def without_key(self) -> bool:
        """Rules 30 and 83: no key, or an alias, which only identity policies speak of."""
        alias = str(self.request["resource"]).split(":", 5)[-1].startswith("alias/")
        return self.of_kms and (self.operation in NO_KEY or alias)

    @property
    def bounded(self) -> bool:
        """A principal with a permissions boundary; service-linked roles (rule 79) and services have none."""
        has_none = self.caller.service_linked or self.caller.account is None
        return self.policies.get("permissions_boundary") is not None and not has_none


def evaluate(case: dict[str, Any], supported: str = "skeleton") -> Result:
    """Decide a scenario case. `supported`: `skeleton` refuses what the engine refuses today, `all` nothing of it.

    Raises `validity.Invalid` for policies that must be refused.
    """
    asked = _case_of(case, supported)
    rows = [row for layer, documents in _layers(asked).items() for row in _rows(asked, layer, documents)]
    applicable = [row for row in rows if _applies(asked, row.layer)]
    denies = frozenset(row.label for row in applicable if row.effect == "Deny")
    if denies:
        return Result("explicitDeny", denies)  # rules 1, 41
    path = _path(asked, [row for row in applicable if row.effect == "Allow"])
    return Result("implicitDeny") if path is None else Result("allowed", path)


def _case_of(case: dict[str, Any], supported: str) -> _Case:
    request = case["request"]
    key = case.get("key") or {}
    caller = principals.caller_of(request["principal"])
    values = facts.gather(request, key, caller)
    return _Case(request, key, case.get("policies") or {}, case.get("options") or {}, supported, caller, values)


# --- which documents there are, and which statements match


def _layers(case: _Case) -> dict[str, list[list[Any]]]:
    """Every layer as levels of documents."""
    policies = case.policies

    def single(name: str) -> list[list[Any]]:
        return [[policies[name]]] if policies.get(name) is not None else []

    return {
        "identity": [policies.get("identity") or []],
        "key": single("key"),
        "boundary": single("permissions_boundary"),
        "session": single("session"),
        "scp": policies.get("scps") or [],
        "rcp": policies.get("rcps") or [],
        "endpoint": single("vpc_endpoint"),
    }


def _rows(case: _Case, layer: str, levels: list[list[Any]]) -> list[Row]:
    one_document = sum(map(len, levels)) == 1 and len(levels) == 1
    rows = []
    for level, documents in enumerate(levels):
        for number, document in enumerate(documents):
            where = f"[{level}][{number}]" if layer in ("scp", "rcp") else f"[{number}]"
            policy = validity.read(document, layer, case.supported)
            for index, statement in enumerate(policy["Statement"]):
                label = f"{layer}{'' if one_document else where}:{index}"
                how = _statement_matches(case, layer, statement, policy["Version"])
                if how is not None:
                    rows.append(Row(layer, level, label, statement["Effect"], how))
    return rows


def _statement_matches(
    case: _Case, layer: str, statement: dict[str, Any], version: str
) -> frozenset[str] | None:
    how: frozenset[str] = frozenset()
    if layer not in validity.IDENTITY_KINDS:
        how = frozenset(principals.statement_matches(statement, case.caller, bounded=case.bounded))
        if not how:
            return None
    seen = facts.seen_by(layer, case.request["resource"], case.values)
    matched = (
        _action_matches(case.request["action"], statement)
        and _resource_matches(case, layer, statement, version, seen)
        and conditions.holds(statement, version, seen)
    )
    return how if matched else None


def _action_matches(action: str, statement: dict[str, Any]) -> bool:
    """Rules 26, 68; an empty or missing element matches nothing (rule 92)."""
    negated = "NotAction" in statement
    listed = validity.texts(statement.get("NotAction" if negated else "Action", []))
    found = any(patterns.glob(patterns.wild(text.lower()), action.lower()) for text in listed)
    return bool(listed) and found != negated


def _resource_matches(
    case: _Case, layer: str, statement: dict[str, Any], version: str, seen: facts.Values
) -> bool:
    negated = "NotResource" in statement
    listed = validity.texts(statement.get("NotResource" if negated else "Resource", []))
    found = []
    for text in listed:
        try:
            lookup = conditions.lookup_in(seen)
            pattern = patterns.expand(text, lookup) if version == "2012-10-17" else patterns.wild(text)
        except patterns.Unresolved:  # rules 63, 94
            if negated:
                return False
            continue
        found.append(_pattern_matches(case, layer, pattern))
    return bool(listed) and any(found) != negated


def _pattern_matches(case: _Case, layer: str, pattern: patterns.Pattern) -> bool:
    if case.of_kms and case.operation in NO_KEY:
        return pattern == [patterns.STAR] or _account_pattern(case, layer, pattern)
    return patterns.resource_matches(pattern, case.request["resource"], short=layer in SHORT_ARNS)


def _account_pattern(case: _Case, layer: str, pattern: patterns.Pattern) -> bool:
    """Rule 30: arn:P:kms:REGION:ACCOUNT:*, of the caller's account, in the Region that the context names or in any."""
    if case.operation not in ACCOUNT_RESOURCE or case.caller.account is None:
        return False
    segments = patterns.split_arn(pattern)
    if len(segments) == 6 and segments[5] != [patterns.STAR]:
        return False
    partition = case.caller.arn.split(":")[1]
    region = case.values.get("aws:requestedregion")
    if region is None and len(segments) > 3:
        segments[3] = [patterns.STAR]
    arn = f"arn:{partition}:kms:{(region or ['any'])[0]}:{case.caller.account}:any"
    return patterns.resource_matches(patterns.join_arn(segments), arn, short=layer in SHORT_ARNS)


# --- which layers count for this caller and this key


def _forwarded(case: _Case) -> bool:
    """Rule 98."""
    via = [value.lower() for value in case.values.get("aws:viaawsservice", [])]
    return bool(case.values.get("kms:viaservice")) or via == ["true"]


def _applies(case: _Case, layer: str) -> bool:
    """Do the rows of this layer, denies too, concern this request?"""
    caller = case.caller
    if layer == "key":
        return not case.without_key and case.operation != "retiregrant"  # rules 30, 47, 83
    if layer == "endpoint":
        return not _forwarded(case)  # rule 76
    if layer == "rcp":  # rules 34, 74, 79, 100
        managed = case.key.get("AwsManaged") and case.of_kms and not case.without_key
        return not (managed or caller.service_linked or case.operation == "retiregrant") and _account(case) is not None
    if caller.account is None:
        return False  # rules 21, 78: services and unsigned calls have none of the others
    if layer in ("scp", "boundary"):
        return not caller.service_linked  # rules 22, 79
    return True


# --- the combination


@dataclass(frozen=True, slots=True)
class _Truths:
    """What the allow rows say, one word for each part of the combination."""

    named: list[str]
    direct: list[str]
    delegated: list[str]
    identity: list[str]
    has_identity: bool
    caps: bool


def _truths(case: _Case, rows: list[Row]) -> _Truths:
    def by(how: str) -> list[str]:
        return [row.label for row in rows if row.layer == "key" and how in row.how]

    identity = [row.label for row in rows if row.layer == "identity"]
    caps = all(
        not _layers(case)[layer] or not _applies(case, layer) or any(row.layer == layer for row in rows)
        for layer in ("boundary", "session")
    )
    has_identity = bool(identity) or case.caller.kind == "root"  # rule 12
    return _Truths(by("named"), by("direct"), by("delegated"), identity, has_identity, caps)


def _ceilings(case: _Case, rows: list[Row]) -> bool:
    """Rules 4 and 41: every SCP level, and the VPC endpoint."""
    levels = range(len(_layers(case)["scp"])) if _applies(case, "scp") else ()
    scp = all(any(row.layer == "scp" and row.level == level for row in rows) for level in levels)
    through_endpoint = bool(_layers(case)["endpoint"]) and _applies(case, "endpoint")
    return scp and (not through_endpoint or any(row.layer == "endpoint" for row in rows))


def _path(case: _Case, rows: list[Row]) -> frozenset[str] | None:
    """The first path that holds, or None."""
    if not _ceilings(case, rows):
        return None
    truths = _truths(case, rows)
    if not case.of_kms:
        return _other_service(case, truths)
    if case.caller.kind == "anonymous":
        return None  # rule 11
    foreign = case.caller.kind != principals.SERVICE and not _same_account(case)
    if foreign and case.operation not in CROSS_ACCOUNT:
        return None  # rule 31
    if case.without_key:
        return _first(truths.identity) if truths.has_identity and truths.caps else None
    if case.operation == "retiregrant":
        return _retire(case, truths)
    by_policy = _cross_account(truths) if foreign else _same_account_path(case, truths)
    return by_policy if by_policy is not None else _by_grant(case, truths)


def _first(labels: list[str], *more: list[str]) -> frozenset[str]:
    return frozenset(label for found in (labels, *more) for label in found[:1])


def _account(case: _Case) -> str | None:
    """The account of the resource, as aws:ResourceAccount has it."""
    return facts.resource_account(case.request["resource"], case.caller, case.values)


def _same_account(case: _Case) -> bool:
    return case.caller.account == _account(case)


def _same_account_path(case: _Case, truths: _Truths) -> frozenset[str] | None:
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


def _other_service(case: _Case, truths: _Truths) -> frozenset[str] | None:
    """Rule 107: the ordinary rule, where an identity Allow or a resource policy suffices in one account."""
    without_account = case.caller.account is None
    if without_account:
        return _first(truths.named) if truths.named else None
    if not _same_account(case):
        return _cross_account(truths)
    path = _same_account_path(case, truths)
    if path is None and truths.has_identity and truths.caps:
        return _first(truths.identity)
    return path


# --- grants


def _uncapped(case: _Case, how: set[str]) -> bool:
    """Rule 49: a grant is capped unless it names the user or the session itself, or the option says otherwise.

    What an identity policy hands on (rule 97) is capped as that identity policy is.
    """
    if "itself" in how and case.caller.kind in (*principals.SELF_NAMED, principals.SERVICE):
        return True
    return not case.options.get("caps_limit_grants", True) and how != {"account"}


def _by_grant(case: _Case, truths: _Truths) -> frozenset[str] | None:
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


def _retire(case: _Case, truths: _Truths) -> frozenset[str] | None:
    """Rule 47: what a key policy says of it counts for nothing."""
    grant = case.request.get("grant")
    if grant is None:
        return None
    how = grants.may_retire(grant, case.caller, _account(case) or "")
    personally = bool(how - {"account"})
    if not personally and not ("account" in how and truths.has_identity):
        return None
    return frozenset({f"grant:{grant['GrantId']}"}) if truths.caps or _uncapped(case, how) else None
