"""The guide's examples in Python, in the order of its pages; the tests run them."""

import asyncio
import os
import signal
import threading
from datetime import datetime, timedelta, timezone

import taskstate
import taskstate.aio
import taskstate.testing


def install(inputs):
    return f"ins_{len(inputs or b'')}"


async def install_async(inputs):
    return install(inputs)


# ---- workers.md


def work(tasks):
    for lease in tasks.work(worker="w1", lease=30):  # waits; ends on SIGTERM and SIGINT
        with lease:  # heartbeats in the background
            lease.complete(install_id=install(lease.payload))


def work_for_long(lease, pieces):
    with lease:
        for percent in pieces:
            if lease.cancel_requested:
                raise taskstate.TaskFailed("Stopped as you asked.")  # the client reads this
            lease.heartbeat({"href": "#progress", "rel": "progress", "properties": {"percent": percent}})
        lease.complete(install_id="ins_1")


def retry_later(tasks):
    tasks.create("z1", "create", id="flaky", max_attempts=3)
    lease = tasks.claim("w1")
    lease.release(delay=60)  # offered again in a minute, under a new epoch
    assert tasks.get("z1", "flaky").status == "running"  # all that the client sees


def batches(tasks):
    for lease in tasks.claim_many(16, "w1", zones=["z1", "z2"], operations="create"):
        lease.complete(install_id=install(lease.payload))


def named_tasks_and_tokens(tasks):
    lease = tasks.start("z1", "named", worker="w1", lease=300)
    token = lease.token  # hand it to another process ...
    adopted = tasks.lease(token)  # ... which goes on under the same lease
    adopted.complete(install_id="ins_1")


async def work_async(path):
    async with taskstate.aio.open(path) as tasks:
        async for lease in tasks.work("w1", lease=30):
            async with lease:
                await lease.complete(install_id=await install_async(lease.payload))


# ---- cancellation.md


def cancel(tasks):
    tasks.cancel("z1", "waiting")  # nobody had begun: it fails at once
    tasks.cancel("z1", "working", reason="Not wanted any more.")  # its worker hears of it
    tasks.cancel("z1", "working", force=True)  # does not ask


# ---- deadlines.md


def give_up_waiting(tasks):
    try:
        tasks.start("z1", "urgent", timeout=0.2)
    except taskstate.Busy:
        pass  # certainly not done: try again later


def end_a_wait(tasks):
    token = taskstate.CancelToken()
    threading.Timer(0.01, token.cancel).start()
    try:
        tasks.claim("w1", wait=3600, cancel=token)
    except taskstate.Cancelled:
        pass  # certainly nothing claimed


def plan(tasks):
    tasks.create(
        "z1",
        "create",
        id="planned",
        not_before=datetime.now(timezone.utc) + timedelta(hours=1),  # no worker gets it earlier
        start_within=timedelta(minutes=15),  # and if none has begun a quarter of an hour later, it fails
    )


# ---- processes.md


def fork(tasks):
    child = os.fork()
    if child == 0:
        task = tasks.get("z1", "t1")  # opens the file anew, by itself
        os._exit(0 if task.status == "completed" else 1)
    assert os.waitpid(child, 0)[1] == 0


# ---- testing.md


def test_a_lost_worker(taskstate_engine, taskstate_clock):
    task = taskstate_engine.create("z1", "create")
    lease = taskstate_engine.claim("w1", lease=3600)
    taskstate_clock.advance(3600)
    taskstate_engine.tick()  # what the housekeeper does once a second
    assert taskstate_engine.get("z1", task.id).failure_kind == "lost"


def main():
    with taskstate.open("guide.db") as tasks:
        tasks.create("z1", "create", id="t1")
        stopper = threading.Thread(target=stop_after, args=(tasks, "t1"))
        stopper.start()
        work(tasks)
        stopper.join()
        fork(tasks)
        tasks.create("z1", "create", id="t2")
        work_for_long(tasks.claim("w1"), [40, 80])
        retry_later(tasks)
        tasks.create("z1", "create", id="t3")
        batches(tasks)
        tasks.create("z1", "create", id="named")
        named_tasks_and_tokens(tasks)
        tasks.create("z1", "create", id="working")
        tasks.claim("w1")
        tasks.create("z1", "create", id="waiting")
        cancel(tasks)
        tasks.create("z1", "create", id="urgent")
        give_up_waiting(tasks)
        end_a_wait(tasks)
        plan(tasks)
        asyncio.run(asynchronously("guide-async.db"))
        clock = taskstate.testing.ManualClock()
        with taskstate.testing.open_for_tests(clock=clock) as engine:
            test_a_lost_worker(engine, clock)
        assert tasks.verify().ok
        print("Python: every example ran;", tasks.decide("z1", "t1").status)


def stop_after(tasks, task_id):
    """Sends the process a SIGTERM once the task has ended."""
    while tasks.get("z1", task_id).status != "completed":
        pass
    os.kill(os.getpid(), signal.SIGTERM)


async def asynchronously(path):
    with taskstate.open(path) as tasks:
        tasks.create("z1", "create", id="t1")
        worker = asyncio.create_task(work_async(path))
        while tasks.get("z1", "t1").status != "completed":
            await asyncio.sleep(0.01)
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)


if __name__ == "__main__":
    main()
