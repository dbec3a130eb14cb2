"""The runner of scenario files: what a case is decided from, and what makes it pass or fail."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from policy_engine import BundleError, load_bundle
from policy_engine.bundle.scenario import case_of, check_case, load_scenarios, run_case

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conftest import Files

APP = "arn:aws:iam::111122223333:role/app"
SESSION = "arn:aws:sts::111122223333:assumed-role/app/s1"
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def statement(effect: str = "Allow", **more: object) -> dict[str, Any]:
    return {"Effect": effect, "Action": "kms:Decrypt", "Resource": "*", **more}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


ROOT: dict[str, object] = {"Principal": {"AWS": "arn:aws:iam::111122223333:root"}}
DELEGATES = policy({**statement(Sid="EnableIAM"), **ROOT})


def case(*, request: Mapping[str, object] | None = None, **changed: object) -> dict[str, Any]:
    return {
        "name": "a case",
        "request": {"principal": APP, "action": "kms:Decrypt", "resource": KEY, **(request or {})},
        "policies": {"key": DELEGATES, "identity": [policy(statement())]},
        "expect": {"outcome": "allowed"},
        **changed,
    }


def expecting(outcome: str, *determining: str, **changed: object) -> dict[str, Any]:
    return case(request=None, expect={"outcome": outcome, "determining": list(determining)}, **changed)


def test_plain_data_runs() -> None:
    result = run_case(case())
    assert (result.outcome, result.error) == ("allowed", None)
    assert set(result.determining) == {"key:0", "identity:0"}
    assert result.decision is not None
    assert result.decision.allowed


@pytest.mark.parametrize(
    "determining",
    [["key:0", "identity:0"], ["identity:0", "key:EnableIAM"], ["identity:0", "key:0", "key:EnableIAM"]],
)
def test_determining_is_a_set_and_takes_sids(determining: list[str]) -> None:
    verdict = check_case(case_of(expecting("allowed", *determining)))
    assert (verdict.passed, verdict.error) == (True, None)


@pytest.mark.parametrize(
    "determining", [[], ["key:0"], ["key:0", "identity:1"], ["key:0", "identity:0", "x"]]
)
def test_a_wrong_determining_fails_with_both_lists(determining: list[str]) -> None:
    verdict = check_case(case_of(expecting("allowed", *determining)))
    assert (verdict.passed, verdict.expected, verdict.actual) == (False, "allowed", "allowed")
    assert f"[{', '.join(determining)}]" in str(verdict.error)
    assert "[key:0, identity:0]" in str(verdict.error)


def test_a_sid_that_stands_twice_names_nothing() -> None:
    deny = statement("Deny", Sid="No")
    policies = {"key": DELEGATES, "identity": [policy(deny, deny)]}
    assert check_case(
        case_of(expecting("explicitDeny", "identity:0", "identity:1", policies=policies))
    ).passed
    assert not check_case(case_of(expecting("explicitDeny", "identity:No", policies=policies))).passed


def test_a_sid_is_unique_in_its_own_policy_only() -> None:
    deny = policy(statement("Deny", Sid="No"))
    policies = {"key": DELEGATES, "identity": [deny, deny]}
    assert check_case(
        case_of(expecting("explicitDeny", "identity[0]:No", "identity[1]:No", policies=policies))
    ).passed


def test_a_wrong_outcome_fails_with_the_reason() -> None:
    verdict = check_case(case_of(expecting("implicitDeny")))
    assert (verdict.passed, verdict.actual) == (False, "allowed")
    assert "[key:0, identity:0]" in str(verdict.error)


@pytest.mark.parametrize("text", ["{", '{"Statement": [], "Statement": []}', "[]", ""])
@pytest.mark.parametrize(
    "layer", ["key", "identity", "permissions_boundary", "session", "vpc_endpoint", "scps"]
)
def test_a_policy_that_cannot_be_read_is_invalid(layer: str, text: str) -> None:
    wrapped: Any = {"identity": [text], "scps": [[text]]}.get(layer, text)
    result = run_case(case(policies={"key": DELEGATES, layer: wrapped}))
    assert (result.outcome, result.decision) == ("invalid", None)
    assert result.error


def test_what_is_invalid_stays_so_for_a_caller_that_has_no_such_policy() -> None:
    request = {"principal": {"kind": "service", "arn": "s3.amazonaws.com"}}
    assert run_case(case(request=request, policies={"identity": ["{"]})).outcome == "invalid"


MFA = "aws:MultiFactorAuthPresent"
WITH_MFA = policy(statement(Condition={"Bool": {MFA: "true"}}))
PARTNER = "arn:aws:iam::444455556666:role/partner"
SERVICE = "dynamodb.amazonaws.com"
SOURCE = "arn:aws:dynamodb:us-east-1:111122223333:table/orders"


def grant(**changed: object) -> dict[str, Any]:
    return {"GrantId": "g", "GranteePrincipal": APP, "Operations": ["Decrypt"], **changed}


def test_what_is_not_known_is_neither_there_nor_absent() -> None:
    policies = {"key": DELEGATES, "identity": [WITH_MFA]}
    assert run_case(case(policies=policies)).outcome == "implicitDeny"
    unknown = case(request={"unknown": [MFA.lower()]}, policies=policies)
    result = run_case(unknown)
    assert (result.outcome, result.determining, result.unknown) == ("undetermined", (), (MFA.lower(),))
    assert result.decision is not None
    assert result.decision.expression == f"Bool {MFA} [true]"


@pytest.mark.parametrize(
    ("expression", "passes"), [(f"Bool {MFA} [true]", True), ("always", False), (None, True)]
)
def test_the_expression_is_compared_where_it_is_given(expression: str | None, passes: bool) -> None:
    expect = {"outcome": "undetermined", "expression": expression}
    policies = {"key": DELEGATES, "identity": [WITH_MFA]}
    verdict = check_case(case_of(case(request={"unknown": [MFA]}, policies=policies, expect=expect)))
    assert verdict.passed is passes
    assert passes or f"depends on `Bool {MFA} [true]`" in str(verdict.error)


def test_a_wrong_outcome_says_what_it_depends_on() -> None:
    policies = {"key": DELEGATES, "identity": [WITH_MFA]}
    verdict = check_case(case_of(case(request={"unknown": [MFA]}, policies=policies)))
    assert (verdict.passed, verdict.actual) == (False, "undetermined")
    assert f"[Bool {MFA} [true]]" in str(verdict.error)


def test_a_grant_to_a_service_is_bound_to_its_source() -> None:
    given = grant(
        GranteePrincipal=None,
        GranteeServicePrincipal=SERVICE,
        RetiringServicePrincipal=SERVICE,
        Constraints={"SourceArn": SOURCE},
    )

    def outcome(source: str, action: str = "kms:Decrypt") -> str:
        request = {"principal": SERVICE, "action": action, "context": {"aws:SourceArn": source}}
        return run_case(case(request=request, policies={"grants": [given]})).outcome

    assert outcome(SOURCE) == "allowed"
    assert outcome(SOURCE + "s") == "implicitDeny"
    assert outcome("arn:aws:s3:::b", "kms:RetireGrant") == "allowed"


def test_one_principal_in_both_fields_is_one_grantee() -> None:
    given = grant(GranteePrincipal=SERVICE, GranteeServicePrincipal=SERVICE)
    request = {"principal": SERVICE}
    assert run_case(case(request=request, policies={"grants": [given]})).determining == ("grant:g",)


def test_the_grant_in_question_is_the_one_to_retire() -> None:
    ours, other = grant(RetiringPrincipal=PARTNER), grant(GrantId="other", RetiringPrincipal=APP)

    def retired(asked: dict[str, Any], *held: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
        request = {"principal": PARTNER, "action": "kms:RetireGrant", "grant": asked}
        result = run_case(case(request=request, policies={"grants": list(held)}))
        return result.outcome, result.determining

    assert retired(ours, ours, other) == ("allowed", ("grant:g",))
    assert retired(other, ours, other) == ("implicitDeny", ())
    assert retired(ours, other) == ("implicitDeny", ())


def test_the_grant_in_question_is_the_one_to_make_and_needs_no_id() -> None:
    parent = grant(Operations=["CreateGrant", "Decrypt"])
    child = {"GranteePrincipal": PARTNER, "Operations": ["Decrypt"]}

    def outcome(asked: object) -> str:
        request = {"action": "kms:CreateGrant", "grant": asked}
        return run_case(case(request=request, policies={"grants": [parent]})).outcome

    assert outcome(child) == "allowed"
    assert outcome({**child, "Operations": ["Decrypt", "Encrypt"]}) == "implicitDeny"
    assert outcome(None) == "implicitDeny"


@pytest.mark.parametrize(
    "request_fields",
    [
        {"grant": {"GrantId": "g", "Operations": []}},
        {"grant": grant(KeyId=KEY[:-1] + "c")},
        {"grant": grant(GranteeServicePrincipal=SERVICE)},
        {"unknown": [""]},
    ],
    ids=["no grantee", "another key", "two grantees", "a key without a name"],
)
def test_a_request_that_is_none_fails_whatever_is_expected(request_fields: dict[str, Any]) -> None:
    verdict = check_case(case_of(case(request=request_fields, expect={"outcome": "invalid"})))
    assert (verdict.passed, verdict.actual) == (False, "invalid-request")


def test_what_is_odd_about_the_grant_in_question_is_told() -> None:
    result = run_case(case(request={"grant": grant(Operations=["Decrypts"])}))
    assert result.bundle is not None
    assert [d.code for d in result.bundle.diagnostics] == ["unknown-operation"]


SAML = "arn:aws:iam::111122223333:saml-provider/corp"
OIDC = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"


@pytest.mark.parametrize(
    ("principal", "provider"),
    [
        ({"kind": "saml", "arn": SAML}, SAML),
        ({"arn": SAML}, SAML),
        (SAML, SAML),
        ({"kind": "oidc", "arn": OIDC}, OIDC),
    ],
)
def test_a_federated_caller_is_named_by_its_provider(principal: object, provider: str) -> None:
    for named, outcome in ((provider, "allowed"), (SAML + "s", "implicitDeny")):
        key = policy(statement(Principal={"Federated": named}))
        assert run_case(case(request={"principal": principal}, policies={"key": key})).outcome == outcome


def test_a_federated_caller_may_be_named_by_its_session() -> None:
    key = policy(statement(Principal={"AWS": SESSION}))
    request = {"principal": {"kind": "saml", "arn": SESSION}}
    assert run_case(case(request=request, policies={"key": key})).determining == ("key:0",)


def test_a_resource_of_another_service_has_its_policy() -> None:
    bucket = policy(
        {
            "Effect": "Allow",
            "Principal": {"AWS": APP},
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::b/*",
        }
    )
    request = {"action": "s3:GetObject", "resource": "arn:aws:s3:::b/o"}
    assert run_case(case(request=request, policies={"key": bucket})).determining == ("key:0",)
    assert run_case(case(request=request, policies={})).outcome == "implicitDeny"
    other = {**request, "resource": "arn:aws:s3:::c/o"}
    assert run_case(case(request=other, policies={"key": bucket})).outcome == "implicitDeny"


@pytest.mark.parametrize(
    "principal",
    [
        "role/app",
        {"kind": "user", "arn": APP},
        {"kind": "role", "arn": ""},
        {"arn": "arn:aws:iam::111122223333:group/g"},
        {"kind": "anonymous", "arn": APP},
        {"kind": "saml", "arn": OIDC},
        {"kind": "user", "arn": SAML},
        {"kind": "oidc", "arn": ""},
    ],
)
def test_a_principal_that_is_none_fails_whatever_is_expected(principal: object) -> None:
    verdict = check_case(case_of(case(request={"principal": principal}, expect={"outcome": "invalid"})))
    assert (verdict.passed, verdict.actual) == (False, "invalid-request")


@pytest.mark.parametrize(
    "changed",
    [
        {"request": {"principle": APP}},
        {"options": {"caps_limit_grant": False}},
        {"key": {"KeySpecs": "x"}},
        {"policies": {"keys": {}}},
        {"expect": {"outcome": "denied"}},
        {"expect": {}},
        {"name": ""},
        {"request": {"context": {"a": {"b": "c"}}}},
        {"request": {"principal": 1}},
        {"request": {"principal": {"arn": APP, "kind": "robot"}}},
    ],
)
def test_a_case_that_is_none_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(BundleError):
        run_case(case(**changed))


def test_a_case_without_policies_needs_a_bundle(files: Files) -> None:
    bare = case(policies=None)
    assert run_case(bare).outcome == "invalid-request"
    files.native(
        keys=[{"Arn": KEY, "Policy": DELEGATES}],
        principals=[
            {"Arn": APP, "IdentityPolicies": [{"PolicyName": "p", "PolicyDocument": policy(statement())}]}
        ],
    )
    assert run_case(bare, bundle=load_bundle(files.root)).outcome == "allowed"


def test_options_are_the_engine_s() -> None:
    grant = {
        "GrantId": "g",
        "GranteePrincipal": APP,
        "Operations": ["Decrypt"],
        "Constraints": {"EncryptionContextSubset": {"Tenant": "acme"}},
    }
    changed: dict[str, Any] = {
        "request": {"context": {"kms:EncryptionContext:tenant": "acme"}},
        "policies": {"grants": [grant]},
    }
    assert run_case(case(**changed)).determining == ("grant:g",)
    strict = case(**changed, options={"grant_context_names_ignore_case": False})
    assert run_case(strict).outcome == "implicitDeny"


@pytest.mark.parametrize("value", [True, "true"])
def test_a_boolean_in_the_context_is_its_text(value: object) -> None:
    identity = [policy(statement(Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}))]
    request = {"context": {"aws:MultiFactorAuthPresent": value}}
    assert (
        run_case(case(request=request, policies={"key": DELEGATES, "identity": identity})).outcome
        == "allowed"
    )


def test_a_number_in_the_context_is_its_json_text(files: Files) -> None:
    identity = [policy(statement(Condition={"StringEquals": {"kms:EncryptionContext:n": "1.50"}}))]
    content = json.dumps(
        {
            "schema": "kmsgate/scenario/1",
            "cases": [
                case(
                    request={"context": {"kms:EncryptionContext:n": 12345}},
                    policies={"key": DELEGATES, "identity": identity},
                )
            ],
        }
    )
    files.put("s.json", content.replace("12345", "1.50"))
    (one,) = load_scenarios(files.root)
    assert check_case(one).passed


def conditioned(role_arn: str | None, **context: str) -> str:
    """The outcome for a session of `app` whose identity policy asks for the role's ARN."""
    identity = [policy(statement(Condition={"ArnEquals": {"aws:PrincipalArn": APP}}))]
    principal = {"kind": "assumed-role", "arn": SESSION, "role_arn": role_arn}
    request = {"principal": principal, "context": dict(context)}
    return run_case(case(request=request, policies={"key": DELEGATES, "identity": identity})).outcome


def test_the_role_of_a_session_is_not_guessed() -> None:
    assert conditioned(None) == "undetermined"
    assert conditioned(None, **{"aws:PrincipalArn": APP}) == "allowed"
    assert conditioned(APP) == "allowed"


def test_a_session_holds_the_policies_of_its_role() -> None:
    for role_arn in (None, APP):
        principal = {"kind": "assumed-role", "arn": SESSION, "role_arn": role_arn}
        assert set(run_case(case(request={"principal": principal})).determining) == {"key:0", "identity:0"}
        capped = {"key": DELEGATES, "identity": [policy(statement())]}
        for cap in ("session", "permissions_boundary"):
            outside = {**capped, cap: policy({**statement(), "Action": "kms:Encrypt"})}
            assert (
                run_case(case(request={"principal": principal}, policies=outside)).outcome == "implicitDeny"
            )


def test_statements_stand_in_the_scenario_file(files: Files) -> None:
    text = json.dumps(
        {
            "schema": "kmsgate/scenario/1",
            "cases": [case(policies={"key": json.dumps(DELEGATES), "identity": [policy(statement())]})],
        },
        indent=2,
    )
    path = files.put("s.json", text)
    (one,) = load_scenarios(path)
    decision = run_case(one).decision
    assert decision is not None
    lines = text.splitlines()
    shown = []
    for origin in decision.determining:
        assert origin.span is not None
        assert origin.span.file == str(path)
        begin = origin.span.begin
        shown.append(lines[begin.line - 1][begin.column - 1 :][:13])
    assert shown == ['{\\"Effect\\": ', "{"]


def test_yaml_is_read_too(files: Files) -> None:
    files.put(
        "s.yaml",
        "schema: kmsgate/scenario/1\ncases:\n  - name: a case\n    request:\n      principal: " + APP + "\n"
        "      action: kms:Decrypt\n      resource: " + KEY + "\n    policies:\n      key: |\n        "
        + json.dumps(policy(statement(Principal="*"))) + "\n    expect: {outcome: allowed, determining: ['key:0']}\n",
    )  # fmt: skip
    (one,) = load_scenarios(files.root)
    assert check_case(one).passed
    decision = run_case(one).decision
    assert decision is not None
    (origin,) = decision.determining
    assert str(origin.span).endswith("s.yaml:10:49")


def test_a_file_that_is_none_is_one_failed_case(files: Files) -> None:
    files.put("a.json", {"schema": "kmsgate/scenario/1", "cases": [case()], "extra": 1})
    files.put("b.json", "{")
    files.put("c.json", {"schema": "kmsgate/scenario/1", "cases": [case()]})
    one, two, three = load_scenarios(files.root)
    assert (one.name, two.name, three.name) == (None, None, "a case")
    assert (one.fault is None, two.fault is None, three.fault is None) == (False, False, True)
    verdict = check_case(one)
    assert (verdict.passed, verdict.expected, verdict.actual) == (False, None, "invalid")
    assert "there is no field `extra` here" in str(verdict.error)


def test_there_must_be_something_to_run(files: Files) -> None:
    for path in (files.root, files.root / "no.json"):
        with pytest.raises(BundleError):
            load_scenarios(path)


def test_a_file_s_bundle_that_cannot_be_loaded_fails_its_cases(files: Files) -> None:
    files.put("s.json", {"schema": "kmsgate/scenario/1", "bundle": "no", "cases": [case(policies=None)]})
    (one,) = load_scenarios(files.root)
    verdict = check_case(one)
    assert (verdict.passed, verdict.actual) == (False, "invalid")
    assert "cannot be read" in str(verdict.error)
