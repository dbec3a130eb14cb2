"""TESTS → CHECKS: how generated code puts a test to the context.

Most tests ask about one value, and what fits can be listed: such a check compares, or looks into a set. Any
other test on one key is a look-up among the answers that it gave before. The rest read the whole context.

    EQUALS          the value is the one that fits
    FITS            the value is one of those that fit; absence (None) may be among them
    DIFFERS         it is not the one that fits not, nor many values: these never pass a single-valued
    FITS_NOT        operator, be it negated (rule 93)
    PAIR_...        the same for pairs of the encryption context: names that differ only in case are one key
                    with the values of all (rule 101), and then the test itself answers
    ANSWERS         the answer that the test gave for this value
    HOLDS           the test itself, over the context
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from policy_engine.catalog.condition_keys import ENCRYPTION_CONTEXT
from policy_engine.conditions.encryption_context import DERIVED_KEYS, EncryptionContextTest
from policy_engine.conditions.test import ContextTest

if TYPE_CHECKING:
    from policy_engine.graph.tests import Test


class Form(Enum):
    """The code of a check: `v` is the value that is looked at, `k` the constant, `h` the test itself."""

    EQUALS = "{v} == {k}"
    FITS = "{v} in {k}"
    DIFFERS = "({v} != {k} and type({again}) is not tuple)"
    FITS_NOT = "({v} not in {k} and type({again}) is not tuple)"
    PAIR_EQUALS = "({v} == {k} or type({again}) is tuple and {h}(c))"
    PAIR_FITS = "({v} in {k} or type({again}) is tuple and {h}(c))"
    PAIR_DIFFERS = "({v} != {k} and (type({again}) is not tuple or {h}(c)))"
    PAIR_FITS_NOT = "({v} not in {k} and (type({again}) is not tuple or {h}(c)))"
    ANSWERS = "{k}[{v}]"
    HOLDS = "{h}(c)"


# by whether the key is a pair, the operator is negated, and more than one value fits
_LISTED = {
    (False, False, False): Form.EQUALS,
    (False, False, True): Form.FITS,
    (False, True, False): Form.DIFFERS,
    (False, True, True): Form.FITS_NOT,
    (True, False, False): Form.PAIR_EQUALS,
    (True, False, True): Form.PAIR_FITS,
    (True, True, False): Form.PAIR_DIFFERS,
    (True, True, True): Form.PAIR_FITS_NOT,
}


@dataclass(frozen=True, slots=True)
class Check:
    """One look at the context.

    Attributes:
        form: what is looked at, and how.
        key: the condition key; empty where the test looks for itself.
        constant: what the value is compared with.
        test: whose check this is.
    """

    form: Form
    key: str
    constant: object
    test: Test


@dataclass(frozen=True, slots=True, eq=False)
class SlotTest:
    """A test whose values are still to be filled in (graph/shapes). `holds` stands for the test itself."""

    checks: tuple[Check, ...] = ()
    holds: Any = None
    key: str = ""
    keys: tuple[str, ...] = ()
    is_opaque: bool = False
    identity: tuple[object, ...] = ()


def reads_as_spelt(test: Test) -> bool:
    """Whether a test can be put to a context as its caller spells it: it reads single keys that are given."""
    return all(check.key and check.key not in DERIVED_KEYS for check in checks_of(test))


def checks_of(test: Test) -> tuple[Check, ...]:
    """The checks that all hold where the test does."""
    if isinstance(test, ContextTest):
        return (_context_check(test),)
    if isinstance(test, SlotTest):
        return test.checks
    if isinstance(test, EncryptionContextTest) and test.folded_pairs is not None:
        return tuple(Check(Form.PAIR_EQUALS, key, value, test) for key, value in test.folded_pairs)
    return (Check(Form.HOLDS, "", None, test),)


def _context_check(test: ContextTest) -> Check:
    texts = test.texts
    if texts is not None:
        form = _LISTED[test.key.startswith(ENCRYPTION_CONTEXT), test.negated, len(texts) > 1]
        return Check(form, test.key, texts if len(texts) > 1 else next(iter(texts)), test)
    if test.answers is not None:
        return Check(Form.ANSWERS, test.key, test.answers, test)
    return Check(Form.HOLDS, "", None, test)
