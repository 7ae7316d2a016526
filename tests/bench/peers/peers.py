"""Measures the Python package beside sqlite3 on the same file, and beside Huey.

    build/bench-venv/bin/python tests/bench/peers/peers.py [decide | lifecycle]...     (both)

TSE_BENCH_SECONDS for each side (3), TSE_BENCH_ROUNDS (5); the sides take turns. TSE_BENCH_DIRECTORY: on which disk.
"""

import json
import os
import pathlib
import sqlite3
import sys
import tempfile
import threading
import time

import taskstate
from huey.storage import SqliteStorage

ZONE = "zone-1"
HOT = 1000
SECONDS = float(os.environ.get("TSE_BENCH_SECONDS", 3))
ROUNDS = int(os.environ.get("TSE_BENCH_ROUNDS", 5))


def show(case, side, value, unit, failures, times=()):
    us = sorted(each * 1e6 for each in times)

    def at(share):
        return round(us[int(share * (len(us) - 1))], 1) if us else None

    print(
        json.dumps(
            {
                "case": case,
                "side": side,
                "value": value,
                "unit": unit,
                "p50_us": at(0.5),
                "p99_us": at(0.99),
                "max_us": at(1),
                "failures": failures,
            }
        ),
        flush=True,
    )


def directory():
    return tempfile.TemporaryDirectory(prefix="taskstate-bench-", dir=os.environ.get("TSE_BENCH_DIRECTORY", "."))


# --- the status answer: headers and the body as bytes, against a SELECT of the body --------------------------------


def poll(side, keys, run):
    """run(keys) asks for each and gives how many of them were not there."""
    run(keys)
    polls = failures = 0
    begin = time.perf_counter_ns()
    while (passed := time.perf_counter_ns() - begin) < SECONDS * 1e9:
        failures += run(keys)
        polls += len(keys)
    show("decide", side, passed / polls, "ns", failures)


def decide():
    with directory() as home:
        path = str(pathlib.Path(home, "tasks.db"))
        with taskstate.open(path) as tasks:
            keys = [
                tasks.create(
                    ZONE,
                    "create",
                    package_id="pkg_0192f0a1-7c3e-7000-8000-0192f0a17c3e",
                    package_slug="a-package-of-some-length",
                    links=[{"href": "https://example.com/docs/a-page-about-it", "rel": "help"}],
                ).id
                for _ in range(HOT)
            ]

            def ask(keys, decide=tasks.decide):
                failures = 0
                for key in keys:
                    answer = decide(ZONE, key)
                    headers, body = answer.headers, answer.body
                    if answer.status != 200 or not headers or not body:
                        failures += 1
                return failures

            poll("taskstate", keys, ask)

            connection = sqlite3.connect(path, isolation_level=None)
            connection.execute("PRAGMA cache_size = -16384")

            def select(keys, execute=connection.execute):
                sql = "SELECT status, revision, CAST(body AS BLOB) FROM taskstate_tasks WHERE zone_id = ? AND id = ?"
                failures = 0
                for key in keys:
                    row = execute(sql, (ZONE, key)).fetchone()
                    if row is None or not row[2]:
                        failures += 1
                return failures

            poll("raw", keys, select)
            connection.close()


# --- tasks created, taken and completed, each step durable ----------------------------------------------------------


def repeat(case, side, workers, live):
    times, failures = [], []
    begin = time.perf_counter()

    def work():
        while (before := time.perf_counter()) < begin + SECONDS:
            try:
                lived = live()
            except (taskstate.Error, sqlite3.Error):
                lived = False
            (times if lived else failures).append(time.perf_counter() - before)

    crew = [threading.Thread(target=work) for _ in range(workers)]
    for member in crew:
        member.start()
    for member in crew:
        member.join()
    show(case, side, len(times) / (time.perf_counter() - begin), "1/s", len(failures), times)


def ours(case, workers):
    with directory() as home, taskstate.open(str(pathlib.Path(home, "tasks.db"))) as tasks:

        def live():
            tasks.create(ZONE, "create", package_id="pkg_1")
            lease = tasks.claim("w1")
            if lease is None:
                return False
            with lease:
                return lease.complete(install_id="ins_1").status == "completed"

        repeat(case, "taskstate", workers, live)


def huey(case, workers, side, **settings):
    """What SqliteHuey does for a task: enqueue, dequeue, put the result. Huey takes out of the table what it hands out:
    a worker that dies takes its task along."""
    with directory() as home:
        storage = SqliteStorage("jobs", str(pathlib.Path(home, "huey.db")), **settings)
        names = iter(range(10**12))

        def live():
            storage.enqueue(b'{"package_id":"pkg_1"}')
            if storage.dequeue() is None:
                return False
            name = str(next(names))
            storage.put_data(name, b'{"install_id":"ins_1"}')
            return True

        repeat(case, side, workers, live)
        storage.close()


def lifecycle():
    for workers in (1, 8):
        case = f"lifecycle, {workers}"
        ours(case, workers)
        # As it comes it leaves synchronous to SQLite, whose default a distribution may choose.
        huey(case, workers, "huey")
        huey(case, workers, "huey, FULL", fsync=True)


def main():
    suites = {"decide": decide, "lifecycle": lifecycle}
    for _ in range(ROUNDS):
        for name in sys.argv[1:] or suites:
            suites[name]()


if __name__ == "__main__":
    main()
