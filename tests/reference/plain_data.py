"""Plain data: what json.loads gives, and nothing that has been read further."""

from __future__ import annotations

from typing import Any

Json = Any
"""Any JSON value; its shape is not known before it has been looked at."""
