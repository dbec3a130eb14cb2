"""The reference evaluator by hand: one small case for each rule that the scenario files do not reach."""

from typing import Any

import pytest

from tests.reference.evaluate import Result, evaluate
from tests.reference.plain_data import Json
from tests.reference.validity import Invalid

OWNER, PARTNER = "111122223333", "444455556666"
KEY = f"arn:aws:kms:us-east-1:{OWNER}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ALIAS = f"arn:aws:kms:us-east-1:{OWNER}:alias/orders"
IAM, STS = f"arn:aws:iam::{OWNER}", f"arn:aws:sts::{OWNER}"
APP = {"kind": "role", "arn": f"{IAM}:role/app"}
ALICE = {"kind": "user", "arn": f"{IAM}:user/alice"}
SESSION = {"kind": "assumed-role", "arn": f"{STS}:assumed-role/app/s1", "role_arn": f"{IAM}:role/app"}
ROOT = {"kind": "root", "arn": f"{IAM}:root"}
TRAIL = {"kind": "service", "arn": "cloudtrail.amazonaws.com"}
EVERYTHING: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Resource": "*"}
NOTHING: dict[str, Any] = {"Statement": []}
DELEGATION = EVERYTHING | {"Principal": {"AWS": OWNER}}


def _policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _case(
    principal: Json,
    policies: dict[str, Any],
    *,
    action: str = "kms:Decrypt",
    resource: str = KEY,
    **more: Json,
) -> dict[str, Any]:
    request = {
        "principal": principal,
        "action": action,
        "resource": resource,
        "context": more.pop("context", {}),
    }
    for name in ("grant", "grant_tokens"):
        if name in more:
            request[name] = more.pop(name)
    return {"request": request, "policies": policies, **more}


def _decide(principal: Json, policies: dict[str, Any], **more: Json) -> Result:
    return evaluate(_case(principal, policies, **more))


def _allowed(*labels: str) -> Result:
    return Result("allowed", frozenset(labels))


def _when(
    condition: dict[str, Any], *, principal: Json = APP, version: str = "2012-10-17", **context: Json
) -> bool:
    """Does a condition hold? An Allow to everyone depends on it; context names are given with `__` for `:`."""
    given = {name.replace("__", ":"): value for name, value in context.items()}
    policy = {"Version": version, "Statement": [EVERYTHING | {"Principal": "*", "Condition": condition}]}
    return _decide(principal, {"key": policy}, context=given).outcome == "allowed"


NUMERIC = [
    ("NumericEquals", "90", "90.0", True), ("NumericEquals", 90, "9e1", True), ("NumericEquals", "90", "90abc", False),
    ("NumericNotEquals", "90", "90abc", False), ("NumericNotEquals", "ninety", "91", False), ("NumericNotEquals", "90", 91, True),
    ("NumericLessThan", "90", "89.5", True), ("NumericLessThan", "90", "90", False), ("NumericLessThanEquals", "90", "90", True),
    ("NumericGreaterThan", "90", "900", True), ("NumericGreaterThan", "9", "10", True), ("NumericGreaterThanEquals", "-1", "-1", True),
    ("NumericEquals", "1_0", "10", False), ("NumericEquals", "nan", "nan", False), ("NumericEquals", "+5", "5", True),
    ("NumericEquals", ".5", "0.5", False), ("NumericEquals", "5.", "5", False), ("NumericEquals", "5e", "5", False), ("NumericEquals", "1E+2", "100", True),
    ("NumericNotEquals", ["ninety", "90"], "91", False),
]  # fmt: skip
DATES = [
    ("DateEquals", "2026-01-02T03:04:05Z", "1767323045", True), ("DateEquals", "2026-01-02", "2026-01-02T00:00:00Z", True),
    ("DateLessThan", "2026-06-01T00:00:00+02:00", "2026-05-31T21:59:59Z", True), ("DateGreaterThan", "2026-06-01T00:00:00+02:00", "2026-05-31T21:59:59Z", False),
    ("DateNotEquals", "2026-*", "2026-01-02", False), ("DateGreaterThanEquals", "2026-01-02", "soon", False),
    ("DateEquals", "2026", "2026-01-01T00:00Z", True), ("DateEquals", "2026-02-30", "2026-02-30", False), ("DateEquals", "2026-01-02T24:00Z", "2026-01-03", False),
    ("DateEquals", "2016-12-31T23:59:60Z", "2017-01-01", False), ("DateEquals", "2026-1-2", "2026-01-02", False), ("DateEquals", "2026-01-02T03:04:05", "2026-01-02T03:04:05Z", False),
    ("DateEquals", "2026-01-02T03:04:05.50Z", "2026-01-02T03:04:05.5Z", True), ("DateLessThan", "1970", "-1", True), ("DateEquals", "2026-01-02T00:00+24:00", "2026-01-01", False),
    ("DateLessThanEquals", "2026-01-02", "1767312000", True), ("DateNotEquals", "2026-01-02", "2026-01-03", True),
]  # fmt: skip
ADDRESSES = [
    ("IpAddress", "10.0.0.0/8", "10.1.2.3", True), ("IpAddress", "10.0.0.7", "10.0.0.7", True), ("IpAddress", "10.0.0.7", "10.0.0.8", False),
    ("IpAddress", "2001:db8::/32", "2001:0DB8:0::1", True), ("IpAddress", "0.0.0.0/0", "2001:db8::1", False),
    ("NotIpAddress", "0.0.0.0/0", "2001:db8::1", True), ("NotIpAddress", "10.0.0.0/8", "10.1.2.3", False),
    ("IpAddress", "10.0.0.1/8", "10.0.0.1", False), ("IpAddress", "010.0.0.1", "10.0.0.1", False), ("IpAddress", "fe80::1%1", "fe80::1%1", False),
    ("IpAddress", "10.0.0.0/255.0.0.0", "10.0.0.1", False), ("IpAddress", "::ffff:10.0.0.1", "10.0.0.1", False), ("IpAddress", "0.0.0.0/0", "::ffff:10.0.0.1", False),
    ("NotIpAddress", "10.0.0.0/8", "nowhere", False), ("NotIpAddress", "10.0.0.0/33", "192.0.2.1", False),
]  # fmt: skip
OTHERS = [
    ("BinaryEquals", "YWNtZQ==", "YWNtZQ==", True), ("BinaryEquals", "YWNtZQ==", "acme", False), ("BinaryEquals", "!", "!", False),
    ("Bool", "TRUE", "true", True), ("Bool", True, "false", False), ("Bool", "maybe", "maybe", False),
    ("StringLike", "a?c*", "abc:/d", True), ("StringEquals", "a*", "abc", False), ("StringNotLike", "a*", "abc", False),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "wanted", "given", "expected"), [*NUMERIC, *DATES, *ADDRESSES, *OTHERS])
def test_single_values(operator: str, wanted: object, given: object, expected: bool) -> None:
    """Rules 66, 69 to 72 and 93."""
    assert _when({operator: {"acme:key": wanted}}, acme__key=given) is expected


SETS = [
    ("ForAllValues:StringEquals", ["a", "b"], ["a"], True), ("ForAllValues:StringEquals", ["a"], ["a", "b"], False),
    ("ForAllValues:StringEquals", ["a"], None, True), ("ForAllValues:StringEquals", ["a"], [], True), ("ForAllValues:StringEquals", ["a"], [""], True),
    ("ForAnyValue:StringEquals", ["a"], ["b", "a"], True), ("ForAnyValue:StringEquals", ["a"], ["b"], False),
    ("ForAnyValue:StringEquals", ["a"], None, False), ("ForAnyValue:StringLike", ["*"], [""], False),
    ("ForAnyValue:StringNotEquals", ["a"], ["a", "b"], True), ("ForAnyValue:StringNotEquals", ["a", "b"], ["a", "b"], False),
    ("ForAnyValue:StringNotEquals", ["a"], None, False), ("ForAllValues:StringNotEquals", ["a"], ["b", "c"], True),
    ("ForAnyValue:StringEqualsIfExists", ["a"], None, False), ("ForAllValues:StringEqualsIfExists", ["a"], None, True),
    ("ForAnyValue:NumericLessThan", ["5"], ["9", "4"], True), ("StringEquals", ["a"], ["a"], False), ("StringNotEquals", ["b"], ["a"], False),
    ("ForAllValues:StringEquals", [], None, True), ("ForAllValues:StringEquals", [], ["a"], False), ("ForAnyValue:StringNotEquals", [], ["a"], True),
    ("ForAnyValue:StringNotEquals", [], None, False), ("StringEqualsIfExists", [], None, False), ("StringNotEquals", [], ["a", "b"], True),
    ("ForAllValues:Null", "true", [], True), ("Null", [], None, False),
    ("Null", "true", [], True), ("Null", "false", [""], True), ("Null", "true", None, True),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "wanted", "given", "expected"), SETS)
def test_sets_of_values(operator: str, wanted: object, given: object, expected: bool) -> None:
    """Rules 59 to 62, 93 and 95; aws:TagKeys is multi-valued."""
    context: dict[str, Json] = {} if given is None else {"aws__TagKeys": given}
    assert _when({operator: {"aws:TagKeys": wanted}}, **context) is expected


VARIABLES = [
    ("StringEquals", "${aws:username}", "2012-10-17", True), ("StringEquals", "${aws:username}", "2008-10-17", False),
    ("StringEquals", "${AWS:UserName}", "2012-10-17", True), ("StringEquals", "${acme:none}", "2012-10-17", False),
    ("StringNotEquals", "${acme:none}", "2012-10-17", True), ("StringEquals", "${acme:none, 'alice'}", "2012-10-17", True),
    ("StringNotEquals", ["${acme:none}", "alice"], "2012-10-17", False), ("StringEquals", ["${acme:none}", "alice"], "2012-10-17", True),
    ("StringLike", "${acme:star}", "2012-10-17", False), ("StringLike", "al${*}", "2012-10-17", False), ("StringLike", "al*", "2012-10-17", True),
    ("StringNotEquals", "${acme:many}", "2012-10-17", True),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "wanted", "version", "expected"), VARIABLES)
def test_policy_variables(operator: str, wanted: object, version: str, expected: bool) -> None:
    """Rules 63 to 65 and 94: unresolved drops out, and what comes out of a value is literal."""
    context: dict[str, Json] = {"acme__name": "alice", "acme__star": "*", "acme__many": ["a", "b"]}
    assert _when({operator: {"acme:name": wanted}}, principal=ALICE, version=version, **context) is expected


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ({"Resource": "arn:aws:kms:us-east-1:${aws:PrincipalAccount}:key/*"}, "allowed"),
        ({"Resource": "arn:aws:kms:us-east-1:${acme:none}:key/*"}, "implicitDeny"),
        ({"Resource": ["arn:aws:kms:us-east-1:${acme:none}:key/*", "*"]}, "allowed"),
        ({"NotResource": "arn:aws:kms:us-east-1:${acme:none}:key/*"}, "implicitDeny"),
        ({"NotResource": "arn:aws:kms:us-east-1:${acme:none, '0'}:key/*"}, "allowed"),
        ({"Resource": "arn:aws:kms:us-*"}, "allowed"),
        ({"Resource": "arn:aws:kms:us-*3:key/*"}, "implicitDeny"),
        ({"Resource": "arn:aws:*:us-east-1:*:key/*"}, "implicitDeny"),
    ],
)
def test_resources(element: dict[str, Any], expected: str) -> None:
    """Rules 63, 67, 94 and 96, in an identity policy."""
    statement = {"Effect": "Allow", "Action": "*", **element}
    assert _decide(APP, {"key": _policy(DELEGATION), "identity": [_policy(statement)]}).outcome == expected


def _grant(**fields: Json) -> dict[str, Any]:
    return {"GrantId": "g", "GranteePrincipal": APP["arn"], "Operations": ["Decrypt"], **fields}


TENANT = {"EncryptionContextSubset": {"tenant": "acme"}}
EXACT = {"EncryptionContextEquals": {"tenant": "acme"}}
CHILDREN = [
    ({}, {"Operations": ["Decrypt"]}, True), ({}, {"Operations": ["Decrypt", "Encrypt"]}, False),
    (TENANT, {}, False), (TENANT, {"Constraints": TENANT}, True), (TENANT, {"Constraints": EXACT}, True), (EXACT, {"Constraints": TENANT}, False),
    (TENANT, {"Constraints": {"EncryptionContextSubset": {"TENANT": "acme", "job": "7"}}}, True),
    (EXACT, {"Constraints": {"EncryptionContextEquals": {"tenant": "acme", "job": "7"}}}, False),
    ({"SourceArn": "arn:a"}, {}, False), ({"SourceArn": "arn:a"}, {"Constraints": {"SourceArn": "arn:a"}}, True),
]  # fmt: skip


@pytest.mark.parametrize(("constraints", "child", "expected"), CHILDREN)
def test_children_of_grants(constraints: dict[str, Any], child: dict[str, Any], expected: bool) -> None:
    """Rules 44 and 45."""
    parent = _grant(Operations=["Decrypt", "CreateGrant"], Constraints=constraints)
    policies = {"key": NOTHING, "grants": [parent]}
    context = {"aws:SourceArn": "arn:a"}
    result = _decide(APP, policies, action="kms:CreateGrant", grant=_grant(**child), context=context)
    assert result == (_allowed("grant:g") if expected else Result("implicitDeny"))


def test_a_grant_creates_nothing_that_is_not_shown() -> None:
    """Rule 45 cannot be met by a child that the request does not hold."""
    policies = {"key": NOTHING, "grants": [_grant(Operations=["CreateGrant"])]}
    assert _decide(APP, policies, action="kms:CreateGrant") == Result("implicitDeny")


IDENTITY = {"identity": [_policy(EVERYTHING)]}
RETIRING = [
    (APP, {"RetiringPrincipal": APP["arn"]}, {}, True), (SESSION, {"RetiringPrincipal": APP["arn"]}, {}, True),
    (TRAIL, {"RetiringServicePrincipal": TRAIL["arn"]}, {}, True), (APP, {}, {}, False), (APP, {"Operations": ["RetireGrant"]}, {}, True),
    (APP, {}, IDENTITY, True), (ROOT, {}, {}, True), ({"kind": "user", "arn": f"arn:aws:iam::{PARTNER}:user/eve"}, {}, IDENTITY, False),
    ({"kind": "user", "arn": f"arn:aws:iam::{PARTNER}:user/eve"}, {"IssuingAccount": f"arn:aws:iam::{PARTNER}:root"}, IDENTITY, True),
    ({"kind": "user", "arn": f"arn:aws:iam::{PARTNER}:user/eve"}, {"RetiringPrincipal": f"arn:aws:iam::{PARTNER}:root"}, {}, False),
]  # fmt: skip


@pytest.mark.parametrize(("caller", "fields", "policies", "expected"), RETIRING)
def test_who_may_retire(
    caller: Json, fields: dict[str, Any], policies: dict[str, Any], expected: bool
) -> None:
    """Rule 47: a key policy that allows everything to everyone adds nothing."""
    grant = _grant(
        GranteePrincipal=fields.get(
            "GranteePrincipal", APP["arn"] if "Operations" in fields else "arn:other"
        ),
        **fields,
    )
    key = _policy(EVERYTHING | {"Principal": "*"})
    result = _decide(
        caller, {"key": key, "grants": [grant], **policies}, action="kms:RetireGrant", grant=grant
    )
    by = "grant:g" if not policies else "identity:0"
    by_account_alone = caller is ROOT  # who needs no identity policy, and has none to name
    assert result == (
        Result("implicitDeny") if not expected else _allowed() if by_account_alone else _allowed(by)
    )


def test_only_an_identity_deny_stops_a_retirement() -> None:
    """Rule 47: a key policy's or an RCP's Deny is not effective, an identity policy's is."""
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    grant = _grant(RetiringPrincipal=APP["arn"])
    everyone = _policy(deny | {"Principal": "*"})
    outside = {"key": everyone, "rcps": [[everyone]], "grants": [grant]}
    assert _decide(APP, outside, action="kms:RetireGrant", grant=grant) == _allowed("grant:g")
    inside = outside | {"identity": [_policy(deny)]}
    result = _decide(APP, inside, action="kms:RetireGrant", grant=grant)
    assert result == Result("explicitDeny", frozenset({"identity:0"}))


def test_a_grant_is_what_the_key_says_it_is() -> None:
    """Rule 47: the request names it; a forged copy adds nothing, nor does a grant that is not on its list."""
    forged = _grant(RetiringPrincipal=APP["arn"])
    for held in ([_grant()], [_grant(GrantId="other", RetiringPrincipal=APP["arn"])]):
        result = _decide(APP, {"grants": held}, action="kms:RetireGrant", grant=forged)
        assert result == Result("implicitDeny")
    assert _decide(APP, {"grants": [forged]}, action="kms:RetireGrant", grant=_grant()) == _allowed("grant:g")
    assert _decide(APP, {"grants": []}, action="kms:RetireGrant", grant=forged) == _allowed("grant:g")


def test_grants_are_tried_nearest_first() -> None:
    """The session's own, then its role's, then its account's, whatever their order."""
    to = [
        _grant(GrantId=name, GranteePrincipal=arn)
        for name, arn in (("account", ROOT["arn"]), ("role", APP["arn"]), ("self", SESSION["arn"]))
    ]
    policies = {"key": NOTHING, "identity": [_policy(EVERYTHING)], "grants": to}
    assert _decide(SESSION, policies) == _allowed("grant:self")
    assert _decide(SESSION, policies | {"grants": to[:2]}) == _allowed("grant:role")
    assert _decide(SESSION, policies | {"grants": to[:1]}) == _allowed("grant:account")


def test_a_source_arn_constraint_counts_for_describe_key() -> None:
    """Rules 46 and 97: compared exactly, and not waived where the encryption context is."""
    constraints = {"SourceArn": "arn:aws:s3:::b", **EXACT}
    policies = {"key": NOTHING, "grants": [_grant(Operations=["DescribeKey"], Constraints=constraints)]}
    for source, outcome in (("arn:aws:s3:::b", "allowed"), ("arn:aws:s3:::B", "implicitDeny")):
        context = {"aws:SourceArn": source}
        assert _decide(APP, policies, action="kms:DescribeKey", context=context).outcome == outcome


def test_a_pending_grant_is_usable_by_its_token() -> None:
    """Rule 48: not by its id."""
    policies = {"key": NOTHING, "grants": [_grant(Pending=True, GrantToken="t")]}
    assert _decide(APP, policies) == Result("implicitDeny")
    assert _decide(APP, policies, grant_tokens=["g"]) == Result("implicitDeny")
    assert _decide(APP, policies, grant_tokens=["t"]) == _allowed("grant:g")


def test_aliases_are_for_identity_policies() -> None:
    """Rules 31, 83 and 99: no key policy, no kms:* keys, and in the owner's account only."""
    foreign = {"kind": "role", "arn": f"arn:aws:iam::{PARTNER}:role/app"}
    key = _policy({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"})
    where: dict[str, Any] = {"action": "kms:CreateAlias", "resource": ALIAS}
    assert _decide(APP, {"key": key, **IDENTITY}, **where) == _allowed("identity:0")
    assert _decide(foreign, {"key": key, **IDENTITY}, **where) == Result("implicitDeny")
    asking = EVERYTHING | {"Condition": {"StringEquals": {"kms:CallerAccount": OWNER}}}
    assert _decide(APP, {"identity": [_policy(asking)]}, **where) == Result("implicitDeny")


def test_other_services_follow_the_ordinary_rule() -> None:
    """Rule 107: one side suffices in one account, and everyone is everyone."""
    where: dict[str, Any] = {"action": "s3:GetObject", "resource": "arn:aws:s3:::bucket/x"}
    public = _policy(EVERYTHING | {"Principal": "*"})
    assert _decide(APP, {**IDENTITY}, **where) == _allowed("identity:0")
    assert _decide({"kind": "anonymous", "arn": ""}, {"key": public}, **where) == _allowed("key:0")
    assert _decide({"kind": "anonymous", "arn": ""}, {"key": public}) == Result("implicitDeny")


def test_unique_ids_match_who_has_them() -> None:
    """Rule 14."""
    policies = {"key": _policy(EVERYTHING | {"Principal": {"AWS": "AROADBQP57FF2AEXAMPLE"}})}
    assert _decide(APP | {"id": "AROADBQP57FF2AEXAMPLE"}, policies) == _allowed("key:0")
    assert _decide(SESSION | {"id": "AROADBQP57FF2AEXAMPLE:s1"}, policies) == _allowed("key:0")
    assert _decide(APP, policies) == Result("implicitDeny")


def test_a_service_linked_role_has_no_ceiling_of_its_account() -> None:
    """Rules 22, 79 and 100."""
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    policies = {
        "key": _policy(DELEGATION),
        **IDENTITY,
        "scps": [[_policy(deny)]],
        "rcps": [[_policy(deny | {"Principal": "*"})]],
    }
    assert _decide(APP | {"service_linked": True}, policies) == _allowed("key:0", "identity:0")
    assert _decide(APP, policies).outcome == "explicitDeny"


@pytest.mark.parametrize(
    ("element", "outcome"),
    [
        ({"Effect": "Deny", "NotAction": []}, "explicitDeny"), ({"Effect": "Deny", "NotResource": []}, "explicitDeny"),
        ({"Effect": "Deny", "Action": []}, "allowed"), ({"Effect": "Deny", "Resource": []}, "allowed"),
    ],
)  # fmt: skip
def test_a_deny_that_spares_nothing_covers_everything(element: dict[str, Any], outcome: str) -> None:
    """Rule 92."""
    rest = {} if "NotAction" in element or "Action" in element else {"Action": "*"}
    rest |= {} if "NotResource" in element or "Resource" in element else {"Resource": "*"}
    policies = {"key": _policy(DELEGATION), "identity": [_policy(EVERYTHING, element | rest)]}
    assert _decide(APP, policies).outcome == outcome


@pytest.mark.parametrize("nobody", [{}, {"AWS": []}])
def test_sparing_nobody(nobody: dict[str, Any]) -> None:
    """Rules 92 and 102: a Deny then meets everyone, an Allow nobody."""
    rest = {"NotPrincipal": nobody, "Action": "*", "Resource": "*"}
    allow, deny = rest | {"Effect": "Allow"}, rest | {"Effect": "Deny"}
    assert _decide(APP, {"key": _policy(allow)}) == Result("implicitDeny")
    assert _decide(APP, {"key": _policy(deny)}) == Result("explicitDeny", frozenset({"key:0"}))


@pytest.mark.parametrize("text", ["${aws:username", "${}", "${username}", "${aws:username}${"])
def test_what_begins_no_variable_is_refused(text: str) -> None:
    """Rule 65; under the older version it is text."""
    for statement in (
        EVERYTHING | {"Resource": text},
        EVERYTHING | {"Condition": {"StringLike": {"a:b": text}}},
    ):
        policy = _policy(statement)
        with pytest.raises(Invalid):
            _decide(APP, {"identity": [policy]})
        assert _decide(APP, {"identity": [policy | {"Version": "2008-10-17"}]}) == Result("implicitDeny")
