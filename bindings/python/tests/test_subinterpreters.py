"""Sub-interpreters, as embedding web servers have them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

if sys.version_info >= (3, 13):
    MODULE = "_interpreters"
else:
    MODULE = "_xxsubinterpreters"
CREATE = "create('legacy')" if sys.version_info >= (3, 13) else "create(isolated=False)"


def run(script: str, path: Path) -> str:
    head = f"""
import {MODULE} as interpreters
import sys
def inside(script):
    problem = interpreters.run_string(one, script)
    assert problem is None, problem
one = interpreters.{CREATE}
path = {str(path)!r}
"""
    done = subprocess.run([sys.executable, "-c", head + script], capture_output=True, text=True, timeout=120)
    # What CPython's own decimal says about its second home.
    said = [line for line in done.stderr.splitlines() if line and "mpd_setminalloc" not in line]
    assert done.returncode == 0 and not said, done.stderr
    return done.stdout.strip()


KEPT = """
import taskstate
tasks = taskstate.open({path!r})
tasks.create("z1", "create")
with tasks.claim("w1") as lease:
    lease.complete(install_id="ins_1")
"""


@pytest.mark.parametrize("end", ["interpreters.destroy(one)", "", "inside('del lease, tasks')\ninterpreters.destroy(one)"])
def test_one_ends_after_a_lease_whose_engine_it_keeps(path: Path, end: str) -> None:
    assert run(f"inside({KEPT!r}.format(path=path))\n{end}\nprint('ended')", path) == "ended"


def test_many_come_and_go(path: Path) -> None:
    script = f"""
interpreters.destroy(one)
for number in range(20):
    one = interpreters.{CREATE}
    inside({KEPT!r}.format(path=path))
    interpreters.destroy(one)
import taskstate
print(taskstate.open(path).stats().counts[0].count)
"""
    assert run(script, path) == "20"


def test_waits_in_one_end(path: Path) -> None:
    script = """
inside(f'''
import taskstate
tasks = taskstate.open({path!r})
tasks.create("z1", "create", id="t")
print(tasks.wait("z1", "t", timeout=0.2).status, tasks.claim(zones="none", wait=0.2))
''')
"""
    assert run(script, path) == "Status.PENDING None"


def test_the_main_interpreters_answers_stay_its_own(path: Path) -> None:
    script = """
import taskstate
tasks = taskstate.open(path)
tasks.create("z1", "create", id="t")
def ask():
    answer = [tasks.decide("z1", "t") for _ in range(2)][1]
    assert isinstance(answer, taskstate.Answer) and answer.status == 200 and answer.headers, answer
ask()
inside(f"import taskstate; taskstate.open({path!r}).decide('z1', 't')")
ask()
interpreters.destroy(one)
ask()
print("fine")
"""
    assert run(script, path) == "fine"


def test_callbacks_are_refused_in_one(path: Path) -> None:
    script = """
inside(f'''
import taskstate
for name in ("clock", "ids", "log"):
    try:
        taskstate.open({path!r}, **{{name: print}})
    except taskstate.Unsupported as error:
        print(error)
''')
"""
    assert run(script, path).count("only in the main interpreter") == 3
