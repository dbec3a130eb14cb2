"""The known disagreements disagree still; one that does not is to be taken off the list."""

import pytest

from tests.differential.comparison import agree
from tests.differential.open_points import OPEN, OpenPoint, is_open


@pytest.mark.parametrize("point", OPEN, ids=lambda point: point.rule)
def test_an_open_point_is_open(point: OpenPoint) -> None:
    assert not agree(point.smallest)
    assert is_open(point.smallest)
