"""The feed: every event of every task, in the order of commits."""

from __future__ import annotations

import asyncio
import math
import os
import pickle
import signal
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any, Iterator

import pytest
import taskstate
import taskstate.aio
from taskstate._watch import Watch
from taskstate.aio._feed import _News

from conftest import Clock
from test_aio import eventfds, run, until
from test_wait import LONG, Soon


@pytest.fixture
def tasks(path: Path) -> Iterator[taskstate.Engine]:
    """On the system's clock."""
    with taskstate.open(path) as engine:
        yield engine


def fill(tasks: taskstate.Engine, count: int, zone: str = "z1") -> None:
    for number in range(count):
        tasks.create(zone, "create", id=f"t{number}")


def told(events: Any) -> list[tuple[str, str, str]]:
    return [(event.zone_id, event.id, event.kind) for event in events]


def test_every_event_is_told_in_order(tasks: taskstate.Engine) -> None:
    tasks.create("z1", "create", id="a")
    tasks.create("z2", "create", id="b")
    tasks.start("z1", "a", actor="w1")
    tasks.cancel("z2", "b")
    tasks.complete("z1", "a", install_id="i")
    events = list(tasks.changes())
    assert told(events)[:3] == [("z1", "a", "created"), ("z2", "b", "created"), ("z1", "a", "started")]
    assert told(events)[-1] == ("z1", "a", "completed")
    assert [event.sequence for event in events] == sorted({event.sequence for event in events})
    assert (events[2].worker, events[2].from_status, events[2].to_status) == ("w1", "pending", "running")
    assert [event.sequence for event in tasks.history("z1", "a")][::-1] == [
        each.sequence for each in events if each.id == "a"
    ]
    assert told(tasks.changes(zone="z2")) == told(tasks.history("z2", "b").events[::-1])
    assert list(tasks.changes(zone="z3")) == []
    assert pickle.loads(pickle.dumps(events)) == events and len(set(events)) == len(events)
    assert "z1/a" in repr(events[0])


def test_it_remembers_where_it_is(tasks: taskstate.Engine) -> None:
    feed = tasks.changes()
    assert feed.position is None
    assert list(feed) == []
    fill(tasks, 5)
    assert [event.id for event in feed] == ["t0", "t1", "t2", "t3", "t4"]
    position = feed.position
    assert position is not None and list(tasks.changes(position)) == []
    tasks.start("z1", "t3")
    assert told(feed) == told(tasks.changes(after=position)) == [("z1", "t3", "started")]


@pytest.mark.parametrize("zone", [None, "z1", "z2"])
@pytest.mark.parametrize("limit", [1, 2, 3, 1000])
def test_no_event_is_passed_over(tasks: taskstate.Engine, limit: int, zone: str | None) -> None:
    """Whenever it is given up, another one goes on at its position and tells what this one did not."""
    for zone_id in ("z1", "z2"):
        fill(tasks, 3, zone_id)
        tasks.cancel(zone_id, "t1")
        tasks.erase(zone_id, "t1")
    everything = list(tasks.changes(zone=zone))
    for given in range(len(everything) + 1):
        feed = tasks.changes(limit=limit, zone=zone)
        first = [next(feed) for _ in range(given)]
        assert first + list(tasks.changes(feed.position, limit=limit, zone=zone)) == everything
    assert [event.position for event in tasks.history("z1", "t0")] == [None]


def test_it_waits_for_the_next(tasks: taskstate.Engine) -> None:
    feed = tasks.changes(wait=math.inf)
    for number in range(3):
        with Soon(lambda: fill(tasks, 1, f"z{number}")):
            assert next(feed).zone_id == f"z{number}"

    def fill_two() -> None:
        fill(tasks, 1, "other")
        fill(tasks, 1, "mine")

    with Soon(fill_two):
        assert next(tasks.changes(feed.position, zone="mine", wait=LONG)).zone_id == "mine"


@pytest.mark.parametrize("wait", [0.05, timedelta(milliseconds=50)])
def test_it_ends_when_nothing_comes_in_time(tasks: taskstate.Engine, wait: Any) -> None:
    fill(tasks, 2)
    feed = tasks.changes(wait=wait)
    with Soon(lambda: None):
        assert len(list(feed)) == 2
    fill(tasks, 1, "z2")
    assert len(list(feed)) == 1


def test_it_begins_here_and_now(tasks: taskstate.Engine) -> None:
    fill(tasks, 2)
    feed = tasks.changes(latest=True)
    assert feed.position is not None
    tasks.start("z1", "t0")
    assert told(feed) == [("z1", "t0", "started")]
    assert told(feed) == []
    tasks.start("z1", "t1")
    assert told(feed) == [("z1", "t1", "started")]
    with pytest.raises(taskstate.InvalidArgument):
        tasks.changes(after=feed.position, latest=True)


@pytest.mark.parametrize("end", ["stop", "close"])
def test_another_thread_ends_it(tasks: taskstate.Engine, end: str) -> None:
    feed = tasks.changes(wait=math.inf)
    with Soon(getattr(feed, end)):
        assert list(feed) == []
    fill(tasks, 1)
    assert list(feed) == []


def test_stop_leaves_the_rest_for_another(tasks: taskstate.Engine) -> None:
    fill(tasks, 3)
    feed = tasks.changes()
    assert next(feed).id == "t0"
    feed.stop()
    assert list(feed) == []
    assert [event.id for event in tasks.changes(feed.position)] == ["t1", "t2"]


def test_other_ends_of_a_wait(tasks: taskstate.Engine) -> None:
    token = taskstate.CancelToken()
    feed = tasks.changes(wait=math.inf, cancel=token)
    with Soon(token.cancel), pytest.raises(taskstate.Cancelled):
        next(feed)
    assert not token._wakers
    with Soon(lambda: os.kill(os.getpid(), signal.SIGINT)), pytest.raises(KeyboardInterrupt):
        next(tasks.changes(wait=math.inf))
    with Soon(tasks.close), pytest.raises(taskstate.Closed):
        next(tasks.changes(wait=math.inf))


def test_a_feed_outlives_a_reopening(tasks: taskstate.Engine) -> None:
    feed = tasks.changes(wait=LONG)

    def reopen_and_fill() -> None:
        tasks.reopen()
        fill(tasks, 1)

    with Soon(reopen_and_fill):
        while True:
            try:
                assert next(feed).id == "t0"
                break
            except taskstate.Closed:
                continue


def test_one_batch(tasks: taskstate.Engine) -> None:
    fill(tasks, 5)
    batch = tasks.read_changes(limit=2)
    assert [event.id for event in batch] == ["t0", "t1"] and len(batch) == 2 and "2 events" in repr(batch)
    rest = tasks.read_changes(batch.position)
    assert [event.id for event in rest.events] == ["t2", "t3", "t4"]
    assert (len(tasks.read_changes(rest.position)), rest.purged_through) == (0, 0)
    with Soon(lambda: fill(tasks, 1, "z2")):
        assert told(tasks.read_changes(rest.position, wait=LONG)) == [("z2", "t0", "created")]
    with pytest.raises(AttributeError):
        batch.position = "x"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 1001}, "limit"),
        ({"wait": -1}, "wait"),
        ({"zone": "z/1"}, "zone_id"),
        ({"after": "nonsense"}, "after"),
    ],
)
def test_what_is_refused(tasks: taskstate.Engine, given: dict[str, Any], field: str) -> None:
    for read in (tasks.read_changes, lambda **keywords: list(tasks.changes(**keywords))):
        with pytest.raises(taskstate.InvalidArgument) as caught:
            read(**given)
        assert caught.value.field == field
    with pytest.raises(TypeError):
        tasks.read_changes(7)  # type: ignore[arg-type]


def test_a_purge_is_told_for_a_while(path: Path, clock: Clock) -> None:
    with taskstate.open(path, clock=clock, feed_retention=100) as tasks:
        for id in ("a", "b"):
            tasks.create("z1", "create", id=id)
            tasks.cancel("z1", id)
        feed = tasks.changes()
        start = tasks.read_changes(limit=1).position
        last = list(feed)[-1].sequence
        assert tasks.erase("z1", "a")
        (purged,) = feed
        assert (purged.id, purged.kind, purged.to_status) == ("a", "purged", "failed")
        assert purged.sequence > last and 0 < feed.purged_through < purged.sequence
        assert ("z1", "a", "purged") in told(tasks.changes(start))
        clock.advance(101)
        tasks.create("z1", "create", id="c")  # the newest event stays
        tasks.tick()
        with pytest.raises(taskstate.Behind):
            list(tasks.changes(start))
        behind = tasks.changes(start, allow_gap=True)
        assert {event.id for event in behind} == {"b", "c"}
        assert behind.purged_through >= purged.sequence
        assert {event.id for event in tasks.changes()} == {"b", "c"}
        assert [event.id for event in feed] == ["c"]


def test_a_restored_file_has_another_feed(tasks: taskstate.Engine, tmp_path: Path) -> None:
    fill(tasks, 1)
    position = tasks.read_changes().position
    tasks.backup(tmp_path / "copy.db")
    with taskstate.open(tmp_path / "copy.db") as copied:
        with pytest.raises(taskstate.Restored) as caught:
            copied.read_changes(position)
        assert caught.value.code == "restored"
        assert told(copied.changes()) == [("z1", "t0", "created")]


def test_a_feed_in_many_threads_worth_of_writers(tasks: taskstate.Engine) -> None:
    """While others write, nothing is missed and nothing comes twice."""
    threads = [threading.Thread(target=fill, args=(tasks, 25, f"z{n}")) for n in range(4)]
    for thread in threads:
        thread.start()
    seen = []
    for event in tasks.changes(wait=LONG, limit=7):
        seen.append(event.sequence)
        if len(seen) == 100:
            break
    for thread in threads:
        thread.join()
    assert seen == [event.sequence for event in tasks.changes()]


# ---- In an event loop ------------------------------------------------------------------------


def test_an_async_iterator(path: Path) -> None:
    async def body(tasks: taskstate.aio.Engine) -> None:
        signals = eventfds()
        feed = tasks.changes(wait=math.inf)
        seen = []

        async def follow() -> None:
            async for event in feed:
                seen.append(event.id)

        follower = asyncio.ensure_future(follow())
        for number in range(5):
            await tasks.create("z1", "create", id=f"t{number}")
            await asyncio.wait_for(until(lambda: len(seen) == number + 1), LONG)
        assert feed.purged_through == 0
        threading.Thread(target=feed.stop).start()
        await asyncio.wait_for(follower, LONG)
        assert seen == [f"t{number}" for number in range(5)]
        assert [event async for event in feed] == []
        assert [event async for event in tasks.changes(feed.position)] == []
        assert [event.id async for event in tasks.changes(limit=2, wait=0.01)] == seen
        assert eventfds() <= signals

    run(path, body)


def test_here_and_now_in_an_event_loop(path: Path) -> None:
    async def body(tasks: taskstate.aio.Engine) -> None:
        await tasks.create("z1", "create", id="t")
        now = (await tasks.read_changes(latest=True)).position
        assert [event async for event in tasks.changes(latest=True)] == []
        waiting = asyncio.ensure_future(tasks.read_changes(now, wait=LONG))
        await asyncio.sleep(0.02)
        await tasks.start("z1", "t")
        assert told(await asyncio.wait_for(waiting, LONG)) == [("z1", "t", "started")]
        assert len(await tasks.read_changes(wait=0)) == 2

    run(path, body)


def test_many_follow_without_threads(path: Path) -> None:
    async def body(tasks: taskstate.aio.Engine) -> None:
        feeds = [tasks.changes(wait=math.inf) for _ in range(50)]
        waiting = [asyncio.ensure_future(feed.__anext__()) for feed in feeds]
        while (await tasks.stats()).waiters < 50:
            await asyncio.sleep(0.01)
        threads = threading.active_count()
        await tasks.create("z1", "create", id="t")
        assert {event.id for event in await asyncio.wait_for(asyncio.gather(*waiting), LONG)} == {"t"}
        assert threading.active_count() <= threads

    run(path, body)


def test_a_feed_that_begins_to_wait_outlives_a_reopening(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = _News._begin

    def reopened(self: _News) -> Watch:
        monkeypatch.undo()
        watch = begin(self)
        self._engine.reopen()
        watch.close()
        raise taskstate.Closed("as a watch of the file that was open before says")

    async def body(tasks: taskstate.aio.Engine) -> None:
        monkeypatch.setattr(_News, "_begin", reopened)
        waiting = asyncio.ensure_future(tasks.changes(wait=math.inf).__anext__())
        await asyncio.sleep(0.05)
        await tasks.create("z1", "create", id="t")
        assert (await asyncio.wait_for(waiting, LONG)).id == "t"

    run(path, body)


def test_the_ends_of_a_feed_in_an_event_loop(path: Path) -> None:
    async def body(tasks: taskstate.aio.Engine) -> None:
        signals = eventfds()
        token = taskstate.CancelToken()
        waiting = asyncio.ensure_future(tasks.changes(wait=math.inf, cancel=token).__anext__())
        await asyncio.sleep(0.05)
        token.cancel()
        with pytest.raises(taskstate.Cancelled):
            await asyncio.wait_for(waiting, LONG)
        feed = tasks.changes(wait=math.inf)
        waiting = asyncio.ensure_future(feed.__anext__())
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert eventfds() <= signals and not token._wakers
        await tasks.create("z1", "create", id="t")
        assert (await feed.__anext__()).id == "t"  # a cancelled step loses nothing
        waiting = asyncio.ensure_future(feed.__anext__())
        await asyncio.sleep(0.05)
        tasks._sync.reopen()
        await tasks.create("z1", "create", id="u")
        assert (await asyncio.wait_for(waiting, LONG)).id == "u"
        waiting = asyncio.ensure_future(feed.__anext__())
        await asyncio.sleep(0.05)
        await tasks.close()
        with pytest.raises(taskstate.Closed):
            await asyncio.wait_for(waiting, LONG)

    run(path, body)
