"""No test asserts how long something takes, and so Hypothesis shall not either: a busy machine is no fault."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("without a deadline", parent=settings(), deadline=None)
settings.load_profile("without a deadline")
