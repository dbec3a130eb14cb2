"""The text of explanations, whole: the verdict, the tree, the closest miss, the changes."""

from __future__ import annotations

from dataclasses import replace

from inline_snapshot import snapshot

from policy_engine.explain.shown import Style
from policy_engine.explain.text import oneline, render
from tests.explain.world import APP, BATCH, CONTEXT, KEY, KEY_POLICY, OPS, ask, orders_key, world

ACME = {CONTEXT + "tenant": "acme"}


def test_allowed_by_delegation() -> None:
    assert render(ask(APP, "kms:Decrypt", ACME)) == snapshot("""\
ALLOWED  kms:Decrypt on key/1234abcd (alias/orders) for role/app   same account 111122223333

why
└─ the key policy delegates to IAM, and IAM allows
   ├─ ✔ keys/orders.json:4:5  Sid "EnableIAM"  Allow   (key policy default)
   │     Principal   arn:aws:iam::111122223333:root  names the caller's account: delegation, not a direct grant
   │     Action      kms:*  ⊇ kms:Decrypt
   │     Resource    *  (this key)
   └─ ✔ identity/app.json:3:16  Sid "OrdersDecrypt"  Allow   (identity policy app/orders)
         Action      kms:Decrypt
         Resource    arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab
         Condition   StringEquals kms:EncryptionContext:tenant = "acme"   request: "acme" ✔

no deny matched   1 Deny statement looked at (keys/orders.json:18:5 Sid "DenyNoMFA": Bool aws:MultiFactorAuthPresent is absent, so it does not apply)
not needed        1 grant
not in request    aws:MultiFactorAuthPresent   (statements ask about it)
state             key Enabled, SYMMETRIC_DEFAULT\
""")


def test_denied_implicitly_with_a_closest_miss() -> None:
    assert render(ask(APP, "kms:Decrypt", {CONTEXT + "tenant": "Acme"})) == snapshot("""\
DENIED (implicit: nothing allows it)  kms:Decrypt on key/1234abcd (alias/orders) for role/app   same account 111122223333
because no identity-based policy allows the kms:Decrypt action

holds, but is not enough
   ✔ keys/orders.json:4:5  Sid "EnableIAM"  key policy default   (delegates to IAM: an identity policy must allow as well)

closest miss   1 check away
  --> identity/app.json:3:16  Sid "OrdersDecrypt"  identity policy app/orders
   |
 9 |       "StringEquals": {"kms:EncryptionContext:tenant": "acme"}
   |                                                        ^^^^^^ wants "acme"; the request has "Acme"
   = note: StringEquals is case-sensitive
   ✔ action  ✔ resource  ✘ condition 1/1

to allow it, either
  1. send --encryption-context tenant=acme   (it must equal the encryption context used at Encrypt, or decryption fails all the same)
  2. at identity/app.json:9:56 add "Acme" to the values of StringEquals kms:EncryptionContext:tenant

no deny matched   1 Deny statement looked at (keys/orders.json:18:5 Sid "DenyNoMFA": Bool aws:MultiFactorAuthPresent is absent, so it does not apply)
not in request    aws:MultiFactorAuthPresent   (statements ask about it)
state             key Enabled, SYMMETRIC_DEFAULT
API error         AccessDeniedException\
""")


def test_allowed_by_a_grant() -> None:
    session = BATCH.replace(":iam:", ":sts:").replace("role/batch", "assumed-role/batch/i-0ab")
    shown = render(ask(session, "kms:GenerateDataKey", {**ACME, CONTEXT + "job": "7"}))
    assert shown == snapshot("""\
ALLOWED by grant  kms:GenerateDataKey on key/1234abcd (alias/orders) for assumed-role/batch/i-0ab   same account 111122223333
note: assumed-role/batch/i-0ab is in no bundle, so it counts as having no identity policies

why
└─ a grant allows it
   └─ ✔ grant 0c237476b39f… "nightly-batch"
         Grantee     arn:aws:iam::111122223333:role/batch  names the caller's role
         Operations  Decrypt, GenerateDataKey  ∋ GenerateDataKey
         Constraint  EncryptionContextSubset {tenant=acme}   request: {job=7, tenant=acme} ✔

without grant     key policy alone no, IAM alone no
can be ended by   RevokeGrant, or RetireGrant by role/batch-retirer
no deny matched   1 Deny statement looked at (keys/orders.json:18:5 Sid "DenyNoMFA": Bool aws:MultiFactorAuthPresent is absent, so it does not apply)
not in request    aws:MultiFactorAuthPresent   (statements ask about it)
state             key Enabled, SYMMETRIC_DEFAULT\
""")


def test_denied_explicitly() -> None:
    assert render(ask(APP, "kms:Decrypt", {**ACME, "aws:MultiFactorAuthPresent": False})) == snapshot("""\
DENIED (explicit: a Deny statement matches)  kms:Decrypt on key/1234abcd (alias/orders) for role/app   same account 111122223333

why
└─ a Deny wins over whatever allows
   └─ ✘ keys/orders.json:18:5  Sid "DenyNoMFA"  Deny   (key policy default)
         Principal   *  names the caller
         Action      kms:*  ⊇ kms:Decrypt
         Resource    *  (this key)
         Condition   Bool aws:MultiFactorAuthPresent = "false"   request: "false" ✔

without it        the request would be allowed

to allow it, either
  1. call with aws:MultiFactorAuthPresent = true
  2. call without aws:MultiFactorAuthPresent

denies            1 of 1 Deny statement matched
state             key Enabled, SYMMETRIC_DEFAULT
API error         AccessDeniedException\
""")


def test_denied_by_an_action_that_is_not_listed() -> None:
    assert render(ask(OPS, "kms:Decrypt")) == snapshot("""\
DENIED (implicit: nothing allows it)  kms:Decrypt on key/1234abcd (alias/orders) for role/ops   same account 111122223333
note: role/ops is in no bundle, so it counts as having no identity policies
because no identity-based policy allows the kms:Decrypt action

holds, but is not enough
   ✔ keys/orders.json:4:5  Sid "EnableIAM"  key policy default   (delegates to IAM: an identity policy must allow as well)

closest miss   1 check away
  --> keys/orders.json:11:5  Sid "OpsAdmin"  key policy default
    |
 15 |       "Action": ["kms:Describe*", "kms:List*"],
    |                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ has no kms:Decrypt (has kms:Describe*, kms:List*)
   ✔ principal  ✘ action  ✔ resource

to allow it
  1. at keys/orders.json:15:17 add "kms:Decrypt" to the actions

no deny matched   1 Deny statement looked at (keys/orders.json:18:5 Sid "DenyNoMFA": Bool aws:MultiFactorAuthPresent is absent, so it does not apply)
not in request    aws:MultiFactorAuthPresent   (statements ask about it)
state             key Enabled, SYMMETRIC_DEFAULT
API error         AccessDeniedException\
""")


def test_nothing_comes_close() -> None:
    stranger = OPS.replace("role/ops", "role/stranger")
    shown = render(ask(stranger, "kms:PutKeyPolicy", engine=world(replace(orders_key(), policy=None))))
    assert "no statement and no grant comes close" in shown


def test_one_line() -> None:
    assert oneline(ask(APP, "kms:Decrypt", ACME)) == (
        "ALLOWED  kms:Decrypt on key/1234abcd (alias/orders) for role/app: the key policy delegates to IAM, "
        'and IAM allows [keys/orders.json:4:5 Sid "EnableIAM"; identity/app.json:3:16 Sid "OrdersDecrypt"]'
    )
    assert oneline(ask(OPS, "kms:Decrypt")) == (
        "DENIED (implicit: nothing allows it)  kms:Decrypt on key/1234abcd (alias/orders) for role/ops: "
        f"User: {OPS} is not authorized to perform: kms:Decrypt on resource: {KEY} "
        "because no identity-based policy allows the kms:Decrypt action"
    )


def test_a_key_that_is_not_enabled_is_said() -> None:
    engine = world(replace(orders_key(), key_state="Disabled"))
    assert "key Disabled, SYMMETRIC_DEFAULT   (policies decide first" in render(
        ask(APP, "kms:Decrypt", ACME, engine=engine)
    )


def test_escape_sequences_of_a_policy_do_not_reach_the_terminal() -> None:
    hostile = KEY_POLICY.replace("EnableIAM", "\\u001b[2J\\u202eEnable").replace("OpsAdmin", "\\u009b31m")
    for principal, context in ((APP, ACME), (OPS, {}), (APP, {CONTEXT + "tenant": "\x1b]0;x\x07\u2066"})):
        engine = world(orders_key(hostile))
        shown = render(ask(principal, "kms:Decrypt", context, engine=engine))
        assert not {c for c in shown if ord(c) < 0x20 and c != "\n"}
        assert not set(shown) & set("\x7f\x9b\u202e\u2066")
    assert "\\u001b[2J\\u202eEnable" in render(
        ask(APP, "kms:Decrypt", ACME, engine=world(orders_key(hostile)))
    )


def test_colour_changes_nothing_but_colour() -> None:
    explanation = ask(APP, "kms:Decrypt", {CONTEXT + "tenant": "Acme"})

    def marked(text: str, style: Style) -> str:
        return f"<{style.value}>{text}</>"

    shown = render(explanation, paint=marked)
    assert "<bad>DENIED</>" in shown
    for style in Style:
        shown = shown.replace(f"<{style.value}>", "")
    assert shown.replace("</>", "") == render(explanation)


def test_a_deny_that_is_not_the_only_obstacle_says_so() -> None:
    shown = render(ask(OPS, "kms:Decrypt", {"aws:MultiFactorAuthPresent": False}))
    assert "without it        the request would still be denied: nothing allows it" in shown
    assert "to allow it" not in shown


def test_a_caller_without_a_record_is_said_to_have_none() -> None:
    assert "note: role/ops is in no bundle" in render(ask(OPS, "kms:DescribeKey"))
    assert "in no bundle" not in render(ask(APP, "kms:Decrypt", ACME))


def test_other_callers_have_names_too() -> None:
    assert " for s3.amazonaws.com" in render(ask("s3.amazonaws.com", "kms:Decrypt"))
    assert " for root of 444455556666   cross account: 444455556666 to 111122223333" in render(
        ask("arn:aws:iam::444455556666:root", "kms:Decrypt")
    )
    assert " for anonymous" in render(ask("", "kms:Decrypt"))


def test_much_is_cut_short_and_counted() -> None:
    tail = KEY_POLICY.rindex("  ]\n}")
    template = '    ,{{"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"{}}}\n'
    conditional = "".join(
        template.format(f', "Condition": {{"StringEquals": {{"aws:RequestTag/{n}": "x"}}}}')
        for n in range(12)
    )
    near = KEY_POLICY[:tail] + conditional + KEY_POLICY[tail:]
    shown = render(ask(APP, "kms:Decrypt", ACME, engine=world(orders_key(near))))
    assert "; and 10 more)" in shown
    assert "aws:RequestTag/4 and 5 more   (statements ask about it)" in shown
    matching = KEY_POLICY[:tail] + template.format("") * 12 + KEY_POLICY[tail:]
    shown = render(ask(APP, "kms:Decrypt", ACME, engine=world(orders_key(matching))))
    assert "      and 2 more\n" in shown
    assert "denies            12 of 13 Deny statements matched" in shown
