"""The loop of a worker, and how it ends."""

from __future__ import annotations

import contextlib
import math
import select
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any, Iterator

import pytest
import taskstate
from taskstate import _watch, _work
from taskstate._cancel import Waker
from taskstate._workers import Wanted

from conftest import Clock, anything


@pytest.fixture(autouse=True)
def handlers_are_put_back() -> Iterator[None]:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    yield
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before
    assert signal.set_wakeup_fd(-1) == -1


def kinds(tasks: taskstate.Engine, id: str) -> list[str]:
    return [event.kind for event in tasks.history("z1", id)][::-1]


def fill(tasks: taskstate.Engine, count: int, **options: Any) -> None:
    for number in range(count):
        tasks.create("z1", "create", id=f"t{number}", **options)


def test_it_goes_on_after_a_failure(tasks: taskstate.Engine, caplog: pytest.LogCaptureFixture) -> None:
    fill(tasks, 4)
    seen = []
    loop = tasks.work("w1", zones="z1", operations=["create"])
    for lease in loop:
        with lease:
            seen.append(lease.task.id)
            if len(seen) == 1:
                raise ValueError("secret text")
            if len(seen) == 2:
                raise taskstate.TaskFailed("No such package.")
            if len(seen) == 3:
                tasks.cancel("z1", lease.task.id, force=True)
                lease.complete(install_id="i")
            lease.complete(install_id="i")
            loop.stop()
    assert seen == ["t0", "t1", "t2", "t3"]
    assert [task.status.value for task in tasks.list("z1")] == ["completed", "failed", "failed", "failed"]
    assert "task z1/t0 failed: ValueError" in caplog.text and "secret" not in caplog.text
    assert next(loop, None) is None


def test_interrupts_go_on(tasks: taskstate.Engine) -> None:
    fill(tasks, 1, max_attempts=2)
    with pytest.raises(SystemExit):
        for lease in tasks.work():
            with lease:
                sys.exit()
    assert kinds(tasks, "t0")[-1] == "released"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_releases_what_has_another_attempt(tasks: taskstate.Engine, number: signal.Signals) -> None:
    fill(tasks, 2, max_attempts=2)
    finished = []
    for lease in tasks.work("w1"):
        with lease:
            signal.raise_signal(number)
            finished.append(lease)
    assert finished == []
    assert kinds(tasks, "t0") == ["created", "started", "released"]
    assert kinds(tasks, "t1") == ["created"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_a_last_attempt_finish(tasks: taskstate.Engine, number: signal.Signals) -> None:
    fill(tasks, 2)
    for lease in tasks.work("w1"):
        with lease:
            signal.raise_signal(number)
            lease.complete(install_id="i")
    assert kinds(tasks, "t0") == ["created", "started", "completed"]
    assert kinds(tasks, "t1") == ["created"]


def test_a_second_interrupt_acts_as_ever(tasks: taskstate.Engine) -> None:
    fill(tasks, 1)
    with pytest.raises(KeyboardInterrupt):
        for lease in tasks.work("w1"):
            with lease:
                signal.raise_signal(signal.SIGTERM)
                signal.raise_signal(signal.SIGINT)
    assert kinds(tasks, "t0") == ["created", "started", "released"]


def test_a_signal_does_not_tear_a_call_of_ours(path: Path) -> None:
    """The clock is asked inside of a call: an exception there would be lost, and the outcome with it."""
    clock = Clock()
    armed: list[bool] = []

    def now() -> int:
        if armed:
            armed.pop()
            signal.raise_signal(signal.SIGTERM)
        return clock()

    with taskstate.open(path, clock=now) as tasks:
        fill(tasks, 1, max_attempts=2)
        for lease in tasks.work("w1"):
            with lease:
                armed.append(True)
                lease.complete(install_id="i")
        assert kinds(tasks, "t0") == ["created", "started", "completed"]


def test_stop_from_another_thread(tasks: taskstate.Engine) -> None:
    fill(tasks, 2, max_attempts=2)
    loop = tasks.work("w1")
    for lease in loop:
        with lease:
            thread = threading.Thread(target=loop.stop)
            thread.start()
            thread.join()
            while not lease.lost:
                threading.Event().wait(0.005)
            with pytest.raises(taskstate.LeaseLost):
                lease.complete(install_id="i")
    assert kinds(tasks, "t0") == ["created", "started", "released"]
    assert kinds(tasks, "t1") == ["created"]


def test_stop_while_it_waits(tasks: taskstate.Engine) -> None:
    loop = tasks.work("w1")
    timer = threading.Timer(0.05, loop.stop)
    timer.start()
    assert list(loop) == []
    timer.join()
    loop.stop()


def test_a_token_ends_it(tasks: taskstate.Engine) -> None:
    token = taskstate.CancelToken()
    timer = threading.Timer(0.05, token.cancel)
    timer.start()
    assert list(tasks.work(cancel=token)) == []
    timer.join()
    fill(tasks, 1)
    assert list(tasks.work(cancel=token)) == []
    assert kinds(tasks, "t0") == ["created"] and not token._wakers


@pytest.mark.parametrize("attempts", [1, 2])
def test_a_signal_while_a_task_is_being_claimed(
    tasks: taskstate.Engine, monkeypatch: pytest.MonkeyPatch, attempts: int
) -> None:
    fill(tasks, 1, max_attempts=attempts)
    attempt = _work.Work._try

    def claim(self: taskstate.Work) -> Any:
        lease = attempt(self)
        self.stop()
        return lease

    monkeypatch.setattr(_work.Work, "_try", claim)
    handed_out = 0
    for lease in tasks.work():
        with lease:
            handed_out += 1
            lease.complete(install_id="i")
    # A task with no other attempt would fail if it were given back.
    assert handed_out == (1 if attempts == 1 else 0)
    assert kinds(tasks, "t0")[-1] == ("completed" if attempts == 1 else "released")


def test_a_signal_wakes_the_wait_even_just_before_it(tasks: taskstate.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A handler that only runs after poll(): what is left to end it is the descriptor that the signal writes to."""
    heard: list[int] = []
    written = signal.set_wakeup_fd

    def just_before(descriptor: int, **options: bool) -> int:
        previous = written(descriptor, **options)
        if descriptor >= 0 and not heard:
            signal.raise_signal(signal.SIGUSR1)
        return previous

    handler = signal.signal(signal.SIGUSR1, lambda number, frame: heard.append(number))
    try:
        with _watch.Waiting(tasks, anything) as waiting:
            assert waiting.until(math.inf)  # a new watch is readable at once
            monkeypatch.setattr(signal, "set_wakeup_fd", just_before)
            assert waiting.until(math.inf)
    finally:
        signal.signal(signal.SIGUSR1, handler)
    assert heard == [signal.SIGUSR1]


def test_other_signals_do_not_keep_it_awake(tasks: taskstate.Engine) -> None:
    """Any signal makes the wake-up descriptor readable: after one look it must not be any more."""
    waker = Waker()
    with _watch.Waiting(tasks, anything, None, waker) as waiting:
        waker.wake()
        assert select.select([waker], [], [], 0)[0] == [waker]
        assert waiting.until(math.inf)
        assert select.select([waker], [], [], 0)[0] == []
    waker.close()
    waker.wake()  # nobody waits any more


def test_a_busy_file_is_tried_again(tasks: taskstate.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without another wake-up, for there may be none."""
    fill(tasks, 1)
    claim, answers = Wanted.claim, [taskstate.Busy("first"), taskstate.Busy("second"), taskstate.Busy("third")]

    def busy(self: Wanted, *arguments: Any, **keywords: Any) -> Any:
        if answers:
            raise answers.pop()
        return claim(self, *arguments, **keywords)

    monkeypatch.setattr(Wanted, "claim", busy)
    monkeypatch.setattr(_watch.Waiting, "until", lambda self, deadline: pytest.fail("it waits"))
    for lease in tasks.work():
        lease.complete(install_id="i")
        break
    assert answers == []


def test_breaking_out_puts_the_handlers_back(tasks: taskstate.Engine) -> None:
    fill(tasks, 1)
    before = signal.getsignal(signal.SIGTERM)
    for lease in tasks.work():
        assert signal.getsignal(signal.SIGTERM) is not before
        lease.complete(install_id="i")
        break
    assert signal.getsignal(signal.SIGTERM) is before


def test_ignored_signals_stay_ignored(tasks: taskstate.Engine) -> None:
    fill(tasks, 1)
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        loop = tasks.work()
        next(loop).complete(install_id="i")
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        loop.close()
    finally:
        signal.signal(signal.SIGINT, previous)


def test_signals_are_left_alone_if_told_so_or_in_threads(tasks: taskstate.Engine) -> None:
    fill(tasks, 2)
    before = signal.getsignal(signal.SIGTERM)
    loop = tasks.work(signals=False)
    next(loop).complete(install_id="i")
    assert signal.getsignal(signal.SIGTERM) is before
    loop.close()
    seen = []

    def work() -> None:
        for lease in tasks.work():
            lease.complete(install_id="i")
            seen.append(signal.getsignal(signal.SIGTERM))
            break

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


def test_closing_the_engine_ends_it(path: Path) -> None:
    tasks = taskstate.open(path)
    timer = threading.Timer(0.05, tasks.close)
    timer.start()
    with pytest.raises(taskstate.Closed):
        list(tasks.work())
    timer.join()


PROGRAM = """
    import sys, taskstate, time
    tasks = taskstate.open(sys.argv[1])
    print("ready", flush=True)
    for lease in tasks.work("w1"):
        with lease:
            print("working", flush=True)
            while lease.payload:  # not one long sleep: a signal just before it would not cut it short
                time.sleep(0.02)
            lease.complete(install_id="i")
    print("ended", flush=True)
"""
INTERRUPTED = """
    import sys, taskstate
    tasks = taskstate.open(sys.argv[1])
    try:
        print("ready", flush=True)
        tasks.claim(wait=3600)
    except KeyboardInterrupt:
        print("ended", flush=True)
"""


@contextlib.contextmanager
def started(program: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", textwrap.dedent(program), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def test_an_interrupt_ends_a_claim_that_waits(path: Path) -> None:
    with started(INTERRUPTED, path) as process:
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=20)
        assert output == "ended\n" and process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_process_that_waits(path: Path, number: signal.Signals) -> None:
    with started(PROGRAM, path) as process, taskstate.open(path) as tasks:
        fill(tasks, 1)
        assert process.stdout is not None and process.stdout.readline() == "working\n"
        process.send_signal(number)  # soon after, or while it goes to wait again
        output, _ = process.communicate(timeout=20)
        assert output == "ended\n" and process.returncode == 0
        assert kinds(tasks, "t0") == ["created", "started", "completed"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_process_that_works(path: Path, number: signal.Signals) -> None:
    with started(PROGRAM, path) as process, taskstate.open(path) as tasks:
        tasks.create("z1", "create", id="t0", max_attempts=2, payload=b"long")
        assert process.stdout is not None and process.stdout.readline() == "working\n"
        process.send_signal(number)
        output, _ = process.communicate(timeout=20)
        assert output == "ended\n" and process.returncode == 0
        assert kinds(tasks, "t0") == ["created", "started", "released"]
