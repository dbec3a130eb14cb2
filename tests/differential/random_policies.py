"""Random policies around a request: some statements made for it, others at random, in every layer."""

from typing import Any

from tests.differential import vocabulary as words
from tests.differential.dice import Dice
from tests.differential.random_conditions import condition
from tests.differential.random_grants import GrantMaker
from tests.differential.random_requests import Request, name_of
from tests.reference.plain_data import Json
from tests.reference.principals import caller_of

Policies = dict[str, Any]
Statement = dict[str, Any]
WITHOUT_IDENTITY = ("root", "service", "anonymous")
SESSIONS = ("assumed-role", "federated-user")
OF_RESOURCES = ("key", "rcp", "endpoint")
VERSIONS = ("2012-10-17", "2012-10-17", "2012-10-17", "2008-10-17", None)


class PolicyMaker:
    """Makes the `policies` of a scenario case."""

    def __init__(self, dice: Dice, request: Request) -> None:
        self.dice = dice
        self.request = request
        caller = caller_of(request["principal"])
        self.kind = caller.kind
        unknown_role = caller.kind == "assumed-role" and caller.role_arn is None
        self.about = ("aws:PrincipalArn",) if unknown_role else ()

    def policies(self) -> Policies:
        """The policies of every layer, each there or not."""
        dice = self.dice
        own_policy = self.request["resource"] in (words.KEY, words.QUEUE, words.BUCKET) and dice.often(0.93)
        policies: Policies = {"key": self.policy("key", 3)} if own_policy else {}
        if self.kind not in WITHOUT_IDENTITY:  # these can have no identity policies
            policies["identity"] = [self.policy("identity", 2) for _ in range(dice.up_to(0, 2))]
            policies["permissions_boundary"] = self.policy("boundary", 2) if dice.often(0.15) else None
        if self.kind in SESSIONS and dice.often(0.3):
            policies["session"] = self.policy("session", 2)
        for name, layer in (("scps", "scp"), ("rcps", "rcp")):
            if dice.often(0.2):
                policies[name] = [self._level(layer) for _ in range(dice.up_to(1, 3))]
            elif dice.often(0.1):
                policies[name] = dice.one((None, []))
        if dice.often(0.15):
            policies["vpc_endpoint"] = self.policy("endpoint", 2)
        if dice.often(0.5) and self.request["resource"] == words.KEY:
            maker = GrantMaker(dice, name_of(self.request))
            policies["grants"] = [maker.grant(number) for number in range(1, dice.up_to(2, 4))]
        return policies

    def _level(self, layer: str) -> list[Policies]:
        if self.dice.often(0.04):
            return []
        return [self.policy(layer, 1) for _ in range(self.dice.up_to(1, 2))]

    def policy(self, layer: str, most: int) -> Policies:
        """A policy document."""
        dice = self.dice
        statements = [self.statement(layer) for _ in range(dice.up_to(0, most))]
        if dice.often(0.6 if layer in ("key", "identity") else 0.8):
            statements.append(self.fitting(layer))
        if dice.often(0.06):
            statements.append(self.fitting(layer) | {"Effect": "Deny"})
        dice.rng.shuffle(statements)
        version = dice.one(VERSIONS)
        lone = len(statements) == 1 and dice.often(0.1)
        body: Policies = {"Statement": statements[0] if lone else statements}
        return {"Version": version, **body} if version else body

    def fitting(self, layer: str) -> Statement:
        """A statement that is likely to allow this very request."""
        dice = self.dice
        service = self.request["action"].split(":")[0]
        statement: Statement = {
            "Effect": "Allow",
            "Action": dice.one(["*", f"{service}:*", self.request["action"]]),
        }
        statement["Resource"] = dice.one(["*", "*", self.request["resource"]])
        if layer in OF_RESOURCES:
            statement["Principal"] = "*" if layer != "key" else self._the_caller()
        if dice.often(0.3):
            statement["Condition"] = condition(dice, self.about)
        return statement

    def _the_caller(self) -> Json:
        name = name_of(self.request)
        if not name.startswith("arn:"):
            return {"Service": name} if name else "*"
        account = name.split(":")[4]
        root = f"arn:aws:iam::{account}:root"
        return {"AWS": self.dice.one([name, account, root, root])}

    def statement(self, layer: str) -> Statement:
        """Any statement."""
        dice = self.dice
        effect = "Deny" if dice.often(0.9 if layer == "rcp" else 0.25) else "Allow"
        statement: Statement = {"Effect": effect}
        if layer in OF_RESOURCES:
            statement |= self._principal_of(effect, layer)
        statement |= self._listed("Action", words.ACTION_PATTERNS, 0.12)
        variables = words.VARIABLE_RESOURCES if dice.often(0.3) else ()
        statement |= self._listed("Resource", (*words.RESOURCE_PATTERNS, *variables, *variables), 0.12)
        for element in ("Action", "Resource"):
            if layer == "key" and dice.often(0.02):
                statement.pop(element, None)
        if dice.often(0.75 if effect == "Deny" else 0.55):
            statement["Condition"] = condition(dice, self.about)
        return statement

    def _listed(self, element: str, options: tuple[str, ...], negated: float) -> Statement:
        """Action or Resource, or their Not: a list, perhaps empty, or one pattern."""
        dice = self.dice
        patterns = [] if dice.often(0.02) else dice.some(options, 2)
        name = f"Not{element}" if dice.often(negated) else element
        return {name: patterns if len(patterns) != 1 or dice.often(0.5) else patterns[0]}

    def _principal_of(self, effect: str, layer: str) -> Statement:
        dice = self.dice
        if layer == "endpoint" and dice.often(0.05):
            return {}
        negated = dice.often(0.2 if effect == "Deny" else 0.04)
        return {"NotPrincipal" if negated else "Principal": self._principal_element(everyone=not negated)}

    def _principal_element(self, *, everyone: bool) -> Json:
        dice = self.dice
        if dice.often(0.04):
            return dice.one(({}, {"AWS": []}, {"AWS": [], "Service": []}))
        if dice.often(0.25 if everyone else 0.05):
            return dice.one(["*", {"AWS": "*"}, {"AWS": ["*"]}])
        account = dice.one((words.OWNER, words.OWNER, words.PARTNER))
        named = dice.some([*words.principals_of(account), dice.one(words.UNIQUE_IDS)], 3)
        element: dict[str, Any] = {"AWS": named if dice.often(0.8) else named[0]}
        if dice.often(0.15):
            element["Service"] = dice.one([words.TRAIL_SERVICE, [words.STORE_SERVICE]])
        if dice.often(0.1):
            element["Federated"] = dice.one([words.PROVIDERS[0], list(words.PROVIDERS)])
        if dice.often(0.03):
            element["CanonicalUser"] = "79a59df900b949e55d96a1e698fbaced"
        return (
            element if dice.often(0.9) else {name: value for name, value in element.items() if name != "AWS"}
        )

    def spoil(self, policies: Policies) -> None:
        """Put something that must be refused into the key policy or an identity policy."""
        documents = [policies.get("key"), *policies.get("identity", [])]
        document = self.dice.one(documents)
        statements = document["Statement"] if document else []
        for statement in statements if isinstance(statements, list) else [statements]:
            if self.dice.often(0.5):
                statement.update(self.dice.one(words.REFUSED))
                return
