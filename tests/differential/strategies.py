"""Random scenario cases: a plain seeded generator, and the same one as a Hypothesis strategy.

Not uniform: a case is first given a reason to be allowed (a statement or grant made for its caller), then policies at
random around it, so that allowed, implicit and explicit denials all come up often.
"""

import random
from typing import Any

from hypothesis import strategies as st

from tests.differential import vocabulary as words
from tests.reference.plain_data import Json
from tests.reference.principals import caller_of

Case = dict[str, Any]


def cases(supported: str = "skeleton") -> st.SearchStrategy[Case]:
    """The generator's cases, by seed: the same vocabulary and the same odds."""
    return st.integers(min_value=0, max_value=2**48).map(
        lambda seed: random_case(random.Random(seed), supported)
    )


def random_case(rng: random.Random, supported: str = "skeleton") -> Case:
    """One scenario case without `name` and `expect`; the same for the same state of `rng`."""
    return _Generator(rng, supported).case()


class _Generator:
    def __init__(self, rng: random.Random, supported: str) -> None:
        self.rng = rng
        self.all = supported == "all"
        self.context_words = {**words.CONTEXT, **(words.CONTEXT_OF_ALL if self.all else {})}
        self.asked_words = {**words.ASKED, **(words.ASKED_OF_ALL if self.all else {})}
        self.request: Case = {}

    def often(self, odds: float) -> bool:
        return self.rng.random() < odds

    def some(self, options: Json, most: int) -> list[Any]:
        return [self.rng.choice(options) for _ in range(self.rng.randint(1, most))]

    # --- the request

    def case(self) -> Case:
        self.request = self.make_request()
        case: Case = {"request": self.request, "policies": self.policies()}
        if self.often(0.03):
            self.spoil(case["policies"])
        if self.often(0.5):
            case["key"] = self.key_record()
        if self.often(0.1):
            option = self.rng.choice(["caps_limit_grants", "grant_context_names_ignore_case"])
            case["options"] = {option: self.often(0.5)}
        return case

    def make_request(self) -> Case:
        subject = self.rng.choices(list(words.SUBJECTS), weights=(84, 8, 4, 4))[0]
        action = self.rng.choice(words.SUBJECTS[subject])
        if self.all and subject == words.KEY and self.often(0.05):
            action = "kms:RetireGrant"
        caller = self.caller()
        if subject == words.ALIAS and words.OWNER not in str(caller) and not self.all:
            caller = {"kind": "root", "arn": f"arn:aws:iam::{words.OWNER}:root"}
        request: Case = {
            "principal": caller,
            "action": action,
            "resource": subject,
            "context": self.context(),
        }
        if self.all and action in ("kms:CreateGrant", "kms:RetireGrant"):
            self.request = request
            request["grant"] = self.grant(9) | {"RetiringPrincipal": self.grantee()}
        if self.often(0.1):
            request["grant_tokens"] = [self.rng.choice(["token-1", "g-2", "unknown"])]
        return request

    def caller(self) -> Case | str:
        if self.often(0.1):
            return self.rng.choice([*words.SERVICES, *words.SERVICES, words.NOBODY])
        account = self.rng.choice((words.OWNER, words.OWNER, words.OWNER, words.PARTNER, words.STRANGER))
        caller: Case = dict(self.rng.choice(words.callers_of(account)))
        if self.often(0.1):
            return str(caller["arn"])
        if self.often(0.4):
            caller["tags"] = self.rng.choice([{}, {"team": "orders"}, {"team": "billing", "Level": "5"}])
        if caller["kind"] == "role" and self.often(0.1):
            caller["service_linked"] = True
        if caller["kind"] in ("role", "user") and self.often(0.15):
            caller["id"] = words.UNIQUE_IDS[caller["kind"] == "user"]
        return caller

    def context(self) -> Case:
        names = [name for name in self.context_words if self.often(0.25)]
        if "kms:EncryptionContext:tenant" not in names and self.often(0.4):
            names.append("kms:EncryptionContext:tenant")
        if "kms:EncryptionContext:Tenant" in names and self.often(0.7):
            names.remove("kms:EncryptionContext:Tenant")
        return {name: self.rng.choice(self.context_words[name]) for name in names}

    def key_record(self) -> Case:
        fields: Case = {
            "KeySpec": self.rng.choice(["SYMMETRIC_DEFAULT", "RSA_2048"]), "KeyUsage": "ENCRYPT_DECRYPT", "Origin": "AWS_KMS",
            "MultiRegion": self.often(0.3), "Aliases": self.rng.choice([[], ["alias/orders"]]),
            "Tags": self.rng.choice([{}, {"stage": "prod"}, {"stage": "test"}]), "AwsManaged": self.often(0.2),
        }  # fmt: skip
        return {name: value for name, value in fields.items() if self.often(0.6)}

    @property
    def service_linked(self) -> bool:
        principal = self.request["principal"]
        return isinstance(principal, dict) and "service_linked" in principal

    # --- policies

    def policies(self) -> Case:
        principal = self.request["principal"]
        kind = principal["kind"] if isinstance(principal, dict) else caller_of(principal).kind
        policies: Case = {} if self.request["resource"] == words.BUCKET else {"key": self.policy("key", 3)}
        if kind not in ("root", "service", "anonymous"):  # these can have no identity policies
            policies["identity"] = [self.policy("identity", 2) for _ in range(self.rng.randint(0, 2))]
            bounded = not self.service_linked and self.often(0.15)
            policies["permissions_boundary"] = self.policy("boundary", 2) if bounded else None
        if kind in ("assumed-role", "federated-user") and self.often(0.3):
            policies["session"] = self.policy("session", 2)
        for name, layer in (("scps", "scp"), ("rcps", "rcp")):
            if self.often(0.2):
                policies[name] = [self.documents(layer) for _ in range(self.rng.randint(1, 2))]
        if self.often(0.15):
            policies["vpc_endpoint"] = self.policy("endpoint", 2)
        if self.often(0.5):
            policies["grants"] = [self.grant(number) for number in range(1, self.rng.randint(2, 4))]
        return policies

    def documents(self, layer: str) -> list[Case]:
        return [] if self.often(0.04) else [self.policy(layer, 1) for _ in range(self.rng.randint(1, 2))]

    def policy(self, layer: str, most: int) -> Case:
        statements = [self.statement(layer) for _ in range(self.rng.randint(0, most))]
        if self.often(0.6 if layer in ("key", "identity") else 0.8):
            statements.append(self.fitting(layer))
        if self.often(0.06):
            statements.append(self.fitting(layer) | {"Effect": "Deny"})
        self.rng.shuffle(statements)
        version = self.rng.choice(["2012-10-17", "2012-10-17", "2012-10-17", "2008-10-17", None])
        lone = len(statements) == 1 and self.often(0.1)
        body: Case = {"Statement": statements[0] if lone else statements}
        return {"Version": version, **body} if version else body

    def fitting(self, layer: str) -> Case:
        """A statement that is likely to allow this very request."""
        statement: Case = {
            "Effect": "Allow",
            "Action": self.rng.choice(["*", "kms:*", self.request["action"]]),
        }
        statement["Resource"] = self.rng.choice(["*", "*", self.request["resource"]])
        if layer in ("key", "rcp", "endpoint"):
            statement["Principal"] = "*" if layer != "key" else self.naming_the_caller()
        if self.often(0.3):
            statement["Condition"] = self.condition()
        return statement

    def naming_the_caller(self) -> Json:
        principal = self.request["principal"]
        arn = principal["arn"] if isinstance(principal, dict) else principal
        if not arn.startswith("arn:"):
            return {"Service": arn} if arn else "*"
        account = arn.split(":")[4]
        return {
            "AWS": self.rng.choice(
                [arn, account, f"arn:aws:iam::{account}:root", f"arn:aws:iam::{account}:root"]
            )
        }

    def statement(self, layer: str) -> Case:
        effect = "Deny" if self.often(0.9 if layer == "rcp" else 0.25) else "Allow"
        statement: Case = {"Effect": effect}
        if layer in ("key", "rcp", "endpoint"):
            statement |= self.principal_of(effect, layer)
        patterns = self.some(words.ACTION_PATTERNS, 2)
        statement["NotAction" if self.often(0.12) else "Action"] = (
            patterns if self.often(0.7) else patterns[0]
        )
        statement |= self.resource()
        for element, odds in (("Action", 0.02), ("Resource", 0.02)):
            if layer == "key" and self.often(odds):
                statement.pop(element, None)
        if self.often(0.75 if effect == "Deny" else 0.55):
            statement["Condition"] = self.condition()
        return statement

    def resource(self) -> Case:
        options = words.RESOURCE_PATTERNS + (words.VARIABLE_RESOURCES if self.all and self.often(0.3) else ())
        if not self.all and self.request["resource"] == "*":
            options = tuple(one for one in options if one not in words.FOREIGN_OR_SHORT)
        patterns = self.some(options, 2)
        return {
            "NotResource" if self.often(0.1) else "Resource": patterns if self.often(0.5) else patterns[0]
        }

    def principal_of(self, effect: str, layer: str) -> Case:
        if layer == "endpoint" and self.often(0.05):
            return {}
        negated = layer != "rcp" and self.often(0.2 if effect == "Deny" else 0.04)
        return {"NotPrincipal" if negated else "Principal": self.principal_element(everyone=not negated)}

    def principal_element(self, *, everyone: bool) -> Json:
        if self.often(0.25 if everyone else 0.05):
            return self.rng.choice(["*", {"AWS": "*"}, {"AWS": ["*"]}])
        account = self.rng.choice((words.OWNER, words.OWNER, words.PARTNER))
        named = self.some([*words.principals_of(account), self.rng.choice(words.UNIQUE_IDS)], 3)
        element: Case = {"AWS": named if self.often(0.8) else named[0]}
        if self.often(0.15):
            element["Service"] = self.rng.choice([words.TRAIL_SERVICE, [words.STORE_SERVICE]])
        if self.all and self.often(0.1):
            element["Federated"] = "cognito-identity.amazonaws.com"
        return element

    def spoil(self, policies: Case) -> None:
        """Something that must be refused, in the key policy or an identity policy."""
        layer = self.rng.choice(["key", "identity"])
        document = policies.get("key") if layer == "key" else next(iter(policies.get("identity", [])), None)
        statements = document["Statement"] if document else []
        for statement in statements if isinstance(statements, list) else [statements]:
            if self.often(0.5):
                statement.update(self.rng.choice(words.REFUSED))
                return

    # --- conditions

    def condition(self) -> Case:
        block: Case = {}
        for _ in range(self.rng.choice((1, 1, 1, 2))):
            key = self.rng.choice(list(self.asked_words))
            operator = self.operator(key)
            keys = block.setdefault(operator, {})
            if key.lower() not in {one.lower() for one in keys}:
                keys[key] = self.asked(key, operator)
        return block

    def operator(self, key: str) -> str:
        if self.often(0.08):
            return "Null"
        operator = self.rng.choice(words.FAMILIES.get(key, words.STRING_OPERATORS))
        if self.all and self.often(0.05):
            operator = self.rng.choice(
                [*words.NUMERIC_OPERATORS, *words.DATE_OPERATORS, "IpAddress", "BinaryEquals", "Bool"]
            )
        if self.all and self.often(0.2):
            operator = self.rng.choice(["ForAllValues:", "ForAnyValue:"]) + operator
        if self.often(0.15):
            operator += "IfExists"
        return operator.lower() if self.often(0.03) else operator

    def asked(self, key: str, operator: str) -> Json:
        if operator.endswith("Null"):
            return self.rng.choice(["true", "false", True, False])
        options = self.asked_words[key] + (words.VARIABLES if self.all and self.often(0.2) else ())
        if self.often(0.03) and (
            self.all or (key not in words.LISTS and not operator.lower().endswith("ifexists"))
        ):
            return []
        if self.often(0.6):
            return self.rng.choice(options)
        if not self.all and operator.lower().startswith("arnnot"):
            options = tuple(one for one in options if str(one).count(":") >= 5)
        return self.some(options, 3) if options else "arn:aws:s3:::bucket"

    # --- grants

    def grant(self, number: int) -> Case:
        operations = ["Decrypt", "Encrypt", "GenerateDataKey", "DescribeKey", "GetPublicKey"]
        operations += ["CreateGrant", "RetireGrant"] if self.all else []
        grant: Case = {"GrantId": f"g-{number}", "GranteePrincipal": self.grantee()}
        grant["Operations"] = (
            sorted({"Decrypt", *self.some(operations, 3)}) if self.often(0.8) else ["Encrypt"]
        )
        if self.often(0.5):
            grant["Constraints"] = self.constraints()
        if self.often(0.15):
            grant |= {"Pending": True, "GrantToken": f"token-{number}"}
        return grant

    def grantee(self) -> str:
        principal = self.request["principal"]
        arn = principal["arn"] if isinstance(principal, dict) else principal
        if arn and self.often(0.5):
            return str(arn)
        account = self.rng.choice((words.OWNER, words.OWNER, words.PARTNER))
        return str(self.rng.choice([*words.principals_of(account), words.TRAIL_SERVICE]))

    def constraints(self) -> Case:
        pairs = self.rng.choice(
            [{"tenant": "acme"}, {"Tenant": "acme"}, {"tenant": "acme", "app": "orders"}, {"tenant": "*"}]
        )
        kinds = ["EncryptionContextEquals", "EncryptionContextSubset"]
        return dict.fromkeys([self.rng.choice(kinds)] if self.often(0.9) else kinds, pairs)
