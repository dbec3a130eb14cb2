"""Compiled policies in a file: taken for the texts that they were made from, and for nothing else."""

from __future__ import annotations

import hashlib
import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from policy_engine.bundle import compiled
from policy_engine.bundle.compiled import FORMAT, load_compiled, save_compiled
from policy_engine.model.policy import PolicyKind
from policy_engine.reading import policies, read_policy
from policy_engine.reading.known import KnownTexts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from policy_engine.model.policy import Policy

ALLOW = {
    "Sid": "Use",
    "Effect": "Allow",
    "Principal": {"AWS": ["111122223333", "arn:aws:iam::111122223333:role/app"]},
    "Action": ["kms:Decrypt", "kms:De*"],
    "Resource": "*",
    "Condition": {"StringLike": {"kms:ViaService": ["s3.*.amazonaws.com", "${aws:PrincipalTag/team}"]}},
}
DENY = {"Effect": "Deny", "NotPrincipal": "*", "NotAction": "kms:*", "NotResource": "arn:aws:kms:*"}
TEXTS = [
    json.dumps({"Version": "2012-10-17", "Id": "one", "Statement": [ALLOW, DENY]}),
    json.dumps({"Version": "2012-10-17", "Statement": [DENY, ALLOW]}, indent=2) + "\n",
    json.dumps({"Statement": [{**ALLOW, "Sid": "é😀"}, {**ALLOW, "Sid": "é😀"}]}, ensure_ascii=False),
]
KIND = PolicyKind.KEY


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Makes nothing known, as in a new process."""

    def forget() -> None:
        table = KnownTexts()
        monkeypatch.setattr(policies, "KNOWN_TEXTS", table)
        monkeypatch.setattr(compiled, "KNOWN_TEXTS", table)

    forget()
    return forget


@pytest.fixture
def path(tmp_path: Path, fresh: Callable[[], None]) -> Path:
    """A file with the compiled texts, of which nothing is known."""
    file = tmp_path / "compiled"
    save_compiled(file, [(text, KIND) for text in TEXTS])
    fresh()
    return file


def shown(policy: Policy) -> object:
    found = [(d.code, str(d.span)) for d in policy.diagnostics]
    statements = [(repr(s), str(s.span), str(s.span.finish)) for s in policy.statements]
    return policy.version, policy.id, policy.digest, str(policy.span), statements, found


def test_what_is_loaded_is_what_reading_gives(
    path: Path, fresh: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = [shown(read_policy(text, kind=KIND, file="f.json")) for text in TEXTS]
    fresh()
    assert load_compiled(path) == len(TEXTS)
    monkeypatch.setattr(policies, "parse_json", None)  # nothing is parsed any more
    assert [shown(read_policy(text, kind=KIND, file="f.json")) for text in TEXTS] == read
    assert [shown(read_policy(text.encode(), kind=KIND, file="f.json")) for text in TEXTS] == read


def test_an_entry_is_for_its_text_and_kind_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_compiled(path)
    monkeypatch.setattr(policies, "parse_json", None)
    for text, kind in (
        (TEXTS[0] + " ", KIND),
        (TEXTS[0].replace("Deny", "Allow"), KIND),
        (TEXTS[0], PolicyKind.RCP),
    ):
        with pytest.raises(TypeError):  # it would be read
            read_policy(text, kind=kind)


def test_a_file_is_private_and_replaced_as_a_whole(path: Path) -> None:
    assert path.stat().st_mode & 0o077 == 0
    save_compiled(path, [(TEXTS[0], KIND), (TEXTS[0], KIND)])
    assert load_compiled(path) == 1
    with pytest.raises(policies.PolicySchemaError):
        save_compiled(path, [(TEXTS[1], KIND), ("{}", KIND)])
    assert load_compiled(path) == 1
    assert [each.name for each in path.parent.iterdir()] == ["compiled"]


def test_a_damaged_file_is_left_alone(path: Path) -> None:
    data = path.read_bytes()
    rng = random.Random(1)
    damaged = [data[:cut] for cut in (0, 1, 40, len(data) // 2, len(data) - 1)]
    for _ in range(300):
        at = rng.randrange(len(data))
        damaged.append(data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :])
    for each in damaged:
        path.write_bytes(each)
        assert load_compiled(path) == 0, each[:200]
    assert len(policies.KNOWN_TEXTS) == 0


def test_what_is_no_such_file_is_left_alone(path: Path) -> None:
    assert load_compiled(path.with_name("missing")) == 0
    assert load_compiled(path.parent) == 0
    for data in (b"", b"\n", b"null\nnull", b"[]\n[]", b"\x80\x04K\x01.", b"[" * 100_000, b'["a","b"]\n{}'):
        path.write_bytes(data)
        assert load_compiled(path) == 0


def test_another_format_is_left_alone(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data.replace(FORMAT.encode(), b"kmsgate/compiled/0", 1))
    assert load_compiled(path) == 0
    path.write_bytes(data)
    assert load_compiled(path) == len(TEXTS)


def test_a_key_makes_the_file_its_own(path: Path) -> None:
    save_compiled(path, [(TEXTS[0], KIND)], key=b"k1")
    assert [load_compiled(path, key=key) for key in (b"", b"k2", b"k1")] == [0, 0, 1]
    save_compiled(path, [(TEXTS[0], KIND)])
    assert load_compiled(path, key=b"k1") == 0


def forged(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change a file's document and make its digest right again."""
    names = ("principals", "actions", "resources", "conditions", "places", "statements", "texts")
    document = dict(zip(names, json.loads(path.read_bytes().partition(b"\n")[2]), strict=True))
    change(document)
    body = json.dumps(list(document.values())).encode()
    digest = hashlib.blake2b(body, digest_size=32).hexdigest()
    path.write_bytes(json.dumps([FORMAT, digest]).encode() + b"\n" + body)


def test_the_forger_of_the_next_test_forges_well(path: Path) -> None:
    forged(path, lambda document: document["texts"].pop())
    assert load_compiled(path) == len(TEXTS) - 1


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda d: d["principals"][0].__setitem__(0, 1), id="a number for true or false"),
        pytest.param(
            lambda d: d["principals"][0][1][0].__setitem__(0, "nobody"), id="no such kind of principal"
        ),
        pytest.param(lambda d: d["actions"][0][1].__setitem__(0, 1), id="a number for an action"),
        pytest.param(lambda d: d["resources"][0][1].__setitem__(0, ["${"]), id="no such variable"),
        pytest.param(lambda d: d["resources"][0][1].__setitem__(0, []), id="a list for a pattern"),
        pytest.param(lambda d: d["conditions"][0][0].__setitem__(0, "StringIs"), id="no such operator"),
        pytest.param(lambda d: d["places"][0].pop(), id="an end without a start"),
        pytest.param(lambda d: d["places"].__setitem__(0, d["places"][0][:-2]), id="places too few"),
        pytest.param(lambda d: d["places"][0].extend([1, 2]), id="places too many"),
        pytest.param(lambda d: d["places"].__setitem__(0, []), id="no places"),
        pytest.param(lambda d: d["places"][0].__setitem__(0, 1), id="a statement that begins before itself"),
        pytest.param(lambda d: d["places"][0].__setitem__(3, 10**6), id="a part outside its statement"),
        pytest.param(lambda d: d["places"][0].__setitem__(3, -1), id="a negative offset"),
        pytest.param(lambda d: d["places"][0].__setitem__(3, 2**40), id="an offset too large"),
        pytest.param(lambda d: d["places"][0].__setitem__(3, 9.5), id="half an offset"),
        pytest.param(lambda d: d["statements"][0].__setitem__(2, "allow"), id="no such effect"),
        pytest.param(lambda d: d["statements"][0].__setitem__(0, "rcp"), id="a statement of another kind"),
        pytest.param(lambda d: d["statements"][0].__setitem__(3, 99), id="no such part"),
        pytest.param(lambda d: d["statements"][0].__setitem__(3, -1), id="a part counted from the end"),
        pytest.param(lambda d: d["texts"][0][6].__setitem__(0, 99), id="no such statement"),
        pytest.param(lambda d: d["texts"][0][6].pop(), id="a statement too few"),
        pytest.param(lambda d: d["texts"][0][7].__setitem__(0, 10**6), id="a statement outside its policy"),
        pytest.param(lambda d: d["texts"][0][5].__setitem__(1, 5), id="a policy that ends too early"),
        pytest.param(lambda d: d["texts"][0].__setitem__(0, "xyz"), id="no digest"),
        pytest.param(lambda d: d["texts"][0].__setitem__(1, "bucket"), id="no such kind of policy"),
        pytest.param(lambda d: d["texts"][0].__setitem__(2, "2020-01-01"), id="no such version"),
        pytest.param(lambda d: d["texts"][2][8][0].__setitem__(4, "loud"), id="no such severity"),
        pytest.param(lambda d: d.__setitem__("more", []), id="more than there is"),
        pytest.param(lambda d: d.pop("texts"), id="less than there is"),
    ],
)
def test_a_document_that_cannot_be_is_left_alone(
    path: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    forged(path, change)
    assert load_compiled(path) == 0
    assert len(policies.KNOWN_TEXTS) == 0


def test_the_format_goes_up_when_what_reading_gives_changes(path: Path) -> None:
    """A file must not outlive a change of the reader: when this fails, make FORMAT the next one."""
    digest = hashlib.sha256(path.read_bytes().partition(b"\n")[2]).hexdigest()
    assert (FORMAT, digest[:16]) == ("kmsgate/compiled/1", "58b25235e0b719fc")
