"""Grants against a simple model: made, made again, used, listed, retired and revoked in any order, keys going.

The key policies delegate to the account, where only its root has a say; so whatever a role may do a grant says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from kms_core.errors import (
    AccessDeniedError,
    InvalidCiphertextError,
    InvalidGrantTokenError,
    KmsError,
    LimitExceededError,
    NotFoundError,
)
from kms_core.model.quotas import Quotas
from policy_engine import GrantConstraints
from tests.kms_core.model_based.two_services import KEY, ROOT, TwoServices, run

if TYPE_CHECKING:
    import pytest

    from kms_core.hsm import Hsm

APP = "arn:aws:iam::111122223333:role/app"
BOB = "arn:aws:iam::111122223333:role/bob"
ROLE = st.sampled_from([APP, BOB])
ANYBODY = st.sampled_from([APP, BOB, ROOT])
NAME = st.sampled_from([None, "a", "b"])
OPERATIONS = st.sampled_from(
    [
        ("Encrypt",),
        ("Decrypt",),
        ("Decrypt", "Encrypt"),
        ("Encrypt", "Decrypt", "RetireGrant"),
        ("CreateGrant", "Encrypt", "Decrypt"),
        ("CreateGrant", "RetireGrant", "Decrypt", "Encrypt"),
    ]
)
ACME, MORE = {"tenant": "acme"}, {"tenant": "acme", "job": "7"}
CONSTRAINT = st.sampled_from([None, ("equals", ACME), ("subset", ACME), ("subset", MORE)])
CONTEXT = st.sampled_from([{}, ACME, MORE, {"tenant": "other"}, {"Tenant": "acme"}])
FITTING = st.one_of(st.none(), CONTEXT)
MOST_KEYS = 3
GRANT = st.integers(0, 9)
"""One of the grants that were made; it may have ended."""

Constraint = tuple[str, dict[str, str]] | None


@dataclass(frozen=True)
class ModelGrant:
    """What CreateGrant was asked for; `key` is an ARN."""

    key: str
    grantee: str
    operations: tuple[str, ...]
    constraint: Constraint
    name: str | None
    retiree: str | None

    def covers(self, encryption_context: dict[str, str]) -> bool:
        """Whether the constraint holds; of an encryption context's names it ignores case."""
        if self.constraint is None:
            return True
        kind, wanted = self.constraint
        given = {name.lower(): value for name, value in encryption_context.items()}
        return given == wanted if kind == "equals" else given.items() >= wanted.items()

    def may_give(self, other: ModelGrant) -> bool:
        """Whether the grantee may make that grant by this one."""
        if "CreateGrant" not in self.operations or not set(other.operations) <= set(self.operations):
            return False
        if self.constraint is None:
            return True
        if other.constraint is None:
            return False
        (mine, wanted), (theirs, given) = self.constraint, other.constraint
        return (mine, theirs) != ("equals", "subset") and (
            given == wanted if mine == "equals" else given.items() >= wanted.items()
        )


ASKED = st.builds(
    ModelGrant,
    key=st.just(""),
    grantee=ROLE,
    operations=OPERATIONS,
    constraint=CONSTRAINT,
    name=NAME,
    retiree=st.one_of(st.none(), ROLE),
)
"""A grant that is to be made on some key."""


class Grants(TwoServices):
    """The machine."""

    quotas = Quotas(grants_per_key=4)

    def __init__(self) -> None:
        super().__init__()
        self.grants: dict[str, ModelGrant] = {}
        self.listed: list[str] = []
        self.ever: list[tuple[str, str]] = []
        self.tokens: list[tuple[str, str]] = []
        self.sealed: dict[str, bytes] = {}

    def _gone(self, arn: str) -> None:
        self.grants = {each: grant for each, grant in self.grants.items() if grant.key != arn}

    def _of(self, arn: str, grantee: str) -> list[ModelGrant]:
        return [grant for grant in self.grants.values() if (grant.key, grant.grantee) == (arn, grantee)]

    @initialize(grants=st.lists(ASKED, min_size=3, max_size=3))
    def two_keys(self, grants: list[ModelGrant]) -> None:
        for _ in range(2):
            self.create()
        for number, grant in enumerate(grants):
            self._create_grant(ROOT, replace(grant, key=self._key(number)))

    @precondition(lambda self: len(self.made) < MOST_KEYS)
    @rule()
    def create(self) -> None:
        arn = self._create({})
        self.sealed[arn] = self._call(None, "encrypt", arn, b"of this key", ACME).ciphertext_blob

    # -- grants come and go ----------------------------------------------------------------------------------

    @rule(number=KEY, asked=ASKED)
    def create_grant(self, number: int, asked: ModelGrant) -> None:
        self._create_grant(ROOT, replace(asked, key=self._key(number)))

    @rule(which=GRANT, asked=ASKED, kept=st.sets(st.sampled_from(["operations", "constraint"])))
    def hand_on(self, which: int, asked: ModelGrant, kept: set[str]) -> None:
        """Whoever has a grant tries to make one like it."""
        arn, grant_id = self._ever(which)
        mine = self.grants.get(grant_id, asked)
        given = {name: getattr(mine, name) for name in kept}
        self._create_grant(mine.grantee, replace(asked, key=arn, **given))

    @rule(which=GRANT, by=ANYBODY)
    def create_one_like_it(self, which: int, by: str) -> None:
        """The same call as before: a named grant is not made again."""
        grant = self.grants.get(self._ever(which)[1])
        if grant is not None:
            self._create_grant(by, grant)

    def _create_grant(self, by: str, grant: ModelGrant) -> None:
        same = [each for each, there in self.grants.items() if there == grant and grant.name is not None]
        error = self._denied(grant.key, by, any(each.may_give(grant) for each in self._of(grant.key, by)))
        error = error or self._refusal(grant.key, "Disabled", "PendingDeletion")
        if error is None and not same and self._count(grant.key) >= self.quotas.grants_per_key:
            error = LimitExceededError
        made = self._call(
            error,
            "create_grant",
            grant.key,
            grant.grantee,
            grant.operations,
            by=by,
            constraints=_constraints(grant.constraint),
            name=grant.name,
            retiring_principal=grant.retiree,
        )
        if error is None:
            assert same in ([], [made.grant_id])
            assert made.grant_token not in {token for token, _ in self.tokens}
            self.grants[made.grant_id] = grant
            self.tokens.append((made.grant_token, made.grant_id))
            if not same:
                self.ever.append((grant.key, made.grant_id))

    @rule(which=GRANT, by=ANYBODY)
    def retire_by_token(self, which: int, by: str) -> None:
        token, grant = self._token(which)
        error = self._may_not_retire(grant, by) if grant in self.grants else InvalidGrantTokenError
        self._call(error, "retire_grant", by=by, grant_token=token)
        if error is None:
            del self.grants[grant]

    @rule(which=GRANT, by=ANYBODY)
    def retire_by_id(self, which: int, by: str) -> None:
        arn, grant = self._ever(which)
        error = self._may_not_retire(grant, by) if grant in self.grants else NotFoundError
        self._call(error, "retire_grant", by=by, key_id=arn, grant_id=grant)
        if error is None:
            del self.grants[grant]

    @rule(which=GRANT, number=KEY, by=ANYBODY)
    def ends_on_no_other_key(self, which: int, number: int, by: str) -> None:
        arn, grant = self._key(number), self._ever(which)[1]
        if grant in self.grants and self.grants[grant].key == arn:
            return
        self._call(NotFoundError, "retire_grant", by=by, key_id=arn, grant_id=grant)
        self._call(NotFoundError, "revoke_grant", arn, grant)

    @rule(which=GRANT, by=ANYBODY)
    def revoke(self, which: int, by: str) -> None:
        arn, grant = self._ever(which)
        error = self._denied(arn, by) or (None if grant in self.grants else NotFoundError)
        self._call(error, "revoke_grant", arn, grant, by=by)
        if error is None:
            del self.grants[grant]

    # -- use -------------------------------------------------------------------------------------------------

    @rule(number=KEY, by=ROLE, encryption_context=CONTEXT)
    def encrypt(self, number: int, by: str, encryption_context: dict[str, str]) -> None:
        self._encrypt(self._key(number), by, encryption_context)

    @rule(number=KEY, by=ROLE, encryption_context=CONTEXT, named=st.booleans())
    def decrypt(self, *, number: int, by: str, encryption_context: dict[str, str], named: bool) -> None:
        self._decrypt(self._key(number), by, encryption_context, named=named)

    @rule(which=GRANT, pairs=FITTING, by_token=st.booleans())
    def encrypt_by_a_grant(self, *, which: int, pairs: dict[str, str] | None, by_token: bool) -> None:
        token, grant_id = self._token(which)
        arn = next(arn for arn, each in self.ever if each == grant_id)
        by, pairs = self._fitting(grant_id, pairs)
        first = InvalidGrantTokenError if by_token and grant_id not in self.grants else None
        self._encrypt(arn, by, pairs, first, grant_tokens=[token] if by_token else [])

    @rule(which=GRANT, pairs=FITTING)
    def decrypt_by_a_grant(self, which: int, pairs: dict[str, str] | None) -> None:
        arn, grant_id = self._ever(which)
        self._decrypt(arn, *self._fitting(grant_id, pairs), named=True)

    def _fitting(self, grant_id: str, pairs: dict[str, str] | None) -> tuple[str, dict[str, str]]:
        """Who may use a grant, and with what encryption context, where none is given."""
        grant = self.grants.get(grant_id)
        wanted = grant.constraint[1] if grant and grant.constraint else ACME
        return grant.grantee if grant else APP, wanted if pairs is None else pairs

    def _encrypt(
        self, arn: str, by: str, pairs: dict[str, str], first: type[KmsError] | None = None, **more: object
    ) -> None:
        error = first or self._use(arn, by, "Encrypt", pairs)
        answer = self._call(error, "encrypt", arn, b"x", pairs, by=by, **more)
        if answer is not None:
            assert self._call(None, "decrypt", answer.ciphertext_blob, pairs).plaintext == b"x"

    def _decrypt(self, arn: str, by: str, pairs: dict[str, str], *, named: bool) -> None:
        error = self._use(arn, by, "Decrypt", pairs)
        if error is None and pairs != ACME:
            error = InvalidCiphertextError
        if error is NotFoundError and not named:
            error = AccessDeniedError  # whose key it was is not known any more
        key_id = arn if named else None
        answer = self._call(error, "decrypt", self.sealed[arn], pairs, key_id=key_id, by=by)
        assert answer is None or answer.plaintext == b"of this key"

    # -- what the model says ---------------------------------------------------------------------------------

    def _denied(self, arn: str, by: str, granted: bool = False) -> type[KmsError] | None:  # noqa: FBT002 - said at each call
        if arn not in self.model:
            return NotFoundError
        return None if by == ROOT or granted else AccessDeniedError

    def _use(self, arn: str, by: str, operation: str, pairs: dict[str, str]) -> type[KmsError] | None:
        granted = any(operation in each.operations and each.covers(pairs) for each in self._of(arn, by))
        return self._denied(arn, by, granted) or self._refusal(arn, "Disabled", "PendingDeletion")

    def _may_not_retire(self, grant_id: str, by: str) -> type[KmsError] | None:
        grant = self.grants[grant_id]
        by_grantee = by == grant.grantee and "RetireGrant" in grant.operations
        return self._denied(grant.key, by, by_grantee or by == grant.retiree)

    def _count(self, arn: str) -> int:
        return sum(grant.key == arn for grant in self.grants.values())

    def _ever(self, which: int) -> tuple[str, str]:
        """A grant that was made, by its key and id: one of the newest ones rather than of the others."""
        return self.ever[-1 - which % len(self.ever)]

    def _token(self, which: int) -> tuple[str, str]:
        return self.tokens[-1 - which % len(self.tokens)]

    @invariant()
    def grants_are_listed_as_they_were_made(self) -> None:
        if self.listed == [*self.grants]:
            return  # nothing was made or ended since the last look
        self.listed = [*self.grants]
        kms = next(self.turn)
        for arn in self.model:
            listed = [each.grant for each in self._all(kms.list_grants, "grants", arn, limit=2)]
            wanted = [(grant_id, each) for grant_id, each in self.grants.items() if each.key == arn]
            assert [each.grant_id for each in listed] == [grant_id for grant_id, _ in wanted]
            for found, (_, asked) in zip(listed, wanted, strict=True):
                constraints = _constraints(asked.constraint) or GrantConstraints()
                assert (found.grantee_principal, found.operations, found.constraints) == (
                    asked.grantee,
                    asked.operations,
                    constraints,
                )
                assert (found.name, found.retiring_principal) == (asked.name, asked.retiree)

    @rule(number=KEY, grantee=ROLE)
    def list_grants_to(self, number: int, grantee: str) -> None:
        arn = self._key(number)
        page = self._call(self._denied(arn, ROOT), "list_grants", arn, grantee_principal=grantee)
        found = [each.grant.grant_id for each in page.grants] if page else []
        assert found == [
            each for each, grant in self.grants.items() if (grant.key, grant.grantee) == (arn, grantee)
        ]

    @rule(retiree=ROLE)
    def list_retirable(self, retiree: str) -> None:
        found = self._all(next(self.turn).list_retirable_grants, "grants", retiree, limit=2)
        assert [(each.key_id, each.grant.grant_id) for each in found] == [
            (grant.key, each) for each, grant in self.grants.items() if grant.retiree == retiree
        ]
        self._call(AccessDeniedError, "list_retirable_grants", retiree, by=retiree)


def _constraints(constraint: Constraint) -> GrantConstraints | None:
    if constraint is None:
        return None
    kind, pairs = constraint
    return GrantConstraints(**{f"encryption_context_{kind}": pairs})


def test_grants(hsm: Hsm, monkeypatch: pytest.MonkeyPatch) -> None:
    run(Grants, hsm, monkeypatch, examples=30)
