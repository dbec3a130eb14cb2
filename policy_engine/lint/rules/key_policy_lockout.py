"""K501 key-policy-lockout: nobody at all can change the key policy any more.

What:
    No principal can be allowed kms:PutKeyPolicy: not those that the policy names, no administrator of the
    account that it delegates to, not the root user. Decided with the engine, over every context that the
    policy tells apart: no statement allows it, its conditions cannot hold at once, or a Deny reaches
    everybody.

    Keys that AWS manages are left out, where that is known.

Why:
    The key can then be used as the policy says, and never be managed again; only AWS Support can help. KMS
    warns of it unless the safety check is bypassed, and then only the caller counts.
    See https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html

Bad:
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "App",
          "Effect": "Allow",
          "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"},
          "Action": ["kms:Encrypt", "kms:Decrypt"],
          "Resource": "*"
        }
      ]
    }

Good:
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "Enable IAM User Permissions",
          "Effect": "Allow",
          "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
          "Action": "kms:*",
          "Resource": "*"
        },
        {
          "Sid": "App",
          "Effect": "Allow",
          "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"},
          "Action": ["kms:Encrypt", "kms:Decrypt"],
          "Resource": "*"
        }
      ]
    }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.analysis.lockout import PUT_KEY_POLICY, Lockout, allows_to_put, find_lockout
from policy_engine.errors import Severity
from policy_engine.lint.rule import Hit, Rule, Where
from policy_engine.model.policy import Effect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy_engine.lint.subject import Subject
    from policy_engine.model.policy import Policy, Statement
    from policy_engine.span import Span

_HELP = "let the account manage the key: allow its root kms:* on *, as the default key policy does"
_HELP_DENY = "except an administrator from the Deny, with ArnNotLike aws:PrincipalArn for example"


def _check(subject: Subject) -> Iterator[Hit]:
    if subject.whole is None or subject.aws_managed:
        return
    lockout = find_lockout(subject.whole, subject.key_arn)
    if lockout is not None:
        yield _hit(lockout, subject, subject.whole)


def _hit(lockout: Lockout, subject: Subject, policy: Policy) -> Hit:
    if not lockout.complete:
        message = "whether anybody can change this key policy could not be decided"
        return Hit(subject.statements_span, message, "write fewer conditions", Severity.WARNING)
    if lockout.denies:
        message = (
            f"nobody can change this key policy: the Deny reaches everybody who is allowed {PUT_KEY_POLICY}"
        )
        return Hit(
            _action_span(lockout.denies[0]),
            message,
            _HELP_DENY,
            related=_others(lockout.denies, "so does this"),
        )
    allows = tuple(s for s in policy.statements if s.effect is Effect.ALLOW and allows_to_put(s))
    if allows:
        message = f"nobody can change this key policy: no request can meet what it asks for {PUT_KEY_POLICY}"
        return Hit(_action_span(allows[0]), message, _HELP, related=_others(allows, "nor what is asked here"))
    message = f"nobody can change this key policy: no statement allows {PUT_KEY_POLICY}"
    return Hit(subject.statements_span, message, _HELP)


def _action_span(statement: Statement) -> Span:
    """The entry of Action that is about changing the policy."""
    element = statement.action
    if element is None or element.negated:
        return element.span if element else statement.span
    return element.patterns[0].span if len(element.patterns) == 1 else element.span


def _others(statements: tuple[Statement, ...], words: str) -> tuple[tuple[Span, str], ...]:
    return tuple((_action_span(statement), words) for statement in statements[1:])


RULE = Rule(
    id="K501",
    name="key-policy-lockout",
    severity=Severity.ERROR,
    summary="nobody at all can change the key policy any more",
    where=(Where.KEY,),
    docs=__doc__,
    check=_check,
)
