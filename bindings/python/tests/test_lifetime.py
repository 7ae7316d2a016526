"""Nobody frees anything by hand, and nothing is left over."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import textwrap
import tracemalloc
from pathlib import Path

import pytest
import taskstate
from taskstate import _calls


def run(program: str, *arguments: object) -> str:
    """A Python program in a process of its own; what it prints. It must exit well and in silence."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def wal_size(path: Path) -> int:
    wal = path.with_name(path.name + "-wal")
    return wal.stat().st_size if wal.exists() else 0


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def everything(tasks: taskstate.Engine) -> None:
    task = tasks.create("z1", "create", links=[{"href": "/a", "rel": "r"}], payload=bytes(1000), actor="a")
    tasks.start("z1", task.id, timeout=1, also=[("SELECT ?", [b"x"]), ("SELECT :a", {"a": "y"})])
    tasks.wait("z1", task.id, 1)
    assert [event.id for event in tasks.changes(tasks.read_changes(latest=True).position)] == []
    tasks.fail("z1", task.id, "sorry")
    tasks.get("z1", task.id, payload=True)
    tasks.list("z1", limit=5)
    tasks.history("z1", task.id)
    tasks.accept(task).headers
    tasks.decide("z1", task.id, headers={"If-None-Match": "*"}).headers
    taskstate.parse_task(task.json)
    with pytest.raises(taskstate.NotFound):
        tasks.start("z1", "nobody")
    with pytest.raises(taskstate.InvalidArgument):
        tasks.create("z 1", "create")
    tasks.stats("z1")
    assert tasks.erase("z1", task.id)


def test_thousands_of_calls_leave_nothing_behind(path: Path) -> None:
    with taskstate.open(":memory:") as tasks:
        for _ in range(300):
            everything(tasks)
        gc.collect()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(300):
            everything(tasks)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
    assert grown < 100_000


def test_look_ups_do_not_grow_the_process(path: Path) -> None:
    with taskstate.open(path) as tasks:
        task = tasks.create("z1", "create", payload=bytes(500_000))

        def look() -> None:
            for _ in range(500):
                assert tasks.get("z1", task.id, payload=True)
                tasks.list("z1")
                tasks.history("z1", task.id)
                tasks.decide("z1", task.id)
                with pytest.raises(taskstate.Error):
                    tasks.start("z1", "nobody")

        look()
        before = resident_bytes()
        look()
        look()
        assert resident_bytes() - before < 20_000_000  # one payload kept in each round would be 500 MB


def test_accepting_does_not_grow_the_process() -> None:
    links = [{"href": "/a", "rel": "r", "properties": {"n": "n" * 100_000}}]

    def accept() -> None:
        for _ in range(300):
            assert tasks.accept(task).status == 202

    with taskstate.open(":memory:") as tasks:
        task = tasks.create("z1", "create", links=links)
        accept()
        before = resident_bytes()
        accept()
        accept()
        assert resident_bytes() - before < 20_000_000  # one task kept in each round would be 60 MB


def test_statements_do_not_grow_the_process() -> None:
    def bind() -> None:
        for _ in range(300):
            with pytest.raises(taskstate.NotFound):
                tasks.start("z1", "nobody", also=[("SELECT ?", [value])])

    value = bytes(200_000)
    with taskstate.open(":memory:") as tasks:
        bind()
        before = resident_bytes()
        bind()
        bind()
        assert resident_bytes() - before < 20_000_000  # one value kept in each round would be 120 MB


def test_errors_do_not_grow_the_process() -> None:
    links = [{"href": "", "rel": ""}] * 64  # an error of many details

    def fail() -> None:
        for _ in range(2000):
            with pytest.raises(taskstate.InvalidArgument) as caught:
                tasks.create("z1", "create", links=links)
            assert len(caught.value.details) >= 64

    with taskstate.open(":memory:") as tasks:
        fail()
        before = resident_bytes()
        fail()
        fail()
        assert resident_bytes() - before < 8_000_000


def test_opening_and_dropping_leaves_no_files_open(path: Path) -> None:
    def files() -> int:
        return len(os.listdir("/proc/self/fd"))

    taskstate.open(path)
    gc.collect()
    before = files()
    for _ in range(50):
        taskstate.open(path)
    gc.collect()
    # One that is dropped before the last one's thread has ended has descriptors of its own, which are kept.
    assert files() <= before + 12


@pytest.mark.parametrize(
    "ending", ["", "del tasks", "sys.exit(0)", "tasks.close()", "taskstate.keep = tasks", "import gc; gc.disable()"]
)
def test_the_file_is_whole_when_the_program_ends(path: Path, ending: str) -> None:
    run(
        f"""
        import sys, taskstate, time
        tasks = taskstate.open(sys.argv[1], clock=lambda: time.time_ns() // 1000, log=print)
        tasks.create("z1", "create", id="t")
        {ending}
        """,
        path,
    )
    assert wal_size(path) == 0
    with taskstate.open(path, mode="read_write") as tasks:
        assert tasks.get("z1", "t") is not None


def test_a_program_may_end_while_its_threads_work(path: Path) -> None:
    run(
        """
        import sys, taskstate, threading, time
        tasks = taskstate.open(sys.argv[1])
        def work():
            while True:
                try:
                    tasks.create("z1", "create")
                except taskstate.Closed:
                    return
        for _ in range(4):
            threading.Thread(target=work, daemon=True).start()
        time.sleep(0.2)
        """,
        path,
    )
    with taskstate.open(path) as tasks:
        assert len(tasks.list("z1")) > 0
        assert tasks.verify().ok


def test_an_engine_is_closed_when_it_is_dropped(path: Path) -> None:
    tasks = taskstate.open(path)
    tasks.create("z1", "create")
    assert wal_size(path) > 0
    del tasks
    gc.collect()
    assert wal_size(path) == 0


def test_with_closes_also_after_an_exception(path: Path) -> None:
    def fail_inside() -> None:
        with taskstate.open(path) as tasks:
            tasks.create("z1", "create")
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        fail_inside()
    assert wal_size(path) == 0


def test_a_large_result_is_given_back(path: Path) -> None:

    with taskstate.open(path) as tasks:
        tasks.create("z1", "create", id="t", payload=bytes(1_000_000))
        _calls._idle.clear()
        tasks.get("z1", "t", payload=True)
        assert _calls._idle[-1].capacity > 1_000_000
        tasks.get("z1", "nobody")
        assert _calls._idle[-1].capacity < 100_000


def test_version_is_the_librarys() -> None:
    assert taskstate.__version__.count(".") == 2
