"""What a fork leaves: engines that open anew, leases that stay the parent's."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator

import pytest
import taskstate
from taskstate import _fork

from conftest import in_child


def claimed(tasks: taskstate.Engine) -> taskstate.Lease:
    lease = tasks.claim("w1")
    assert lease is not None
    return lease


def test_a_forked_child_opens_anew_by_itself(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    with taskstate.open(path.name, operations=["repair"], log_file="tasks.log") as tasks:
        tasks.create("z1", "create", id="before")

        def child() -> None:
            os.chdir("/")
            assert tasks.decide("z1", "before").status == 200
            tasks.create("z1", "repair", id="inside")
            assert len(tasks.list("z1")) == 2
            tasks.close()
            with pytest.raises(taskstate.Closed):
                tasks.get("z1", "before")

        assert in_child(child) == 0
        tasks.create("z1", "create", id="after")
        assert {task.id for task in tasks.list("z1")} == {"before", "inside", "after"}
    with taskstate.open(path) as tasks:
        assert tasks.verify().ok


def test_children_of_children(path: Path) -> None:
    with taskstate.open(path) as tasks:

        def grandchild() -> None:
            tasks.create("z1", "create", id="grandchild")

        def child() -> None:
            tasks.create("z1", "create", id="child")
            assert in_child(grandchild) == 0
            tasks.create("z1", "create", id="child2")

        assert in_child(child) == 0
        assert len(tasks.list("z1")) == 3


def test_many_threads_of_a_child_open_once(path: Path) -> None:
    with taskstate.open(path) as tasks:

        def child() -> None:
            with ThreadPoolExecutor(8) as pool:
                list(pool.map(lambda number: tasks.create("z1", "create", id=f"t{number}"), range(32)))
                assert len({id(opened) for opened in pool.map(lambda _: tasks._opened, range(32))}) == 1

        assert in_child(child) == 0
        assert len(tasks.list("z1")) == 32


def test_what_a_thread_held_at_the_fork_is_free_in_the_child(path: Path) -> None:
    with taskstate.open(path) as tasks:

        def child() -> None:
            reached = threading.Thread(target=tasks.get, args=("z1", "t"), daemon=True)
            reached.start()
            reached.join(20)
            assert not reached.is_alive()

        with _fork.lock():
            assert in_child(child) == 0


def test_a_child_makes_no_new_file(path: Path) -> None:
    with taskstate.open(path) as tasks:

        def child() -> None:
            path.unlink()
            with pytest.raises(taskstate.Error):
                tasks.create("z1", "create")
            assert tasks.decide("z1", "t").status == 503
            assert not path.exists()

        assert in_child(child) == 0


def test_closed_before_is_closed_after(path: Path) -> None:
    tasks = taskstate.open(path)
    tasks.close()

    def child() -> None:
        with pytest.raises(taskstate.Closed):
            tasks.get("z1", "t")
        assert tasks.decide("z1", "t").status == 503
        tasks.reopen()
        assert tasks.get("z1", "t") is None

    assert in_child(child) == 0


def test_closing_in_a_child_is_its_own_matter(path: Path) -> None:
    with taskstate.open(path) as tasks:
        assert in_child(tasks.close) == 0
        tasks.create("z1", "create", id="t")


@pytest.mark.parametrize("where", ["file", ":memory:"])
def test_a_child_is_told_where_it_may_not_open(path: Path, where: str) -> None:
    with taskstate.open(path, reopen=False) if where == "file" else taskstate.open(where) as tasks:
        tasks.create("z1", "create", id="before")

        def child() -> None:
            with pytest.raises(taskstate.Forked):
                tasks.get("z1", "before")
            with pytest.raises(taskstate.Forked):
                tasks.create("z1", "create")
            assert tasks.decide("z1", "before").status == 500
            tasks.reopen()
            assert (tasks.get("z1", "before") is None) == (where == ":memory:")
            tasks.create("z1", "create", id="inside")
            tasks.close()

        assert in_child(child) == 0
        assert (tasks.get("z1", "inside") is None) == (where == ":memory:")


def use(tasks: taskstate.Engine, lease: taskstate.Lease) -> None:
    with lease:
        tasks.create("z1", "create", id="by-child")
        with claimed(tasks) as own:
            thread = tasks._keeper()._thread
            assert thread is not None and not thread.join(0)
            own.complete(install_id="i")


def test_leases_stay_the_parents(path: Path) -> None:
    with taskstate.open(path) as tasks:
        tasks.create("z1", "create", id="by-parent")
        with claimed(tasks) as lease:
            context: Any = multiprocessing.get_context("fork")
            child = context.Process(target=use, args=(tasks, lease))
            child.start()
            child.join(60)
            assert child.exitcode == 0
            assert lease.heartbeat() is False
            assert [event.kind for event in tasks.history("z1", "by-parent")][::-1] == ["created", "started"]
            lease.complete(install_id="i")
        task = tasks.get("z1", "by-child")
        assert task is not None and task.status == "completed"


def test_a_child_that_ends_inside_with_leaves_the_lease(path: Path) -> None:
    with taskstate.open(path) as tasks:
        tasks.create("z1", "create", id="t")

        with claimed(tasks) as lease:

            def child() -> None:
                with pytest.raises(SystemExit):
                    with lease:
                        sys.exit()

            assert in_child(child) == 0
            assert lease.heartbeat() is False
            lease.complete(install_id="i")


def test_a_signal_to_a_child_of_a_task_is_not_the_loops(path: Path) -> None:
    with taskstate.open(path) as tasks:
        tasks.create("z1", "create", id="t", max_attempts=2)
        for lease in tasks.work("w1"):
            with lease:
                pid = os.fork()
                if pid == 0:
                    signal.raise_signal(signal.SIGTERM)
                    os._exit(7)
                assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGTERM
                lease.complete(install_id="i")
            break
        assert [event.kind for event in tasks.history("z1", "t")][::-1] == ["created", "started", "completed"]


def test_a_forked_child_may_just_drop_the_engine(path: Path) -> None:
    tasks: taskstate.Engine | None = taskstate.open(path)
    assert tasks is not None
    tasks.create("z1", "create", id="before")

    def child() -> None:
        nonlocal tasks
        tasks = None

    assert in_child(child) == 0
    assert tasks.create("z1", "create", id="after").revision == 1
    tasks.close()


def test_a_child_that_opens_its_own_engine_works(path: Path) -> None:
    with taskstate.open(path) as tasks:
        tasks.create("z1", "create", id="before")

        def child() -> None:
            with taskstate.open(path) as own:
                own.start("z1", "before")

        assert in_child(child) == 0
        task = tasks.get("z1", "before")
        assert task is not None and task.status == "running"
        tasks.complete("z1", "before", install_id="i")


# ---- Servers ---------------------------------------------------------------------------------


@contextmanager
def served(directory: Path, program: str, command: list[str]) -> Iterator[int]:
    """A server of that program on a socket of ours, so that the port is free; its port."""
    (directory / "app.py").write_text(textwrap.dedent(program))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        words = [word.replace("FD", str(listening.fileno())) for word in command]
        with open(directory / "server.log", "wb") as output:
            server = subprocess.Popen(
                [sys.executable, "-m", *words],
                cwd=directory,
                pass_fds=[listening.fileno()],
                stdout=output,
                stderr=output,
            )
        port = listening.getsockname()[1]
    try:
        yield port
        server.terminate()
        assert server.wait(30) in (0, -signal.SIGTERM)
    finally:
        server.kill()
        server.wait()
        print((directory / "server.log").read_text())  # pytest shows it if the test fails


def ask(port: int, path: str) -> Any:
    # Without a proxy, whatever the environment says.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}{path}", timeout=30) as response:
        return json.load(response)


def ask_until_two_answered(port: int) -> None:
    """Every answer must be right, whichever process gives it; both must have given some."""
    pids: dict[int, int] = {}
    count = 0
    while len(pids) < 2:
        count += 1
        assert count < 5000, "only one process ever answered"
        made = ask(port, f"/create/t{count}")
        assert made["status"] == 202
        assert ask(port, f"/decide/t{count}")["status"] == 200
        pids[made["pid"]] = made["pid"]


def test_gunicorn_with_preload(tmp_path: Path) -> None:
    program = """
        import json, os, taskstate
        tasks = taskstate.open("catalog.db")
        tasks.create("z1", "create", id="preloaded")

        def app(environ, start_response):
            word, id = environ["PATH_INFO"].strip("/").split("/")
            answer = tasks.accept(tasks.create("z1", "create", id=id)) if word == "create" else tasks.decide("z1", id)
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps({"pid": os.getpid(), "status": answer.status}).encode()]
    """
    command = ["gunicorn", "--preload", "--workers", "2", "--bind", "fd://FD", "app:app"]
    with served(tmp_path, program, command) as port:
        ask_until_two_answered(port)
    with taskstate.open(tmp_path / "catalog.db") as tasks:
        assert tasks.get("z1", "preloaded") is not None
        assert tasks.verify().ok


def test_uvicorn_with_workers(tmp_path: Path) -> None:
    program = """
        import json, os, taskstate.aio
        tasks = None

        async def app(scope, receive, send):
            global tasks
            if scope["type"] == "lifespan":
                await receive()
                tasks = await taskstate.aio.open("catalog.db")
                await send({"type": "lifespan.startup.complete"})
                await receive()
                await tasks.close()
                await send({"type": "lifespan.shutdown.complete"})
                return
            word, id = scope["path"].strip("/").split("/")
            if word == "create":
                answer = await tasks.accept(await tasks.create("z1", "create", id=id), headers=scope["headers"])
            else:
                answer = await tasks.decide("z1", id, headers=scope["headers"])
            body = json.dumps({"pid": os.getpid(), "status": answer.status}).encode()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": body})
    """
    with served(tmp_path, program, ["uvicorn", "--workers", "2", "--fd", "FD", "app:app"]) as port:
        ask_until_two_answered(port)
    with taskstate.open(tmp_path / "catalog.db") as tasks:
        assert tasks.verify().ok
