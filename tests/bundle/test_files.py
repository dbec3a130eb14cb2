"""Files and folders as they are found: what is read, what is passed over aloud, what is refused."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from policy_engine import BundleError, load_bundle
from policy_engine.bundle import files as reading

if TYPE_CHECKING:
    from conftest import Files

KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}],
}
KEYS = [{"Arn": KEY, "Policy": POLICY}]


def test_nothing_is_no_bundle() -> None:
    with pytest.raises(BundleError) as caught:
        load_bundle()
    assert [d.code for d in caught.value.diagnostics] == ["nothing-to-load"]


def test_an_empty_folder_is_no_bundle(files: Files) -> None:
    assert files.codes() == ["nothing-to-load"]


def test_a_path_that_is_not_there(files: Files) -> None:
    (fault,) = files.faults("no.json")
    assert fault.code == "unreadable-file"
    assert fault.message == "the file cannot be read: no such file or directory"


def test_a_path_that_no_file_can_have(files: Files) -> None:
    assert files.codes("a\0b") == ["unreadable-file"]


def test_a_named_file_that_is_not_recognised(files: Files) -> None:
    files.put("policy.json", POLICY)
    (fault,) = files.faults("policy.json")
    assert fault.code == "unrecognised-file"
    assert "no file names it as PolicyFile" in fault.message


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("policy.json", POLICY, "it is a policy document"),
        ("list.json", [1], "it is nothing that a bundle knows"),
        ("other.json", {"keys": []}, "it has no"),
        ("scenario.json", {"schema": "kmsgate/scenario/1", "cases": []}, "it is nothing that a bundle knows"),
        ("policies.json", {"Policies": [{"PolicyName": "from list-policies"}]}, "it is nothing that a bundle knows"),
        ("tags.json", {"Tags": [{"Key": "from ec2", "Value": "x"}]}, "it is nothing that a bundle knows"),
        ("README.md", "# Notes", "it is neither JSON nor YAML by its name"),
    ],
)  # fmt: skip
def test_a_file_that_is_met_is_skipped_aloud(files: Files, name: str, content: object, reason: str) -> None:
    files.native(keys=KEYS)
    files.put(f"deep/er/{name}", content)
    bundle = files.load()
    (skipped,) = bundle.skipped
    assert skipped.file == str(files.root / "deep/er" / name)
    assert skipped.reason.startswith(reason)
    (warning,) = bundle.diagnostics
    assert (warning.code, warning.severity) == ("unrecognised-file", "warning")
    assert str(warning.span) == f"{skipped.file}:1:1"


def test_a_file_that_cannot_be_parsed_is_never_skipped(files: Files) -> None:
    files.native(keys=KEYS)
    files.put("other.json", "{]")
    (fault,) = files.faults()
    assert files.place(fault) == ("other.json", 1, 2)


def test_hidden_files_are_left_alone(files: Files) -> None:
    files.native(keys=KEYS)
    files.put(".git/config.json", "{")
    files.put(".hidden.json", "{")
    assert files.load().skipped == ()


def test_a_byte_order_mark_is_accepted_with_a_warning(files: Files) -> None:
    path = files.native(keys=KEYS)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    bundle = files.load()
    assert [d.code for d in bundle.diagnostics] == ["byte-order-mark"]
    policy = bundle.keys[KEY].policy
    assert policy is not None
    assert policy.statements[0].span.begin.line == 9


@pytest.mark.parametrize("content", [b"\xff\xfe{\x00}\x00", b'{"a": "\xed\xa0\x80"}', b"\x00"])
def test_bytes_that_are_no_text(files: Files, content: bytes) -> None:
    files.put("b.json", content)
    (fault,) = files.faults()
    assert fault.code in {"not-utf-8", "not-json"}
    assert files.place(fault)[0] == "b.json"


def test_a_duplicate_key_names_both_places(files: Files) -> None:
    files.put("b.json", '{"schema": "kmsgate/bundle/1",\n "keys": [],\n "keys": []}')
    (fault,) = files.faults()
    assert (fault.code, files.place(fault)) == ("duplicate-key", ("b.json", 3, 2))
    assert str(fault.related[0][0]).endswith("b.json:2:2")


def test_every_duplicate_is_told(files: Files) -> None:
    files.put("b.json", '{"schema": "kmsgate/bundle/1", "keys": [], "keys": [], "groups": [], "groups": []}')
    assert files.codes() == ["duplicate-key", "duplicate-key"]


def test_a_named_fifo_is_refused_without_waiting(files: Files) -> None:
    os.mkfifo(files.root / "pipe.json")
    assert files.codes("pipe.json") == ["not-a-regular-file"]


def test_a_fifo_that_is_met_is_skipped(files: Files) -> None:
    files.native(keys=KEYS)
    os.mkfifo(files.root / "pipe.json")
    (skipped,) = files.load().skipped
    assert skipped.reason == "it is no regular file"


def test_a_fifo_as_policy_file_is_refused_without_waiting(files: Files) -> None:
    os.mkfifo(files.root / "pipe.json")
    files.native(keys=[{"Arn": KEY, "PolicyFile": "pipe.json"}])
    assert "not-a-regular-file" in files.codes()


@pytest.mark.parametrize("name", ["a\0b.json", "loop.json", "no.json", "."])
def test_a_policy_file_that_no_file_can_be_is_refused_where_it_is_named(files: Files, name: str) -> None:
    (files.root / "loop.json").symlink_to("loop.json")
    files.put("b/b.json", {"schema": "kmsgate/bundle/1", "keys": [{"Arn": KEY, "PolicyFile": f"../{name}"}]})
    (fault,) = files.faults("b/b.json")
    assert fault.code in {"unreadable-file", "not-a-regular-file"}
    assert files.place(fault)[0] == "b/b.json"


def test_a_device_is_refused() -> None:
    with pytest.raises(BundleError) as caught:
        load_bundle("/dev/zero")
    assert [d.code for d in caught.value.diagnostics] == ["not-a-regular-file"]


def test_a_link_to_a_device_is_not_read(files: Files) -> None:
    files.native(keys=KEYS)
    (files.root / "zero.json").symlink_to("/dev/zero")
    assert [skipped.reason for skipped in files.load().skipped] == ["it is no regular file"]


def test_folders_that_hold_themselves_end(files: Files) -> None:
    files.native("a/bundle.json", keys=KEYS)
    (files.root / "a/again").symlink_to(files.root)
    (files.root / "a/up").symlink_to("..")
    assert set(files.load().keys) == {KEY}


def test_a_link_to_itself_is_a_fault(files: Files) -> None:
    files.native(keys=KEYS)
    (files.root / "loop.json").symlink_to("loop.json")
    assert files.codes() == ["unreadable-file"]


def test_a_link_to_a_file_is_the_file(files: Files) -> None:
    files.native("a.json", keys=KEYS)
    (files.root / "b.json").symlink_to("a.json")
    assert files.load().diagnostics == ()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(files: Files) -> None:
    files.native(keys=KEYS).chmod(0)
    assert files.codes() == ["unreadable-file"]


def test_a_file_that_is_too_large(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_FILE_BYTES", 100)
    files.native(keys=KEYS)
    assert files.codes() == ["too-large"]


def test_a_policy_may_be_no_larger_inside_a_bundle_than_alone(files: Files) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "kms:" + "x" * (1024 * 1024), "Resource": "*"}
    files.native(keys=[{"Arn": KEY, "Policy": {"Version": "2012-10-17", "Statement": [statement]}}])
    assert files.codes() == ["too-large"]


def test_every_file_is_read_once(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    """What changes on the disk while a bundle is loaded cannot give one file two contents."""
    opened: list[str] = []
    really = os.open

    def counting(path: str, *more: int) -> int:
        opened.append(os.path.relpath(path, files.root))
        return really(path, *more)

    files.put("policy.json", POLICY)
    files.native("a.json", keys=[{"Arn": KEY, "PolicyFile": "policy.json"}])
    monkeypatch.setattr(reading.os, "open", counting)
    assert files.load().diagnostics == ()
    assert sorted(opened) == ["a.json", "policy.json"]


def test_nesting_has_a_limit(files: Files) -> None:
    files.put("b.json", "[" * 100_000)
    assert files.codes() == ["too-deep"]
