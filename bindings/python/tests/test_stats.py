"""Figures, and the same for a scraper."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import itertools
import pickle
import sqlite3
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest
import taskstate
import taskstate.aio
from prometheus_client.openmetrics import parser


def fill(tasks: taskstate.Engine) -> None:
    for number in range(3):
        tasks.create("z1", "create", id=f"t{number}")
    tasks.create("z2", "delete", id="d", install_id="i")
    tasks.start("z1", "t0")
    tasks.start("z1", "t1")
    tasks.complete("z1", "t1", install_id="i")
    tasks.cancel("z2", "d")


def scraped(stats: taskstate.Stats) -> list[Any]:
    """What Prometheus makes of the text."""
    return list(parser.text_string_to_metric_families(stats.openmetrics))  # type: ignore[no-untyped-call, unused-ignore]


def test_figures(tasks: taskstate.Engine, path: Path) -> None:
    fill(tasks)
    stats = tasks.stats()
    assert (stats.pending, stats.running, stats.completed, stats.failed) == (1, 1, 1, 1)
    assert set(stats.counts) == {
        taskstate.Count("z1", "create", taskstate.Status.PENDING, 1),
        taskstate.Count("z1", "create", taskstate.Status.RUNNING, 1),
        taskstate.Count("z1", "create", taskstate.Status.COMPLETED, 1),
        taskstate.Count("z2", "delete", taskstate.Status.FAILED, 1),
    }
    assert len(stats.counts) == 4
    assert stats.file_bytes == path.stat().st_size
    assert stats.wal_bytes == path.with_name(path.name + "-wal").stat().st_size
    assert stats.last_sequence == tasks.read_changes(limit=1000).events[-1].sequence
    assert 0 < stats.commits <= stats.changes and 1 <= stats.largest_group <= stats.changes
    assert (stats.lock_waits, stats.lock_wait_us, stats.waiters) == (0, 0, 0)
    assert (stats.durability, stats.lease_clock, stats.sqlite_version) == ("full", "host", sqlite3.sqlite_version)
    assert stats.answer_proof == "wal_index"
    assert stats.locks == "ofd"
    assert (stats.cache_hits, stats.cache_misses, stats.cache_entries, stats.cache_bytes) == (0, 0, 0, 0)


def test_kept_answers(tasks: taskstate.Engine, path: Path) -> None:
    tasks.create("z1", "create", id="a")
    assert [tasks.decide("z1", "a").status for _ in range(3)] == [200] * 3
    stats = tasks.stats()
    assert (stats.cache_hits, stats.cache_misses, stats.cache_entries) == (2, 1, 1)
    assert stats.cache_bytes > 200
    with taskstate.open(path, answer_cache_bytes=0) as without:
        assert [without.decide("z1", "a").status for _ in range(3)] == [200] * 3
        assert (without.stats().cache_hits, without.stats().cache_misses) == (0, 3)


def test_what_all_processes_did(tasks: taskstate.Engine, clock: Any, path: Path) -> None:
    with taskstate.open(path, clock=clock) as other:
        other.create("z1", "create", id="a")
        other.start("z1", "a")
        other.complete("z1", "a", install_id="i")
        other.create("z1", "create", id="b")
        other.cancel("z1", "b")
    stats = tasks.stats()
    assert stats.failures == taskstate.Failures(failed=0, cancelled=1, expired=0, lost=0)
    assert stats.leases_lost == 0
    assert stats.running_time.count == sum(stats.running_time.counts) > 0
    assert len(stats.waiting_time.counts) == len(stats.waiting_time.bounds_us) + 1
    assert (stats.waiting_time.bounds_us[0], stats.waiting_time.bounds_us[-1]) == (10_000, 7 * 86_400 * 1_000_000)


def test_of_one_zone(tasks: taskstate.Engine) -> None:
    fill(tasks)
    stats = tasks.stats("z2")
    assert [(count.zone_id, count.status, count.count) for count in stats.counts] == [("z2", "failed", 1)]
    assert stats.pending == 1
    assert tasks.stats(zone="z3").counts == ()
    with pytest.raises(taskstate.InvalidArgument):
        tasks.stats("z/1")


def test_they_are_values(tasks: taskstate.Engine) -> None:
    fill(tasks)
    stats = tasks.stats()
    assert pickle.loads(pickle.dumps(stats)) == copy.deepcopy(stats) == stats
    assert "pending=1" in repr(stats) and "TYPE" not in repr(stats)
    with pytest.raises(FrozenInstanceError):
        stats.pending = 7  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        stats.counts[0].count = 7  # type: ignore[misc]


def test_a_scraper_reads_the_same(tasks: taskstate.Engine) -> None:
    fill(tasks)
    stats = tasks.stats()
    families = {family.name: family for family in scraped(stats)}
    tasks_by_label = {
        (sample.labels["zone"], sample.labels["operation"], sample.labels["status"]): sample.value
        for sample in families["taskstate_tasks"].samples
    }
    assert tasks_by_label == {(one.zone_id, one.operation, one.status.value): one.count for one in stats.counts}
    values = {sample.name: sample.value for family in families.values() for sample in family.samples}
    expected = {
        "taskstate_file_bytes": stats.file_bytes,
        "taskstate_file_free_bytes": stats.free_bytes,
        "taskstate_wal_bytes": stats.wal_bytes,
        "taskstate_feed_sequence": stats.last_sequence,
        "taskstate_leases_lost_total": stats.leases_lost,
        "taskstate_commits_total": stats.commits,
        "taskstate_changes_total": stats.changes,
        "taskstate_commit_group_size_max": stats.largest_group,
        "taskstate_checkpoints_total": stats.checkpoints,
        "taskstate_lock_waits_total": stats.lock_waits,
        "taskstate_lock_wait_seconds_total": stats.lock_wait_us / 1_000_000,
        "taskstate_waiters": stats.waiters,
        "taskstate_cache_hits_total": stats.cache_hits,
        "taskstate_cache_misses_total": stats.cache_misses,
        "taskstate_cache_entries": stats.cache_entries,
        "taskstate_cache_bytes": stats.cache_bytes,
    }
    assert {name: values[name] for name in expected} == expected
    for name, histogram in (("waiting", stats.waiting_time), ("running", stats.running_time)):
        samples = families[f"taskstate_{name}_seconds"].samples
        buckets = [sample for sample in samples if sample.name.endswith("_bucket")]
        bounds = [*(bound / 1_000_000 for bound in histogram.bounds_us), float("inf")]
        assert [float(sample.labels["le"]) for sample in buckets] == bounds
        assert [sample.value for sample in buckets] == list(itertools.accumulate(histogram.counts))
        assert [sample.value for sample in samples[len(buckets) :]] == [histogram.count, histogram.sum_us / 1_000_000]
    failures = {sample.labels["kind"]: sample.value for sample in families["taskstate_failures"].samples}
    assert failures == dataclasses.asdict(stats.failures)
    (engine,) = families["taskstate_engine"].samples
    assert engine.labels["durability"] == "full" and engine.labels["lease_clock"] == "host"
    assert engine.labels["answer_proof"] == "wal_index"
    assert engine.labels["locks"] == "ofd"
    assert all(family.documentation for family in families.values())


def test_an_empty_file_has_figures_too(tasks: taskstate.Engine) -> None:
    stats = tasks.stats()
    assert (stats.pending, stats.counts, stats.last_sequence) == (0, (), 0)
    assert len(scraped(stats)) > 5


def test_in_an_event_loop(path: Path) -> None:
    async def body() -> None:
        async with taskstate.aio.open(path) as tasks:
            await tasks.create("z1", "create")
            assert (await tasks.stats()).pending == 1
            assert len((await tasks.stats("z2")).counts) == 0

    asyncio.run(body())
