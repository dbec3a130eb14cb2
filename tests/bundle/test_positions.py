"""Every policy keeps its place in the file that the user has, however deep it is packed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from policy_engine import BundleError

if TYPE_CHECKING:
    from conftest import Files

    from policy_engine.span import Span

APP = "arn:aws:iam::111122223333:role/app"
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
BAD = '{"Version": "2012-10-17", "Statement": [{"Effect": "Maybe", "Action": "*", "Resource": "*"}]}'


def bundle_yaml(document: str) -> str:
    return (
        "schema: kmsgate/bundle/1\n"
        "principals:\n"
        f"  - Arn: {APP}\n"
        "    IdentityPolicies:\n"
        "      - PolicyName: p\n"
        f"        PolicyDocument: {document}\n"
    )


def fault_at(files: Files, code: str = "invalid-effect") -> Span:
    (fault,) = [fault for fault in files.faults() if fault.code == code]
    assert fault.span is not None
    return fault.span


def text_at(span: Span) -> str:
    line = span.source.line(span.begin.line)
    return str(line[span.begin.column - 1 :])


def test_an_object_in_json(files: Files) -> None:
    files.native(
        principals=[
            {"Arn": APP, "IdentityPolicies": [{"PolicyName": "p", "PolicyDocument": json.loads(BAD)}]}
        ]
    )
    assert text_at(fault_at(files)).startswith('"Maybe"')


def test_a_string_in_json_is_mapped_through_its_escapes(files: Files) -> None:
    text = "\n  " + BAD.replace('"Version"', '"Vers\\u0069on"')
    files.native(principals=[{"Arn": APP, "IdentityPolicies": [{"PolicyName": "p", "PolicyDocument": text}]}])
    assert text_at(fault_at(files)).startswith('\\"Maybe\\"')


@pytest.mark.parametrize(
    ("document", "shown"),
    [
        (BAD, '"Maybe"'),
        ("&anchor " + BAD, '"Maybe"'),
        ("'" + BAD + "'", '"Maybe"'),
        (json.dumps(BAD), '\\"Maybe\\"'),
        ("'" + BAD.replace(", ", ",\n             ") + "'", '"Maybe"'),
        (json.dumps(BAD).replace(", ", ",\n             "), '\\"Maybe\\"'),
        ("|-\n          " + BAD, '"Maybe"'),
        ("|  # a comment\n          " + BAD.replace(", ", ",\n              "), '"Maybe"'),
        (">-\n          " + BAD.replace(", ", ",\n          "), '"Maybe"'),
        (
            """
          Version: 2012-10-17
          Statement:
            - Effect: Maybe
              Action: '*'
              Resource: '*'""",
            "Maybe",
        ),
    ],
    ids=[
        "flow", "anchored", "single-quoted", "double-quoted", "single-quoted over lines",
        "double-quoted over lines", "literal", "literal with header comment", "folded", "block",
    ],
)  # fmt: skip
def test_yaml(files: Files, document: str, shown: str) -> None:
    files.put("b.yaml", bundle_yaml(document))
    assert text_at(fault_at(files)).startswith(shown)


def test_an_aliased_policy_stands_where_its_anchor_is(files: Files) -> None:
    text = bundle_yaml("&p\n          Version: 2012-10-17\n          Statement: []")
    text += "      - PolicyName: q\n        PolicyDocument: *p\n"
    files.put("b.yaml", text)
    one, other = files.load().principals[APP].identity_policies
    assert (one.name, other.name) == ("app/p", "app/q")
    assert one.span == other.span
    assert str(one.span).endswith("b.yaml:7:11")


def test_an_aliased_element_stands_where_its_anchor_is(files: Files) -> None:
    """That is outside its own statement."""
    document = (
        "\n          Version: '2012-10-17'\n          Statement:\n"
        "            - {Effect: Allow, Action: &a ['kms:Decrypt', 'kms:Encrypt'], Resource: '*'}\n"
        "            - {Effect: Deny, Action: *a, Resource: '*'}"
    )
    files.put("b.yaml", bundle_yaml(document))
    (policy,) = files.load().principals[APP].identity_policies
    actions = [statement.action for statement in policy.statements]
    assert [[p.spelling for p in a.patterns] for a in actions if a] == [["kms:Decrypt", "kms:Encrypt"]] * 2
    assert [[text_at(p.span)[:13] for p in a.patterns] for a in actions if a] == [
        ["'kms:Decrypt'", "'kms:Encrypt'"]
    ] * 2
    assert [str(statement.span).rpartition(":")[0][-8:] for statement in policy.statements] == [
        "b.yaml:9",
        ".yaml:10",
    ]


def test_yaml_statements_have_places(files: Files) -> None:
    document = (
        "\n          Version: '2012-10-17'\n          Statement:\n"
        "            - Sid: One\n              Effect: Allow\n              Action: kms:Decrypt\n"
        "              Resource: '*'\n            # the next\n"
        "            - {Sid: Two, Effect: Deny, Action: 'kms:*', Resource: '*'}"
    )
    files.put("b.yaml", bundle_yaml(document))
    (policy,) = files.load().principals[APP].identity_policies
    one, two = policy.statements
    assert (one.span.begin.line, one.span.begin.column) == (9, 15)
    assert (one.span.finish.line, one.span.finish.column) == (12, 28)
    assert (two.span.begin.line, two.span.begin.column) == (14, 15)
    assert (two.span.finish.line, two.span.finish.column) == (14, 71)


def test_columns_are_code_points(files: Files) -> None:
    text = bundle_yaml(BAD).replace("PolicyName: p", "PolicyName: 😀") + f"# {'😀' * 3}\n"
    files.put("b.yaml", text.replace("PolicyDocument: {", "PolicyDocument: {Id: 😀😀, "))
    span = fault_at(files)
    assert text_at(span).startswith('"Maybe"')
    assert span.begin.column == text_at_column(files)


def text_at_column(files: Files) -> int:
    line = str((files.root / "b.yaml").read_text(encoding="utf-8").splitlines()[5])
    return line.index('"Maybe"') + 1


def test_a_grant_has_its_place(files: Files) -> None:
    policy = {"Version": "2012-10-17", "Statement": []}
    grant = {"GrantId": "g", "GranteePrincipal": APP, "Operations": ["Decrypt"]}
    files.native(keys=[{"Arn": KEY, "Policy": policy, "Grants": [grant]}])
    (record,) = files.load().keys.values()
    span = record.grants[0].span
    assert span is not None
    assert (text_at(span), span.begin.line) == ("{", 11)


def test_the_same_slice_of_yaml_is_not_the_same_policy(files: Files) -> None:
    """A digest of the text alone would take two policies for one where an alias stands for different things."""
    text = "schema: kmsgate/bundle/1\nkeys: []\nprincipals: &p\n  - Arn: {arn}\n    Tags: {{}}\n"
    text += (
        "    IdentityPolicies:\n      - PolicyName: x\n        PolicyDocument: &s {{Version: 2012-10-17, "
        "Statement: [{{Effect: &e {effect}, Action: 'kms:*', Resource: '*'}}]}}\n"
        "      - PolicyName: y\n        PolicyDocument: {{Version: 2012-10-17, "
        "Statement: [{{Effect: *e, Action: 'kms:*', Resource: '*'}}]}}\n"
    )
    files.put("a.yaml", text.format(arn=APP, effect="Allow"))
    files.put("b.yaml", text.format(arn=APP.replace("app", "web"), effect="Deny"))
    bundle = files.load()
    digests = [p.identity_policies[1].digest for p in bundle.principals.values()]
    assert len(set(digests)) == 2


def test_a_faulty_file_that_is_named_says_its_own_place(files: Files) -> None:
    files.put("p.json", '{"Version": "2012-10-17",\n "Statement": [,]}')
    files.native(keys=[{"Arn": KEY, "PolicyFile": "p.json"}])
    (fault,) = [f for f in files.faults("bundle.json") if f.severity == "error"]
    assert files.place(fault) == ("p.json", 2, 16)


def test_all_faults_are_told_at_once(files: Files) -> None:
    files.native(
        "a.json", principals=[{"Arn": APP, "IdentityPolicies": [{"PolicyName": "p", "PolicyDocument": BAD}]}]
    )
    files.put("b.json", "{")
    files.native("c.json", kes=[])
    with pytest.raises(BundleError) as caught:
        files.load()
    assert [d.code for d in caught.value.diagnostics] == ["invalid-effect", "unexpected-end", "unknown-field"]
    assert str(caught.value) == str(caught.value.diagnostics[0])
