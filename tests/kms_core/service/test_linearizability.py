"""Once a change has returned no call runs under the old rules: within one service, and a change waits for calls.

Between processes, with changes of all kinds: `tests.kms_core.concurrency`, whose checker looks at the history here
too.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from kms_core.errors import AccessDeniedError
from tests.kms_core.concurrency.history import DONE, Event, wrong_answers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kms_core.service import Kms


ROOT = "arn:aws:iam::111122223333:root"
APP = "arn:aws:iam::111122223333:role/app"


def _rule(event: Event, values: Mapping[str, object]) -> str:
    return DONE if event.fact or values["access"] else AccessDeniedError.code


@pytest.mark.parametrize("change", ["put_key_policy", "create_grant", "revoke_grant"])
def test_a_change_waits_for_the_calls_of_another_process(
    open_service: Callable[..., Kms],
    key_policy: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    change: str,
) -> None:
    """Two services on one database share nothing but its files, as two processes do."""
    one, other = open_service(), open_service()
    key_arn = one.create_key(ROOT).arn
    made = one.create_grant(ROOT, key_arn, APP, ["GenerateDataKey"])
    inside, go_on, order = threading.Event(), threading.Event(), []
    arguments = {
        "put_key_policy": (key_policy({"Principal": {"AWS": ROOT}}),),
        "create_grant": (APP, ["Decrypt"]),
        "revoke_grant": (made.grant_id,),
    }[change]
    seal = type(one._core.material).encrypt

    def slowly(*given: object) -> object:
        inside.set()
        assert go_on.wait(10)
        order.append("used")
        return seal(*given)

    monkeypatch.setattr(type(one._core.material), "encrypt", slowly)

    def alter() -> None:
        getattr(other, change)(ROOT, key_arn, *arguments)
        order.append("changed")

    user = threading.Thread(target=lambda: one.generate_data_key(APP, key_arn, key_spec="AES_256"))
    user.start()
    assert inside.wait(10)
    changer = threading.Thread(target=alter)
    changer.start()
    changer.join(0.2)
    assert order == []
    go_on.set()
    user.join(10)
    changer.join(10)
    assert order == ["used", "changed"]


def test_a_change_holds_for_all_threads_when_it_returns(kms: Kms, key_policy: Callable[..., str]) -> None:
    key_arn = kms.create_key(ROOT).arn
    end, uses, changes = time.monotonic() + 1.5, [], []

    def use() -> None:
        while time.monotonic() < end:
            began = time.monotonic()
            try:
                kms.generate_data_key(APP, key_arn, key_spec="AES_256")
                allowed = True
            except AccessDeniedError:
                allowed = False
            answer = DONE if allowed else AccessDeniedError.code
            uses.append(Event("use", began, time.monotonic(), answer, depends=("access",)))

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    rule = {"Principal": {"AWS": ROOT}}
    policies = {"allow": key_policy(rule, {"Principal": {"AWS": APP}}), "forbid": key_policy(rule)}
    while time.monotonic() < end:
        for what, policy in policies.items():
            began = time.monotonic()
            kms.put_key_policy(ROOT, key_arn, policy)
            changes.append(Event(what, began, time.monotonic(), fact="access", value=what == "allow"))
            time.sleep(0.02)
    for thread in threads:
        thread.join()
    assert wrong_answers([*uses, *changes], {"access": False}, _rule) == []
    assert {use.answer for use in uses} == {DONE, AccessDeniedError.code}
    assert len(changes) > 6
