"""What the reader says of a policy, in its words: the code, the message, and the remedy."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policy_engine.errors import Severity
from policy_engine.model.policy import PolicyKind, Version
from policy_engine.reading import collect_policy
from policy_engine.syntax.json_document import parse_json

KEY, IDENTITY = PolicyKind.KEY, PolicyKind.IDENTITY
STATEMENT = {"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}
LEFT_OUT = object()
FORMS = "write an account id, or the ARN of an account's root, a user, a role or a session"


def statement(**elements: object) -> dict[str, object]:
    return {name: value for name, value in {**STATEMENT, **elements}.items() if value is not LEFT_OUT}


def condition(**block: object) -> dict[str, object]:
    return statement(Condition=block)


def said(document: object, kind: PolicyKind = KEY) -> list[tuple[str, str, str | None, str]]:
    """Code, message, remedy and the text that is pointed at; of what is mild, the code after a tilde."""
    text = json.dumps(document)
    _, found = collect_policy(parse_json(text), kind, "default")
    mild = {Severity.ERROR: "", Severity.WARNING: "~"}
    return [
        (mild[d.severity] + d.code, d.message, d.help, text[d.span.start : d.span.end])
        for d in found
        if d.span is not None
    ]


def said_of(one: object, kind: PolicyKind = KEY) -> list[tuple[str, str, str | None, str]]:
    return said({"Version": "2012-10-17", "Statement": [one]}, kind)


Said = list[tuple[str, str, str | None, str]]
DOCUMENTS: list[tuple[Any, Said]] = [
    ([], [("not-an-object", "a policy is an object, not an array", 'write {"Version": "2012-10-17", "Statement": [...]}', "[]")]),
    ({"Version": "2012-10-17"}, [("missing-element", "the policy has no Statement", 'add "Statement": [...]', '{"Version": "2012-10-17"}')]),
    ({"Version": "2013-01-01", "Statement": []}, [("invalid-version", "there is no policy version `2013-01-01`", 'write "2012-10-17"', '"2013-01-01"'), ("~empty-list", "Statement is empty, so the policy says nothing", None, "[]")]),
    ({"Version": 2012, "Id": 5, "Statement": [statement()]}, [("wrong-type", "Version is a number, not a string", "write a string", "2012"), ("wrong-type", "Id is a number, not a string", "write a string", "5")]),
    ({"version": "2012-10-17", "Statement": [statement()]}, [("unknown-element", "a policy has no element `version`", "did you mean `Version`?", '"version"')]),
    ({"Anything": 1, "Statement": []}, [("unknown-element", "a policy has no element `Anything`", "the elements are Version, Id, Statement", '"Anything"'), ("~empty-list", "Statement is empty, so the policy says nothing", None, "[]")]),
    ({"Statement": [statement(Sid="a"), statement(Sid="b"), statement(Sid="a")]}, [("~duplicate-sid", "the Sid `a` stands twice", "give every statement a Sid of its own", '{"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*", "Sid": "a"}')]),
    ({"Statement": statement(Sid="a")}, []),
    ({"Statement": [5, []]}, [("wrong-type", "a statement is a number, not an object", "write an object", "5"), ("wrong-type", "a statement is an array, not an object", "write an object", "[]")]),
    ({"Statement": [statement(), statement()]}, []),
]  # fmt: skip
STATEMENTS: list[tuple[Any, PolicyKind, Said]] = [
    (5, KEY, [("wrong-type", "a statement is a number, not an object", "write an object", "5")]),
    (statement(Effect=LEFT_OUT), KEY, [("missing-element", "the statement has no Effect", 'add "Effect": "Allow" or "Effect": "Deny"', '{"Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}')]),
    (statement(Effect="allow"), KEY, [("invalid-effect", "there is no effect `allow`", 'write "Allow" or "Deny", in this case', '"allow"')]),
    (statement(Effect=True), KEY, [("wrong-type", "Effect is a boolean, not a string", "write a string", "true")]),
    (statement(Principal=LEFT_OUT), KEY, [("missing-element", "the statement has no Principal", 'add "Principal": {"AWS": "arn:aws:iam::ACCOUNT:root"}', '{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}')]),
    (statement(Action=LEFT_OUT, Resource=LEFT_OUT), KEY, [("~no-effect", "the statement has no Action, so it has no effect", 'add "Action": "kms:Decrypt"', '{"Effect": "Allow", "Principal": "*"}'), ("~no-effect", "the statement has no Resource, so it has no effect", 'add "Resource": "*"', '{"Effect": "Allow", "Principal": "*"}')]),
    (statement(Principal=LEFT_OUT, Action=LEFT_OUT, Resource=LEFT_OUT), IDENTITY, [("missing-element", "the statement has no Action", 'add "Action": "kms:Decrypt"', '{"Effect": "Allow"}'), ("missing-element", "the statement has no Resource", 'add "Resource": "*"', '{"Effect": "Allow"}')]),
    (statement(Principal=LEFT_OUT), PolicyKind.RCP, [("~no-effect", "the statement has no Principal, so it has no effect", 'add "Principal": {"AWS": "arn:aws:iam::ACCOUNT:root"}', '{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}')]),
    (statement(Principal=LEFT_OUT, Action=LEFT_OUT, Resource=LEFT_OUT), PolicyKind.ENDPOINT, [("~no-effect", "the statement has no Principal, so it has no effect", 'add "Principal": {"AWS": "arn:aws:iam::ACCOUNT:root"}', '{"Effect": "Allow"}'), ("~no-effect", "the statement has no Action, so it has no effect", 'add "Action": "kms:Decrypt"', '{"Effect": "Allow"}'), ("~no-effect", "the statement has no Resource, so it has no effect", 'add "Resource": "*"', '{"Effect": "Allow"}')]),
    (statement(), IDENTITY, [("element-not-allowed", "a policy of the kind `identity` has no Principal", "remove it: the principal is who the policy is attached to", '"Principal"')]),
    (statement(Principal=LEFT_OUT, NotPrincipal="*"), PolicyKind.SCP, [("element-not-allowed", "a policy of the kind `scp` has no NotPrincipal", "remove it: the principal is who the policy is attached to", '"NotPrincipal"')]),
    (statement(NotAction="*", NotResource="*"), KEY, [("element-conflict", "the statement has both Action and NotAction", "keep one of them", '"NotAction"'), ("element-conflict", "the statement has both Resource and NotResource", "keep one of them", '"NotResource"')]),
    (statement(NotPrincipal="*"), KEY, [("element-conflict", "the statement has both Principal and NotPrincipal", "keep one of them", '"NotPrincipal"')]),
    (statement(Actoin="*"), KEY, [("unknown-element", "a statement has no element `Actoin`", "did you mean `Action`?", '"Actoin"')]),
    (statement(Xyzzy="*"), KEY, [("unknown-element", "a statement has no element `Xyzzy`", "the elements are Sid, Effect, Principal, NotPrincipal, Action, NotAction, Resource, NotResource, Condition", '"Xyzzy"')]),
    (statement(Action=5), KEY, [("wrong-type", "Action is a number, not a string or a list of strings", "write a string or a list of strings", "5")]),
    (statement(Action=["kms:Decrypt", None]), KEY, [("wrong-type", "Action is null, not a string or a list of strings", "write a string or a list of strings", "null")]),
    (statement(Action=[]), KEY, [("~empty-list", "Action is empty: it lists nothing", None, "[]")]),
    (statement(Action=LEFT_OUT, NotAction=[]), KEY, [("~empty-list", "NotAction is empty: it lists nothing", None, "[]")]),
    (statement(Resource=[]), KEY, [("~empty-list", "Resource is empty: it lists nothing", None, "[]")]),
    (statement(Action="kms:Dеcrypt"), KEY, [("forbidden-character", "Action holds the character U+0435 CYRILLIC SMALL LETTER IE", "remove it: it is part of no such name, and it hides what the policy says", '"kms:D\\u0435crypt"')]),
    (statement(Resource="arn:\u200b"), KEY, [("forbidden-character", "Resource holds the character U+200B ZERO WIDTH SPACE", "remove it: it is part of no such name, and it hides what the policy says", '"arn:\\u200b"')]),
    (statement(Sid="\u200b"), KEY, []),
    (statement(Resource="arn:${x"), KEY, [("bad-variable", "`${x` begins no policy variable", "write ${key} or ${key, 'default'}; ${$} stands for a dollar sign", '"arn:${x"')]),
    (statement(Resource="${aws:username}"), KEY, []),
    (statement(Principal="arn:aws:iam::111122223333:root"), KEY, [("invalid-principal", "`arn:aws:iam::111122223333:root` is no Principal", 'write "*", or an object such as {"AWS": "arn:aws:iam::111122223333:root"}', '"arn:aws:iam::111122223333:root"')]),
    (statement(Principal="somebody"), KEY, [("invalid-principal", "`somebody` is no Principal", 'write "*", or an object such as {"AWS": "..."}', '"somebody"')]),
    (statement(Principal=LEFT_OUT, NotPrincipal="x"), KEY, [("invalid-principal", "`x` is no NotPrincipal", 'write "*", or an object such as {"AWS": "..."}', '"x"')]),
    (statement(Principal=5), KEY, [("wrong-type", 'Principal is a number, not "*" or an object', 'write "*" or an object', "5")]),
    (statement(Principal={}), KEY, [("~empty-list", "Principal is empty: it lists nothing", None, "{}")]),
    (statement(Principal={"AWS": []}), KEY, [("~empty-list", "Principal.AWS is empty: it lists nothing", None, "[]")]),
    (statement(Principal={"Aws": "*"}), KEY, [("unknown-element", "a Principal has no element `Aws`", "did you mean `AWS`?", '"Aws"')]),
    (statement(Principal={"AWS": 5}), KEY, [("wrong-type", "Principal.AWS is a number, not a string or a list of strings", "write a string or a list of strings", "5")]),
    (statement(Principal={"AWS": "arn:aws:sts::111122223333:root"}), KEY, [("invalid-principal", "`arn:aws:sts::111122223333:root` is no AWS principal", FORMS, '"arn:aws:sts::111122223333:root"')]),
    (statement(Principal={"AWS": "somebody"}), KEY, [("invalid-principal", "`somebody` is no AWS principal", FORMS, '"somebody"')]),
    (statement(Principal={"AWS": "arn:aws:iam::111122223333:role/*"}), KEY, [("wildcard-in-principal", "`arn:aws:iam::111122223333:role/*` has a wildcard, and a principal's ARN may have none", 'name "*" and bound it with the condition key aws:PrincipalArn', '"arn:aws:iam::111122223333:role/*"')]),
    (statement(Principal={"AWS": "arn:aws:iam::111122223333:role/a?"}), KEY, [("wildcard-in-principal", "`arn:aws:iam::111122223333:role/a?` has a wildcard, and a principal's ARN may have none", 'name "*" and bound it with the condition key aws:PrincipalArn', '"arn:aws:iam::111122223333:role/a?"')]),
    (statement(Principal={"Service": "s3"}), KEY, [("invalid-principal", "`s3` is no service principal", "write a name such as s3.amazonaws.com", '"s3"')]),
    (statement(Principal={"Federated": "x", "CanonicalUser": "y"}), KEY, [("~unsupported-principal", "KMS key policies take no Federated principals", "name AWS and Service principals", '"x"'), ("~unsupported-principal", "KMS key policies take no CanonicalUser principals", "name AWS and Service principals", '"y"')]),
    (statement(Principal={"AWS": "é"}), KEY, [("forbidden-character", "a principal holds the character U+00E9 LATIN SMALL LETTER E WITH ACUTE", "remove it: it is part of no such name, and it hides what the policy says", '"\\u00e9"')]),
    (statement(Condition=5), KEY, [("wrong-type", "Condition is a number, not an object", "write an object", "5")]),
    (statement(Condition={}), KEY, [("~empty-condition", "Condition is empty, so there is no condition", None, "{}")]),
    (condition(StringEquals={}), KEY, [("~empty-condition", "StringEquals is empty, so it is no condition", None, "{}")]),
    (condition(StringEquals=5), KEY, [("wrong-type", "StringEquals is a number, not an object of condition keys", "write an object of condition keys", "5")]),
    (condition(StringEqals={"x:y": "a"}), KEY, [("unknown-operator", "there is no operator `StringEqals`", "did you mean `StringEquals`?", '"StringEqals"')]),
    (condition(Xyzzy={"x:y": "a"}), KEY, [("unknown-operator", "there is no operator `Xyzzy`", "write an operator such as StringEquals, Bool or ArnLike", '"Xyzzy"')]),
    (condition(StringEquals={"": "a"}), KEY, [("unknown-element", "a condition key has a name", "write a key such as kms:ViaService", '""')]),
    (condition(StringEquals={"x:y": []}), KEY, [("~empty-list", "the values are empty, so the condition never holds", None, "[]")]),
    (condition(StringNotEquals={"x:y": []}), KEY, [("~empty-list", "the values are empty, so the condition always holds", None, "[]")]),
    (condition(StringEquals={"x:y": {}}), KEY, [("wrong-type", "x:y is an object, not a string, number or boolean, or a list of these", "write a string, number or boolean, or a list of these", "{}")]),
    (condition(StringEquals={"x:y": ["a", None]}), KEY, [("wrong-type", "x:y is null, not a string, number or boolean, or a list of these", "write a string, number or boolean, or a list of these", "null")]),
    (condition(StringEquals={"x:y": "a"}, stringequals={"x:z": "a"}), KEY, [("duplicate-key", "the operator `stringequals` is `StringEquals` again in another case", "put the values under one of them", '"stringequals"')]),
    (condition(StringEquals={"aws:username": "a", "AWS:UserName": "b"}), KEY, [("duplicate-key", "the condition key `AWS:UserName` is `aws:username` again in another case", "put the values under one of them", '"AWS:UserName"')]),
    (condition(StringEquals={"аws:username": "a"}), KEY, [("forbidden-character", "a condition key holds the character U+0430 CYRILLIC SMALL LETTER A", "remove it: it is part of no such name, and it hides what the policy says", '"\\u0430ws:username"')]),
    (condition(StringEquals={"aws:PrincipalTag/\u200b": "a"}), KEY, [("forbidden-character", "a condition key holds the character U+200B ZERO WIDTH SPACE", "remove it: it is part of no such name, and it hides what the policy says", '"aws:PrincipalTag/\\u200b"')]),
    (condition(StringEquals={"aws:PrincipalTag/é": "a"}), KEY, []),
    (condition(StringLike={"x:y": "${a"}), KEY, [("bad-variable", "`${a` begins no policy variable", "write ${key} or ${key, 'default'}; ${$} stands for a dollar sign", '"${a"')]),
    (condition(NumericEquals={"x:y": "${a"}), KEY, []),
]  # fmt: skip


@pytest.mark.parametrize(("document", "expected"), DOCUMENTS)
def test_what_is_said_of_a_policy(document: object, expected: Said) -> None:
    assert said(document) == expected


@pytest.mark.parametrize(("one", "kind", "expected"), STATEMENTS)
def test_what_is_said_of_a_statement(one: object, kind: PolicyKind, expected: Said) -> None:
    assert said_of(one, kind) == expected


def test_a_statement_with_a_fault_is_left_out_and_one_that_is_odd_is_not() -> None:
    statements = [
        statement(Sid="good"),
        statement(Sid="bad", Effect="allow"),
        statement(Sid="odd", Action=[]),
        statement(Sid="wrong", Action=5),
    ]
    policy, _ = collect_policy(parse_json(json.dumps({"Statement": statements})), KEY, "default")
    assert policy is not None
    assert [(one.sid, one.index) for one in policy.statements] == [("good", 0), ("odd", 2)]
    assert [fault.code for fault in policy.diagnostics] == ["empty-list"]


def test_a_policy_of_no_known_version_is_read_as_one_with_variables() -> None:
    """For lint, which then says of its variables what it says of others."""
    document = {"Version": "2013-01-01", "Statement": [statement()]}
    policy, found = collect_policy(parse_json(json.dumps(document)), KEY, "default")
    assert policy is not None
    assert policy.version is Version.V2012
    assert [fault.code for fault in found] == ["invalid-version"]


def test_other_scripts_stand_where_names_are_free() -> None:
    block = {"StringEquals": {"aws:PrincipalTag/é": "ü", "kms:EncryptionContext:ß": "ö"}}
    document = {"Statement": [statement(Resource="arn:aws:kms:::é", Condition=block)]}
    policy, found = collect_policy(parse_json(json.dumps(document)), KEY, "default")
    assert (found, policy is not None) == ([], True)
    (one,) = policy.statements if policy else ()
    assert [condition.spelling for condition in one.conditions] == list(block["StringEquals"])
    assert one.resource is not None
    assert [pattern.pattern.text for pattern in one.resource.patterns] == ["arn:aws:kms:::é"]


def test_values_that_are_no_strings_count_as_their_json_text() -> None:
    text = json.dumps({"Statement": [condition(StringEquals={"x:y": [True, False, 10, "a", "LARGE"]})]})
    policy, _ = collect_policy(parse_json(text.replace('"LARGE"', "1.50E+2")), KEY, "default")
    assert policy is not None
    values = policy.statements[0].conditions[0].values
    assert [value.text for value in values] == ["true", "false", "10", "a", "1.50E+2"]
