"""Fixtures for hosts that test with pytest, which finds them by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterator

import pytest

if TYPE_CHECKING:
    import taskstate
    from taskstate.testing import ManualClock


@pytest.fixture
def taskstate_clock() -> ManualClock:
    """A clock that stands still until the test moves it: ``advance(seconds)``."""
    from taskstate.testing import ManualClock  # not before somebody wants it

    return ManualClock()


@pytest.fixture
def taskstate_options() -> dict[str, Any]:
    """Options of ``taskstate.open()`` for taskstate_engine: none; a fixture of your own of this name gives some."""
    return {}


@pytest.fixture
def taskstate_engine(taskstate_clock: ManualClock, taskstate_options: dict[str, Any]) -> Iterator[taskstate.Engine]:
    """An empty engine in memory on that clock, with ids in order and those options."""
    from taskstate.testing import open_for_tests

    with open_for_tests(clock=taskstate_clock, **taskstate_options) as engine:
        yield engine
