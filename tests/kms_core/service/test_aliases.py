from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from kms_core.errors import (
    AccessDeniedError,
    AlreadyExistsError,
    DependencyTimeoutError,
    InvalidMarkerError,
    KMSInvalidStateError,
    LimitExceededError,
    NotAuthorizedError,
    NotFoundError,
    ValidationError,
)
from kms_core.model.quotas import Quotas
from kms_core.service.key_holding import KeyHolding
from tests.kms_core.service.holders import OTHER, beside_the_admin

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

    from kms_core.service import Kms

Audit = "Callable[[], list[dict[str, object]]]"
PLACE = "arn:aws:kms:us-east-1:111122223333:"


def _allow(action: str, resource: str) -> str:
    return f'{{"Effect": "Allow", "Action": "{action}", "Resource": "{resource}"}}'


def test_a_key_is_known_by_its_alias_in_every_operation_that_takes_one(
    kms: Kms, people: SimpleNamespace, key_arn: str, audit: Audit
) -> None:
    kms.create_alias(people.admin, "alias/orders", key_arn)
    for name in ("alias/orders", f"{PLACE}alias/orders"):
        assert kms.describe_key(people.admin, name).arn == key_arn
        sealed = kms.encrypt(people.admin, name, b"x")
        assert sealed.key_id == key_arn
        assert kms.decrypt(people.admin, sealed.ciphertext_blob, key_id=name).plaintext == b"x"
        assert kms.generate_data_key(people.admin, name, key_spec="AES_256").key_id == key_arn
    (decision,) = audit()[-1]["decisions"]
    assert decision["resource"] == key_arn  # a key that is named by an alias is authorised as the key
    assert decision["request"]["context"]["kms:RequestAlias"] == "alias/orders"


def test_either_key_of_re_encrypt_is_known_by_its_alias(
    kms: Kms, people: SimpleNamespace, key_policy: Callable[..., str], audit: Audit
) -> None:
    by_alias = [
        {
            "Principal": {"AWS": people.app},
            "Action": f"kms:ReEncrypt{side}",
            "Condition": {"StringEquals": {"kms:RequestAlias": f"alias/{side}"}},
        }
        for side in ("From", "To")
    ]
    policy = key_policy({"Principal": {"AWS": people.root}}, *by_alias)
    old, new = (kms.create_key(people.admin, policy=policy).arn for _ in range(2))
    kms.create_alias(people.admin, "alias/From", old)
    kms.create_alias(people.admin, "alias/To", new)
    blob = kms.encrypt(people.admin, old, b"x").ciphertext_blob

    moved = kms.re_encrypt(people.app, blob, "alias/To", source_key_id="alias/From")
    assert (moved.source_key_id, moved.key_id) == (old, new)
    assert [each["resource"] for each in audit()[-1]["decisions"]] == [old, new]
    assert kms.decrypt(people.admin, moved.ciphertext_blob).plaintext == b"x"
    for arn in (old, new):
        assert kms.get_key_last_usage(people.admin, arn).last_use.operation in {"ReEncrypt", "Decrypt"}
    for source, destination in (("alias/From", new), (old, "alias/To"), ("alias/To", "alias/From")):
        with pytest.raises(AccessDeniedError):
            kms.re_encrypt(people.app, blob, destination, source_key_id=source)


@pytest.mark.parametrize(
    ("spec", "usage", "call"),
    [
        ("HMAC_256", "GENERATE_VERIFY_MAC", ("generate_mac", b"x", "HMAC_SHA_256")),
        ("ECC_NIST_P256", "SIGN_VERIFY", ("get_public_key",)),
    ],
)
def test_keys_of_other_specs_are_known_by_their_alias(
    kms: Kms, people: SimpleNamespace, spec: str, usage: str, call: tuple[object, ...]
) -> None:
    made = kms.create_key(people.admin, key_spec=spec, key_usage=usage)
    kms.create_alias(people.admin, "alias/other", made.arn)
    operation, *arguments = call
    assert getattr(kms, operation)(people.admin, "alias/other", *arguments).key_id == made.arn


def test_an_alias_moves_and_goes(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    kms.create_alias(people.admin, "alias/orders", key_arn)
    old = kms.encrypt(people.admin, "alias/orders", b"x")
    other = kms.create_key(people.admin)
    kms.update_alias(people.admin, "alias/orders", other.key_id)
    assert kms.describe_key(people.admin, "alias/orders").arn == other.arn
    assert kms.decrypt(people.admin, old.ciphertext_blob).key_id == key_arn

    kms.delete_alias(people.admin, "alias/orders")
    for call in (
        lambda: kms.describe_key(people.admin, "alias/orders"),
        lambda: kms.delete_alias(people.admin, "alias/orders"),
        lambda: kms.update_alias(people.admin, "alias/orders", key_arn),
    ):
        with pytest.raises(NotFoundError) as refused:
            call()
        assert refused.value.message == f"Alias {PLACE}alias/orders is not found."
    assert kms.describe_key(people.admin, other.arn)


def test_there_is_one_alias_of_a_name_in_an_account(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    kms.create_alias(people.admin, "alias/orders", key_arn)
    with pytest.raises(AlreadyExistsError) as refused:
        kms.create_alias(people.admin, "alias/orders", kms.create_key(people.admin).arn)
    assert refused.value.message == f"An alias with the name {PLACE}alias/orders already exists"
    assert kms.describe_key(people.admin, "alias/orders").arn == key_arn

    theirs = kms.create_key(people.stranger).arn
    kms.create_alias(people.stranger, "alias/orders", theirs)
    assert kms.describe_key(people.stranger, "alias/orders").arn == theirs


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        ("orders", ValidationError, 'Alias must start with the prefix "alias/"'),
        ("alias/", ValidationError, 'Alias must start with the prefix "alias/"'),
        ("alias/a b", ValidationError, r"pattern: \^\[a-zA-Z0-9:/_-\]\+\$"),
        ("alias/a\n", ValidationError, "pattern"),
        ("alias/\u0660", ValidationError, "pattern"),
        ("alias/" + "x" * 251, ValidationError, "length less than or equal to 256"),
        ("", ValidationError, "length greater than or equal to 1"),
        (None, ValidationError, "'aliasName'"),
        (
            "alias/a:b",
            ValidationError,
            "^ValidationException: alias/a:b contains invalid characters for an alias$",
        ),
        ("alias/aws/s3", NotAuthorizedError, "^NotAuthorizedException$"),
    ],
)
def test_a_name_that_no_alias_can_have(
    kms: Kms, people: SimpleNamespace, key_arn: str, name: str, error: type[Exception], says: str
) -> None:
    for call in (
        lambda: kms.create_alias(people.admin, name, key_arn),
        lambda: kms.update_alias(people.admin, name, key_arn),
        lambda: kms.delete_alias(people.admin, name),
    ):
        with pytest.raises(error, match=says):
            call()


def test_the_longest_and_oddest_names(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    names = ["alias/" + "x" * 250, "alias/a/b-c_D/", "alias/awsome", "alias/key/alias/x"]
    for name in names:
        kms.create_alias(people.admin, name, key_arn)
        assert kms.describe_key(people.admin, f"{PLACE}{name}").arn == key_arn
    assert {each.name for each in kms.list_aliases(people.admin).aliases} == set(names)


@pytest.mark.parametrize("target", ["alias/orders", f"{PLACE}alias/orders"])
def test_an_alias_stands_for_no_alias(kms: Kms, people: SimpleNamespace, key_arn: str, target: str) -> None:
    kms.create_alias(people.admin, "alias/orders", key_arn)
    for call in (kms.create_alias, kms.update_alias):
        with pytest.raises(
            ValidationError, match=r"^ValidationException: Aliases must refer to keys\. Not aliases$"
        ):
            call(people.admin, "alias/second", target)


def test_an_alias_stands_for_no_missing_key(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    missing = f"{PLACE}key/00000000-0000-0000-0000-000000000000"
    kms.create_alias(people.admin, "alias/x", key_arn)
    for call in (
        lambda: kms.create_alias(people.admin, "alias/y", missing),
        lambda: kms.update_alias(people.admin, "alias/x", missing),
    ):
        with pytest.raises(NotFoundError, match="does not exist"):
            call()


def test_an_alias_stands_for_no_key_of_another_account(
    kms: Kms, people: SimpleNamespace, key_arn: str, key_policy: Callable[..., str]
) -> None:
    """Not even if that account's key policy lets the caller do everything; and nothing tells whether it exists."""
    open_to_all = key_policy({"Principal": {"AWS": [people.root, people.stranger]}})
    kms.put_key_policy(people.admin, key_arn, open_to_all)
    missing = f"{PLACE}key/00000000-0000-0000-0000-000000000000"
    texts = []
    for target in (key_arn, missing):
        with pytest.raises(AccessDeniedError) as refused:
            kms.create_alias(people.stranger, "alias/theirs", target)
        texts.append(refused.value.message.replace(target, "KEY"))
    assert texts[0] == texts[1]
    assert kms.list_aliases(people.stranger).aliases == ()


def test_an_alias_is_moved_away_from_a_key_pending_deletion_but_not_to_one(
    kms: Kms, people: SimpleNamespace, key_arn: str
) -> None:
    other = kms.create_key(people.admin).arn
    kms.create_alias(people.admin, "alias/orders", key_arn)
    kms.schedule_key_deletion(people.admin, key_arn)
    kms.update_alias(people.admin, "alias/orders", other)
    with pytest.raises(KMSInvalidStateError) as refused:
        kms.update_alias(people.admin, "alias/orders", key_arn)
    assert refused.value.message == f"{key_arn} is pending deletion."
    assert kms.describe_key(people.admin, "alias/orders").arn == other


# which permissions of other are enough for what: on the alias by its identity policy, on the keys by their key
# policy or by its identity policy where they delegate
ALIAS, ANY_KEY = f"{PLACE}alias/orders", f"{PLACE}key/*"


@pytest.mark.parametrize("operation", ["create_alias", "update_alias", "delete_alias"])
@pytest.mark.parametrize(
    ("resources", "by_key_policy", "allowed"),
    [
        ((ALIAS, ANY_KEY), False, True),
        ((ALIAS,), True, True),
        ((ALIAS,), False, False),
        ((ANY_KEY,), True, False),
        ((), True, False),
    ],
)
def test_the_alias_and_the_key_are_both_asked_for(
    open_service: Callable[..., Kms],
    people: SimpleNamespace,
    key_policy: Callable[..., str],
    audit: Audit,
    *,
    operation: str,
    resources: tuple[str, ...],
    by_key_policy: bool,
    allowed: bool,
) -> None:
    action = "kms:" + "".join(part.title() for part in operation.split("_"))
    kms = open_service(bundle=beside_the_admin(*(_allow(action, each) for each in resources)))
    delegating = {"Principal": {"AWS": people.root}}
    named = {"Principal": {"AWS": OTHER}, "Action": action}
    policy = key_policy(delegating, *([named] if by_key_policy else []))
    old, new = (kms.create_key(people.admin, policy=policy).arn for _ in range(2))
    if operation != "create_alias":
        kms.create_alias(people.admin, "alias/orders", old)
    arguments = ("alias/orders",) if operation == "delete_alias" else ("alias/orders", new)
    before = kms.list_aliases(people.admin)

    if allowed:
        getattr(kms, operation)(OTHER, *arguments)
        assert kms.list_aliases(people.admin) != before
        asked = [each["resource"] for each in audit()[-2]["decisions"]]
        expected = {"create_alias": [new], "update_alias": [old, new], "delete_alias": [old]}
        assert asked == [ALIAS, *expected[operation]]
    else:
        with pytest.raises(AccessDeniedError):
            getattr(kms, operation)(OTHER, *arguments)
        assert kms.list_aliases(people.admin) == before


@pytest.mark.parametrize("missing", ["old", "new"])
def test_moving_an_alias_takes_permission_on_both_keys(
    open_service: Callable[..., Kms], people: SimpleNamespace, key_policy: Callable[..., str], missing: str
) -> None:
    kms = open_service(bundle=beside_the_admin(_allow("kms:UpdateAlias", ALIAS)))
    may = key_policy({"Principal": {"AWS": people.root}}, {"Principal": {"AWS": OTHER}})
    may_not = key_policy({"Principal": {"AWS": people.root}})
    old = kms.create_key(people.admin, policy=may_not if missing == "old" else may).arn
    new = kms.create_key(people.admin, policy=may_not if missing == "new" else may).arn
    kms.create_alias(people.admin, "alias/orders", old)
    with pytest.raises(AccessDeniedError):
        kms.update_alias(OTHER, "alias/orders", new)
    assert kms.describe_key(people.admin, "alias/orders").arn == old


def test_a_policy_can_ask_by_which_alias_a_key_is_named(
    kms: Kms, people: SimpleNamespace, key_policy: Callable[..., str]
) -> None:
    by_alias = {"StringEquals": {"kms:RequestAlias": "alias/orders"}}
    policy = key_policy(
        {"Principal": {"AWS": people.root}}, {"Principal": {"AWS": people.app}, "Condition": by_alias}
    )
    arn = kms.create_key(people.admin, policy=policy).arn
    for name in ("alias/orders", "alias/other"):
        kms.create_alias(people.admin, name, arn)

    assert kms.encrypt(people.app, "alias/orders", b"x")
    assert kms.encrypt(people.app, f"{PLACE}alias/orders", b"x")
    for name in ("alias/other", arn):
        with pytest.raises(AccessDeniedError):
            kms.encrypt(people.app, name, b"x")


def test_an_identity_policy_can_ask_which_aliases_a_key_has_and_follows_each_change(
    open_service: Callable[..., Kms], people: SimpleNamespace
) -> None:
    statement = (
        '{"Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*", "Condition": '
        '{"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/orders"}}}'
    )
    kms, second = (open_service(bundle=beside_the_admin(statement)) for _ in range(2))
    first, other = (kms.create_key(people.admin).arn for _ in range(2))

    def may(arn: str) -> bool:
        answers = set()
        for service in (kms, second):
            try:
                service.encrypt(OTHER, arn, b"x")
            except AccessDeniedError:
                answers.add("denied")
            else:
                answers.add("allowed")
        (answer,) = answers
        return answer == "allowed"

    assert (may(first), may(other)) == (False, False)
    kms.create_alias(people.admin, "alias/orders", first)
    assert (may(first), may(other)) == (True, False)
    kms.update_alias(people.admin, "alias/orders", other)
    assert (may(first), may(other)) == (False, True)
    kms.delete_alias(people.admin, "alias/orders")
    assert (may(first), may(other)) == (False, False)


def test_another_accounts_alias_works_by_its_arn_and_tells_nothing_where_it_does_not(
    kms: Kms, people: SimpleNamespace, key_arn: str, key_policy: Callable[..., str]
) -> None:
    kms.create_alias(people.admin, "alias/there", key_arn)
    texts = []
    for name in ("alias/there", "alias/missing"):
        with pytest.raises(AccessDeniedError) as refused:
            kms.encrypt(people.stranger, f"{PLACE}{name}", b"x")
        texts.append(refused.value.message.replace(name, "ALIAS"))
    assert texts[0] == texts[1]
    assert key_arn not in texts[0]

    shared = key_policy({"Principal": {"AWS": [people.root, people.stranger]}})
    kms.put_key_policy(people.admin, key_arn, shared)
    assert kms.encrypt(people.stranger, f"{PLACE}alias/there", b"x").key_id == key_arn
    with pytest.raises(NotFoundError):
        kms.encrypt(people.stranger, "alias/there", b"x")


def test_aliases_are_listed_in_pages_by_name(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    other = kms.create_key(people.admin)
    for name in ("alias/c", "alias/a", "alias/b_1"):
        kms.create_alias(people.admin, name, key_arn)
    kms.create_alias(people.admin, "alias/d", other.arn)

    whole = kms.list_aliases(people.admin)
    assert [each.name for each in whole.aliases] == ["alias/a", "alias/b_1", "alias/c", "alias/d"]
    assert whole.aliases[1].arn == f"{PLACE}alias/b_1"
    assert whole.aliases[1].key_id == key_arn.rpartition("/")[2]
    assert not whole.truncated

    page = kms.list_aliases(people.admin, limit=2)
    assert [each.name for each in page.aliases] == ["alias/a", "alias/b_1"]
    kms.create_alias(people.admin, "alias/aa", key_arn)
    kms.create_alias(people.admin, "alias/bb", key_arn)
    kms.delete_alias(people.admin, "alias/b_1")
    page = kms.list_aliases(people.admin, limit=50, marker=page.next_marker)
    assert [each.name for each in page.aliases] == ["alias/bb", "alias/c", "alias/d"]

    of_one = kms.list_aliases(people.admin, key_id=other.key_id)
    assert [each.name for each in of_one.aliases] == ["alias/d"]
    some = kms.list_aliases(people.admin, key_id=key_arn, limit=1)
    assert some.truncated
    with pytest.raises(InvalidMarkerError):
        kms.list_aliases(people.admin, marker=some.next_marker)


def test_the_aliases_of_no_other_accounts_key_are_listed(
    kms: Kms, people: SimpleNamespace, key_arn: str
) -> None:
    kms.create_alias(people.admin, "alias/x", key_arn)
    assert kms.list_aliases(people.stranger).aliases == ()
    for key_id in (key_arn, key_arn.rpartition("/")[2], f"{PLACE}key/00000000-0000-0000-0000-000000000000"):
        with pytest.raises(NotFoundError, match="does not exist"):
            kms.list_aliases(people.stranger, key_id=key_id)


def test_an_alias_says_since_when(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    kms.create_alias(people.admin, "alias/x", key_arn)
    (made,) = kms.list_aliases(people.admin).aliases
    kms.update_alias(people.admin, "alias/x", kms.create_key(people.admin).arn)
    (moved,) = kms.list_aliases(people.admin).aliases
    assert made.creation_date == made.last_updated_date == moved.creation_date < moved.last_updated_date


def test_a_key_has_so_many_aliases_and_no_more(
    open_service: Callable[..., Kms], people: SimpleNamespace
) -> None:
    kms = open_service(quotas=Quotas(aliases_per_key=2))
    full, other = (kms.create_key(people.admin).arn for _ in range(2))
    for name in ("alias/1", "alias/2"):
        kms.create_alias(people.admin, name, full)
    kms.create_alias(people.admin, "alias/3", other)
    for call in (
        lambda: kms.create_alias(people.admin, "alias/4", full),
        lambda: kms.update_alias(people.admin, "alias/3", full),
    ):
        with pytest.raises(LimitExceededError):
            call()
    assert kms.describe_key(people.admin, "alias/3").arn == other
    kms.update_alias(people.admin, "alias/2", full)  # it is there already
    assert len(kms.list_aliases(people.admin).aliases) == 3


def test_a_service_has_no_aliases(kms: Kms, people: SimpleNamespace, key_arn: str) -> None:
    for call in (
        lambda: kms.create_alias(people.service, "alias/x", key_arn),
        lambda: kms.list_aliases(people.service),
        lambda: kms.list_keys(people.service),
        lambda: kms.encrypt(people.service, "alias/x", b"x"),
    ):
        with pytest.raises(ValidationError, match="no account"):
            call()


def test_a_call_by_an_alias_runs_on_the_key_that_the_alias_stands_for_when_it_is_decided(
    kms: Kms, people: SimpleNamespace, key_arn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The alias is moved after it was looked up and before its key's lock is taken."""
    other = kms.create_key(people.admin).arn
    kms.create_alias(people.admin, "alias/orders", key_arn)
    hold = KeyHolding.hold
    moved = threading.Event()

    def held(self: object, call: object, arn: str) -> object:
        if call.operation.value == "Encrypt" and not moved.is_set():
            moved.set()
            kms.update_alias(people.admin, "alias/orders", other)
        return hold(self, call, arn)

    monkeypatch.setattr(KeyHolding, "hold", held)
    assert kms.encrypt(people.admin, "alias/orders", b"x").key_id == other
    assert moved.is_set()


@pytest.mark.parametrize("operation", ["encrypt", "delete_alias"])
def test_an_alias_that_never_stands_still_ends_the_call(
    kms: Kms, people: SimpleNamespace, key_arn: str, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    other = kms.create_key(people.admin).arn
    kms.create_alias(people.admin, "alias/orders", key_arn)
    hold = KeyHolding.hold

    def held(self: object, call: object, arn: str) -> object:
        if call.operation.value in {"Encrypt", "DeleteAlias"}:
            kms.update_alias(people.admin, "alias/orders", other if arn == key_arn else key_arn)
        return hold(self, call, arn)

    monkeypatch.setattr(KeyHolding, "hold", held)
    arguments = (b"x",) if operation == "encrypt" else ()
    with pytest.raises(DependencyTimeoutError, match="moved"):
        getattr(kms, operation)(people.admin, "alias/orders", *arguments)
