"""Other engines are asked what the workload asks: translations keep its meaning, and who differs is not timed."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from bench import policies
from bench.account import MEDIUM, SMALL, key_arn, role_arn
from bench.peers import rules as neutral
from bench.peers.agreement import check
from bench.peers.cedar import CedarAccount
from bench.peers.cedar_text import pair_policies
from bench.peers.conditions import condition
from bench.peers.contest import AUTHORIZE, DECIDE, FLOOR, contest
from bench.peers.iam_simulate import IamSimulateDocumented, account
from bench.peers.peer import Calls, Library, Peer
from bench.peers.plot import svg
from bench.peers.rego_data import data
from bench.peers.roster import PEERS
from bench.peers.rules import Rule, Rules, actions_of
from bench.peers.table import markdown, record
from bench.stream import ACTIONS
from bench.workload import Workload, workload
from policy_engine import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bench.stream import Question

FAITHFUL = [peer for peer in PEERS if not isinstance(peer, IamSimulateDocumented)]
"""`runSimulation` leaves out the encryption context, which a run reports."""
ROLE, KEY = role_arn(0), key_arn(0)
TENANT = "kms:EncryptionContext:tenant"


@pytest.fixture(scope="module")
def few() -> Workload:
    """The medium workload's shape with a tenth of its keys and roles."""
    return workload(replace(MEDIUM, keys=10, principals=10, requests=400))


def require(peer: Peer) -> None:
    if reason := peer.missing():
        pytest.skip(f"{peer.name}: {reason}")


def decided(rules: Sequence[Rule], question: Question) -> Outcome:
    """What rules say, evaluated one by one."""
    _, action, _, context = question
    met = {rule.allows for rule in rules if action in rule.actions and condition(rule.tests)(context)}
    if False in met:
        return Outcome.EXPLICIT_DENY
    return Outcome.ALLOWED if met else Outcome.IMPLICIT_DENY


def test_rules_say_what_the_policies_say(few: Workload) -> None:
    rules = Rules(few)
    for question, expected in zip(few.stream, few.outcomes, strict=True):
        assert decided(rules.of_pair(question[0], question[2]), question) is expected


@pytest.mark.parametrize("peer", FAITHFUL, ids=lambda peer: peer.name)
def test_a_peer_agrees(peer: Peer, few: Workload) -> None:
    require(peer)
    agreement = check(peer, few, Rules(few))
    assert agreement.checked == len(few.stream)
    assert str(agreement.example) == "None"


TESTS = [
    ("equals", ("a",)),
    ("equals", ("a", "b")),
    ("like", ("s3.*.com",)),
    ("like", ("s3.*", "ec2.*")),
    ("arn", ("arn:aws:s3:::acme-*",)),
    ("bool", ("true",)),
    ("bool", ("false",)),
    ("address", ("10.0.0.0/8",)),
    ("address", ("10.20.0.0/16", "192.168.0.0/16")),
    ("less", ("1000",)),
]
VALUES = {
    "equals": ("a", "b", "A", "", '"'),
    "like": ("s3.eu.com", "s3.com", "ec2.eu", "S3.eu.com", "xs3.eu.com"),
    "arn": ("arn:aws:s3:::acme-1", "arn:aws:s3:::other", "arn:aws:s3:eu::acme-1"),
    "bool": ("true", "false"),
    "address": ("10.20.0.1", "10.255.0.1", "11.0.0.1", "192.168.3.4"),
    "less": ("0", "999", "1000", "4000"),
}
KEYS = {
    "equals": TENANT,
    "like": "kms:ViaService",
    "arn": "aws:SourceArn",
    "bool": "aws:SecureTransport",
    "address": "aws:SourceIp",
    "less": "aws:MultiFactorAuthAge",
}


def allowing(test: neutral.Test) -> Rule:
    return Rule(
        allows=True,
        actions=("kms:Decrypt",),
        principals=(ROLE,),
        resources=(KEY,),
        tests=(test,),
        delegated=False,
    )


class OneRule(Rules):
    """Rules of a role and a key that are one rule."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule

    def of_pair(self, _role: str, _key: str) -> tuple[Rule, ...]:
        return (self._rule,)


@pytest.mark.parametrize(
    "peer",
    [peer for peer in FAITHFUL if isinstance(peer, Library) and not isinstance(peer, CedarAccount)],
    ids=lambda peer: peer.name,
)
@pytest.mark.parametrize(("negated", "missing"), [(False, False), (True, True), (False, True)])
@pytest.mark.parametrize(("kind", "values"), TESTS)
def test_a_test_means_the_same_in_every_language(
    peer: Peer, kind: str, values: tuple[str, ...], negated: bool, missing: bool
) -> None:
    require(peer)
    test = neutral.Test(kind, KEYS[kind], values, negated, missing)
    rule = allowing(test)
    contexts = [{}, {"aws:PrincipalType": "User"}, *({KEYS[kind]: value} for value in VALUES[kind])]
    questions = [
        (ROLE, action, KEY, given) for action, given in product(("kms:Decrypt", "kms:Encrypt"), contexts)
    ]
    with peer.prepare(OneRule(rule), questions) as prepared:
        answers = prepared.answers()
    said = [answer if isinstance(answer, bool) else answer is Outcome.ALLOWED for answer in answers]
    assert said == [decided([rule], question) is Outcome.ALLOWED for question in questions]


@pytest.mark.parametrize(
    ("kind", "values", "negated", "missing", "context", "expected"),
    [
        ("equals", ("a", "b"), False, False, {TENANT: "b"}, True),
        ("equals", ("a", "b"), True, True, {TENANT: "b"}, False),
        ("equals", ("a",), True, True, {}, True),
        ("equals", ("a",), False, False, {}, False),
        ("like", ("s?.*",), False, False, {"kms:ViaService": "s3.eu"}, True),
        ("like", ("s?.*",), False, False, {"kms:ViaService": "s.eu"}, False),
        ("arn", ("arn:aws:s3:*::a",), False, False, {"aws:SourceArn": "arn:aws:s3:eu:1:a"}, False),
        ("arn", ("arn:aws:s3:*::a",), False, False, {"aws:SourceArn": "arn:aws:s3:eu::a"}, True),
        ("address", ("10.0.0.0/8",), True, True, {"aws:SourceIp": "10.1.1.1"}, False),
        ("less", ("1000",), False, False, {"aws:MultiFactorAuthAge": "999"}, True),
        ("less", ("1000",), False, False, {"aws:MultiFactorAuthAge": "1000"}, False),
        ("bool", ("false",), False, True, {}, True),
    ],
)
def test_conditions_are_those_of_the_policy_language(
    kind: str, values: tuple[str, ...], negated: bool, missing: bool, context: dict[str, str], expected: bool
) -> None:
    assert condition([neutral.Test(kind, KEYS[kind], values, negated, missing)])(context) is expected


@pytest.mark.parametrize(
    ("kind", "value"), [("like", "s?.*"), ("arn", "arn:aws:s3:*::a"), ("arn", "arn:aws:s3:::?")]
)
def test_what_cedar_cannot_say_is_refused(kind: str, value: str) -> None:
    test = neutral.Test(kind, KEYS[kind], (value,), negated=False, missing=False)
    with pytest.raises(ValueError, match="Cedar"):
        pair_policies([allowing(test)])


def test_what_rego_would_read_differently_is_refused() -> None:
    test = neutral.Test("like", KEYS["like"], ("s[3].*",), negated=False, missing=False)
    with pytest.raises(ValueError, match="Rego"):
        data(OneRule(allowing(test)), [(ROLE, KEY)])


DECRYPT = {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "kms:Decrypt", "Resource": "*"}


@pytest.mark.parametrize(
    "statement",
    [
        {**DECRYPT, "NotAction": "kms:*"},
        {**DECRYPT, "Condition": {"DateLessThan": {"aws:CurrentTime": "2026-01-01"}}},
        {**DECRYPT, "Condition": {"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "tenant"}}},
        {**DECRYPT, "Principal": {"AWS": neutral.ROOT}},
        {**DECRYPT, "Principal": {"AWS": neutral.ROOT}, "Action": "kms:*", "Condition": {"Bool": {}}},
        {**DECRYPT, "Principal": {"AWS": neutral.ROOT}, "Action": "kms:*", "Effect": "Deny"},
    ],
)
def test_what_no_translation_knows_is_refused(
    statement: dict[str, object], few: Workload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policies, "key_policy", lambda _key, _size: json.dumps({"Statement": [statement]}))
    with pytest.raises(ValueError, match="no translation of"):
        Rules(few).of_key(KEY)


def test_a_key_that_does_not_delegate_leaves_the_denies_of_a_role(few: Workload) -> None:
    rules = Rules(few)
    assert rules.delegates(KEY)
    assert not rules.delegates(key_arn(9))
    assert {rule.allows for rule in rules.of_pair(ROLE, key_arn(9)) if rule in rules.of_role(ROLE)} == {False}


def test_wildcards_in_actions_are_listed() -> None:
    assert actions_of(("kms:ReEncrypt*", "kms:?ecrypt")) == (
        "kms:Decrypt",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
    )
    assert actions_of(("kms:*",)) == ACTIONS


def test_grants_are_statements_of_the_grantee_for_iam_simulate(few: Workload) -> None:
    rules = Rules(few)
    grant = rules.grants(KEY)[0]
    told = account(rules, [(grant.grantee_principal, "kms:Decrypt", KEY, {})])
    (document,) = told["keys"].values()
    added = document["Statement"][len(json.loads(rules.key_text(KEY))["Statement"]) :]
    assert {statement["Principal"]["AWS"] for statement in added} == {grant.grantee_principal}
    assert added[0]["Action"] == [f"kms:{operation}" for operation in grant.operations]
    assert (
        added[0]["Condition"]["StringEquals"][TENANT] == grant.constraints.encryption_context_subset["tenant"]
    )


class Fake(Peer):
    """A peer that answers what it is told to."""

    how = "as it is told"

    def __init__(self, name: str, answer: Callable[[Outcome], object], reason: str = "") -> None:
        self.name, self._answer, self._reason = name, answer, reason
        self.outcomes: dict[int, Outcome] = {}

    def missing(self) -> str:
        return self._reason

    def version(self) -> str:
        return "1.0"

    @contextmanager
    def prepare(self, _rules: Rules, questions: Sequence[Question]) -> Iterator[Calls]:
        yield Calls(lambda question: self._answer(self.outcomes[question]), [(id(q[3]),) for q in questions])


@pytest.fixture(scope="module")
def run() -> tuple[dict, list[str]]:
    """A run with a peer that agrees, one that tells allowed alone, one that does not, and one that is missing."""
    work = workload(replace(SMALL, requests=400))
    peers = [
        Fake("agrees", lambda outcome: outcome),
        Fake("halves", lambda outcome: outcome is Outcome.ALLOWED),
        Fake("allows, always", lambda _: Outcome.ALLOWED),
        Fake("absent", lambda _: True, "not installed"),
    ]
    for peer in peers:
        peer.outcomes = {id(q[3]): outcome for q, outcome in zip(work.stream, work.outcomes, strict=True)}
    told: list[str] = []
    return {"small": list(contest(work, peers, 2, told.append))}, told


def test_only_who_agrees_is_timed(run: tuple[dict, list[str]]) -> None:
    entries = {entry.name: entry for entry in run[0]["small"]}
    assert {name for name, entry in entries.items() if entry.time} == {
        FLOOR,
        DECIDE,
        AUTHORIZE,
        "agrees",
        "halves",
    }
    assert entries["allows, always"].agreement.differing == 200
    assert entries["absent"].missing == "not installed"
    assert entries["absent"].agreement is None
    assert entries[DECIDE].time.ratio == 1
    assert entries[FLOOR].time.ratio < 1 < entries[AUTHORIZE].time.ratio
    assert entries["agrees"].time.requests == 256


def test_a_difference_is_told_with_an_example(run: tuple[dict, list[str]]) -> None:
    (line,) = (line for line in run[1] if "allows, always" in line)
    assert "400 requests, 200 differ: arn:aws:iam" in line
    assert line.endswith("Deny, and not allowed")
    assert "small: absent: not installed" in run[1]


def test_the_table_says_who_differs_and_who_is_missing(run: tuple[dict, list[str]]) -> None:
    lines = list(markdown(run[0]))
    assert lines[0] == "| x `decide` (µs a decision) | small |"
    rows = dict(
        line.strip("| ").split(" | ") for line in lines if line.startswith("| ") and "---" not in line
    )
    assert rows["kmsgate, `decide`"].startswith("1 (")
    assert rows["allows 1.0, always"] == "200 of 400 differ"
    assert rows["absent"] == "not installed"
    assert lines[-1].startswith("allows, always differs at small: arn:aws:iam")


def test_all_figures_are_json(run: tuple[dict, list[str]]) -> None:
    entries = {entry["name"]: entry for entry in json.loads(json.dumps(record(run[0])))["small"]}
    assert entries["agrees"]["time"]["requests"] == 256
    assert entries["allows, always"]["agreement"]["example"]["answer"] == "allowed"
    assert entries["absent"] == {
        "name": "absent",
        "how": "as it is told",
        "version": "",
        "missing": "not installed",
        "agreement": None,
        "time": None,
    }


def test_the_picture_has_a_bar_for_each_time(run: tuple[dict, list[str]]) -> None:
    picture = ET.fromstring(svg(run[0]))  # noqa: S314 - the project's own
    space = "{http://www.w3.org/2000/svg}"
    texts = [text.text for text in picture.iter(f"{space}text")]
    bars = [rect for rect in picture.iter(f"{space}rect") if rect.get("x") == "270" and rect.get("y") != "37"]
    assert len(bars) == 5
    assert {"floor reads", "kmsgate, decide", "agrees", "halves", "1x", "small"} <= set(texts)
    assert "absent" not in texts
    assert all(float(bar.get("width")) > 0 for bar in bars)
