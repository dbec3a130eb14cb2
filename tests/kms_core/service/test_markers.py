"""A page marker is genuine or none, and is one of one list: the same operation, account and parameters."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from kms_core.errors import AccessDeniedError, InvalidMarkerError
from kms_core.service.markers import Markers

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

    from kms_core.hsm import Hsm
    from kms_core.service import Kms

    Audit = Callable[[], list[dict[str, object]]]


@pytest.fixture
def full(kms: Kms, people: SimpleNamespace, key_arn: str) -> str:
    """A key with two of everything that is listed, beside another key."""
    kms.create_key(people.admin)
    kms.tag_resource(people.admin, key_arn, {"a": "", "b": ""})
    for number in range(2):
        kms.create_alias(people.admin, f"alias/{number}", key_arn)
        kms.create_grant(people.admin, key_arn, people.app, ["Decrypt"], retiring_principal=people.admin)
    return key_arn


LISTS: dict[str, Callable[[SimpleNamespace, str], dict[str, object]]] = {
    "list_keys": lambda _people, _key: {},
    "list_aliases": lambda _people, _key: {},
    "list_aliases of a key": lambda _people, key: {"key_id": key},
    "list_resource_tags": lambda _people, key: {"key_id": key},
    "list_grants": lambda _people, key: {"key_id": key},
    "list_grants of a grantee": lambda people, key: {"key_id": key, "grantee_principal": people.app},
    "list_retirable_grants": lambda people, _key: {"retiring_principal": people.admin},
}


def _page(
    kms: Kms, people: SimpleNamespace, full: str, name: str, *, caller: str = "admin", **more: object
) -> object:
    arguments = LISTS[name](people, full)
    return getattr(kms, name.partition(" ")[0])(getattr(people, caller), **arguments, limit=1, **more)


@pytest.mark.parametrize("name", LISTS)
def test_a_marker_goes_on_in_its_own_list_and_in_no_other(
    kms: Kms, people: SimpleNamespace, full: str, name: str
) -> None:
    first = _page(kms, people, full, name)
    assert first.truncated
    for other in LISTS:
        if other == name:
            second = _page(kms, people, full, name, marker=first.next_marker)
            assert second != first
        else:
            with pytest.raises(InvalidMarkerError):
                _page(kms, people, full, other, marker=first.next_marker)


def test_a_marker_is_for_everybody_of_its_account_who_may_list(
    kms: Kms, people: SimpleNamespace, full: str, key_policy: Callable[..., str]
) -> None:
    marker = _page(kms, people, full, "list_grants").next_marker
    policy = key_policy({"Principal": {"AWS": [people.root, people.app, people.stranger]}})
    kms.put_key_policy(people.admin, full, policy)
    assert _page(kms, people, full, "list_grants", caller="app", marker=marker).grants
    with pytest.raises(InvalidMarkerError):
        _page(kms, people, full, "list_grants", caller="stranger", marker=marker)


def test_a_marker_that_was_changed_anywhere_is_none(kms: Kms, people: SimpleNamespace, full: str) -> None:
    marker = _page(kms, people, full, "list_grants").next_marker
    content = base64.urlsafe_b64decode(marker)
    changed = [content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :] for at in range(len(content))]
    for each in (*changed, content[:-1], content + b"1", content[16:], b""):
        for text in {base64.urlsafe_b64encode(each).decode() or "=", f"{marker}\n", marker.rstrip("=") + "!"}:
            with pytest.raises(InvalidMarkerError):
                _page(kms, people, full, "list_grants", marker=text)


def test_a_marker_holds_for_other_processes_and_after_a_restart(
    kms: Kms, open_service: Callable[..., Kms], people: SimpleNamespace, full: str
) -> None:
    marker = _page(kms, people, full, "list_keys").next_marker
    other = open_service()
    assert _page(other, people, full, "list_keys", marker=marker) == _page(
        kms, people, full, "list_keys", marker=marker
    )


def test_a_marker_of_another_token_is_none(kms: Kms) -> None:
    class _OtherToken:
        def marker_key(self, _permit: object) -> bytes:
            return bytes(32)

    mine, foreign = kms._core.markers, Markers(kms._core.gate, _OtherToken())
    assert mine.read(("ListKeys", "x"), mine.make(("ListKeys", "x"), "place")) == "place"
    with pytest.raises(InvalidMarkerError):
        mine.read(("ListKeys", "x"), foreign.make(("ListKeys", "x"), "place"))


def test_lists_that_read_alike_when_joined_are_told_apart(kms: Kms) -> None:
    markers = kms._core.markers
    for one, other in ((("ab", "c"), ("a", "bc")), (("a", ""), ("a",)), (("a", "b"), ("b", "a"))):
        with pytest.raises(InvalidMarkerError):
            markers.read(other, markers.make(one, "place"))


def test_who_may_not_list_is_told_that_first_and_nothing_is_asked_of_the_token(
    kms: Kms, people: SimpleNamespace, full: str, hsm: Hsm, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        pytest.fail("the token was asked for a caller who may not list")

    monkeypatch.setattr(type(hsm), "marker_key", fail)
    for name in LISTS:
        with pytest.raises(AccessDeniedError):
            _page(kms, people, full, name, caller="app", marker="AAAA")


def test_the_key_is_derived_when_it_is_first_needed_and_that_is_recorded_once(
    kms: Kms, people: SimpleNamespace, full: str, audit: Audit
) -> None:
    def derived() -> int:
        return sum(each["action"] == "internal:DeriveMarkerKey" for each in audit())

    assert kms.list_keys(people.admin).keys
    assert derived() == 0
    page = _page(kms, people, full, "list_keys")
    _page(kms, people, full, "list_keys", marker=page.next_marker)
    assert derived() == 1
    (record,) = [each for each in audit() if each["kind"] == "service"]
    assert record["reason"] == "the key of page markers"
