"""Threads and processes."""

from __future__ import annotations

import multiprocessing
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import taskstate


def test_one_of_many_threads_wins_each_move(path: Path) -> None:
    with taskstate.open(path) as tasks, ThreadPoolExecutor(8) as pool:
        ids = [tasks.create("z1", "create").id for _ in range(20)]

        def attempt(id: str) -> int:
            try:
                tasks.start("z1", id)
            except taskstate.IllegalTransition:
                return 0
            return 1

        assert sum(pool.map(attempt, ids * 8)) == len(ids)
        assert {len(tasks.history("z1", id)) for id in ids} == {2}


def test_a_call_leaves_other_threads_running(path: Path) -> None:

    with taskstate.open(path, timeout=0.5) as tasks:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        waiting = threading.Thread(target=lambda: pytest.raises(taskstate.Busy, tasks.create, "z1", "create"))
        waiting.start()
        ticks = 0
        while waiting.is_alive():
            ticks += 1
            time.sleep(0.01)
        other.execute("ROLLBACK")
        other.close()
    assert ticks >= 10


def test_closing_under_running_calls_is_safe(path: Path) -> None:
    for _ in range(10):
        tasks = taskstate.open(path)
        wrong: list[BaseException] = []
        busy = threading.Barrier(5)

        def work(engine: taskstate.Engine) -> None:
            busy.wait()
            try:
                while True:
                    engine.create("z1", "create")
                    engine.decide("z1", "nobody")
                    engine.list("z1", limit=2)
            except taskstate.Closed:
                pass
            except BaseException as error:
                wrong.append(error)

        threads = [threading.Thread(target=work, args=(tasks,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        busy.wait()
        time.sleep(0.02)
        tasks.close()
        del tasks
        for thread in threads:
            thread.join(20)
        assert not any(thread.is_alive() for thread in threads)
        assert wrong == []


def test_reopening_under_running_calls_is_safe(path: Path) -> None:
    with taskstate.open(path) as tasks:
        stop = threading.Event()
        wrong: list[BaseException] = []

        def work() -> None:
            while not stop.is_set():
                try:
                    tasks.create("z1", "create")
                    tasks.get("z1", "nobody")
                except taskstate.Closed:
                    pass
                except BaseException as error:
                    wrong.append(error)
                    return

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(20):
            tasks.reopen()
        stop.set()
        for thread in threads:
            thread.join(20)
        assert wrong == []
        assert tasks.verify().ok


def create_many(path: str, zone: str, count: int) -> None:
    with taskstate.open(path, timeout=30) as tasks:
        for number in range(count):
            tasks.create(zone, "create", id=f"t{number}")
            tasks.start(zone, f"t{number}")


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_processes_share_a_file(path: Path, method: str) -> None:
    context: Any = multiprocessing.get_context(method)
    workers = [context.Process(target=create_many, args=(str(path), f"z{n}", 25)) for n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    with taskstate.open(path) as tasks:
        assert tasks.verify().ok
        for n in range(3):
            assert tasks.list(f"z{n}", status="running", total=True, limit=1).total_count == 25
