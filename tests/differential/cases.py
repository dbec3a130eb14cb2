"""Random scenario cases: a caller, what it asks, and policies of every layer around it.

Each is a case as a scenario file holds it, without an expectation. Explicit denies are rare and ceilings mostly
allow, so that all three outcomes come about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.differential import vocabulary as v
from tests.differential.policies import condition_keys, one_in, policies, values_of

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

Case = dict[str, Any]


@st.composite
def cases(draw: DrawFn) -> Case:
    """A case with a request, the key's record and policies."""
    caller = dict(draw(st.sampled_from(v.CALLERS[:7] * 4 + v.CALLERS[7:])))
    if caller["kind"] not in {"anonymous", "service"} and draw(one_in(3)):
        caller["tags"] = draw(st.sampled_from([{"team": "acme"}, {"Team": "Acme"}, {}]))
    names = [name for name in (caller["arn"], caller.get("role_arn")) if name and name.startswith("arn:")]
    if names:
        account = names[0].split(":")[4]
        names += [account, f"arn:aws:iam::{account}:root"]
    return {
        "name": "random",
        "request": draw(_requests(caller)),
        "key": draw(_records()),
        "policies": draw(_policies(caller, names)),
        "options": draw(_options()),
    }


@st.composite
def _requests(draw: DrawFn, caller: dict[str, Any]) -> dict[str, Any]:
    where = draw(st.sampled_from(["key"] * 8 + ["none", "alias"]))
    actions, resource = {
        "key": (v.ACTIONS_ON_KEY[:1] * 4 + v.ACTIONS_ON_KEY, v.KEY),
        "none": (v.ACTIONS_WITHOUT_KEY, "*"),
        "alias": (v.ACTIONS_ON_ALIAS, v.ALIAS),
    }[where]
    return {
        "principal": caller,
        "action": draw(st.sampled_from(actions)),
        "resource": resource,
        "context": draw(_contexts()),
        "grant_tokens": draw(st.sampled_from([[], [], ["token-1"], ["token-2", "token-1"]])),
    }


@st.composite
def _contexts(draw: DrawFn) -> dict[str, Any]:
    context = {key: draw(_values(key)) for key in draw(st.lists(condition_keys(), max_size=5, unique=True))}
    if draw(one_in(3)):
        context["kms:EncryptionContext:tenant"] = "acme"
    return context


@st.composite
def _values(draw: DrawFn, key: str) -> Any:
    """A value as a request carries it: text mostly, else a list, and now and then an empty one."""
    plain = st.sampled_from(values_of(key)[:4])
    if key.startswith("kms:EncryptionContext:") or not draw(one_in(8)):
        return draw(plain)
    return draw(st.lists(plain, max_size=2, unique_by=str))


@st.composite
def _records(draw: DrawFn) -> dict[str, Any]:
    record: dict[str, Any] = {
        "KeySpec": draw(st.sampled_from(["SYMMETRIC_DEFAULT", "RSA_2048"])),
        "KeyUsage": "ENCRYPT_DECRYPT",
        "Origin": draw(st.sampled_from(["AWS_KMS", "EXTERNAL"])),
        "MultiRegion": draw(st.booleans()),
        "Aliases": draw(st.sampled_from([[], ["alias/orders"], ["alias/orders", "alias/app"]])),
        "Tags": draw(st.sampled_from([{}, {"team": "acme"}, {"Team": "other"}])),
        "AwsManaged": draw(one_in(10)),
    }
    kept = draw(st.lists(st.sampled_from(list(record)), unique=True))
    return {field: record[field] for field in record if field in kept}


@st.composite
def _policies(draw: DrawFn, caller: dict[str, Any], names: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"key": draw(policies("key", names))}
    if caller["kind"] not in v.WITHOUT_OWN_POLICIES:
        found["identity"] = draw(st.lists(policies("identity", []), max_size=2))
        for name, kind in (("permissions_boundary", "boundary"), ("session", "session")):
            if draw(one_in(4)) and _may_have(kind, caller):
                found[name] = draw(policies(kind, [], full_access=draw(st.booleans())))
    if draw(one_in(4)):
        found["scps"] = draw(_levels("scp"))
    if draw(one_in(4)):
        found["rcps"] = draw(_levels("rcp"))
    if draw(one_in(6)):
        found["vpc_endpoint"] = draw(policies("endpoint", names, full_access=draw(st.booleans())))
    grants = draw(st.lists(_grants(names), max_size=3))
    found["grants"] = [{"GrantId": f"g-{index}", **grant} for index, grant in enumerate(grants)]
    return found


def _may_have(kind: str, caller: dict[str, Any]) -> bool:
    """Sessions have session policies; a service-linked role has no boundary."""
    if kind == "session":
        return caller["kind"] in {"assumed-role", "federated-user"}
    return not caller.get("service_linked")


@st.composite
def _levels(draw: DrawFn, kind: str) -> list[Any]:
    documents = st.lists(
        st.booleans().flatmap(lambda full: policies(kind, [], full_access=full or kind == "rcp")),
        min_size=1,
        max_size=2,
    )
    full = policies(kind, [], full_access=True).map(lambda document: [document])
    levels: list[Any] = draw(st.lists(st.one_of(full, full, documents), max_size=2))
    if kind == "scp" and draw(one_in(12)):
        levels.append([])
    return levels


@st.composite
def _grants(draw: DrawFn, names: list[str]) -> dict[str, Any]:
    grant: dict[str, Any] = {
        "GranteePrincipal": draw(st.sampled_from(names * 6 + v.AWS_PRINCIPALS[4:15] + v.SERVICES)),
        "Operations": draw(
            st.lists(st.sampled_from(v.GRANT_OPERATIONS), min_size=1, max_size=3, unique=True)
        ),
    }
    if draw(one_in(2)):
        grant["Constraints"] = draw(_constraints())
    if draw(one_in(5)):
        grant.update(Pending=True, GrantToken=draw(st.sampled_from(["token-1", "token-3"])))
    return grant


@st.composite
def _constraints(draw: DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["EncryptionContextSubset", "EncryptionContextEquals"]))
    constraints: dict[str, Any] = {kind: draw(st.sampled_from(v.ENCRYPTION_CONTEXTS))}
    if draw(one_in(8)):
        constraints["SourceArn"] = v.BUCKET
    return constraints


@st.composite
def _options(draw: DrawFn) -> dict[str, bool]:
    if not draw(one_in(5)):
        return {}
    name = draw(st.sampled_from(["caps_limit_grants", "grant_context_names_ignore_case"]))
    return {name: draw(st.booleans())}
