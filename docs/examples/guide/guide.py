"""The guide's examples in Python, in the order of its pages; the tests run them."""

import asyncio
import contextlib
import os
import signal
import sqlite3
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
    lease.release(delay=60)  # requeued in a minute, under a new epoch
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


# ---- batches.md


def create_many(tasks, packages):
    results = tasks.create_many({"zone_id": "z2", "operation": "create", "package_id": id} for id in packages)
    for result in results:  # in the same order
        if result.error:
            print(result.error.code)  # this one was refused, and only this one
    return [result.task.id for result in results if result.task]


def mixed_batch(tasks, leases):
    batch = taskstate.Batch().create("z2", "create", id="next")
    for lease in leases:
        batch.complete_leased(lease, install_id=install(lease.payload))
    return [result.value().status for result in tasks.run(batch)]  # value() raises what was refused


# ---- results.md


def store_result(tasks):
    tasks.complete("z1", "report", result=b"id,name\n", media_type="text/csv; charset=utf-8")
    report = tasks.result("z1", "report")  # .data .media_type
    return report


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
        pass  # guaranteed not applied: try again later


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


# ---- idempotency.md


def create_once(tasks):
    first = tasks.create("z1", "create", package_id="pkg_1", idempotency_key="order-7")
    again = tasks.create("z1", "create", package_id="pkg_1", idempotency_key="order-7")
    assert again.replayed and again.id == first.id  # one task for one key


def try_again(tasks):
    tasks.create("z1", "create", id="second-try", retry_of="broken")


# ---- your-tables.md


def with_statements(tasks):
    tasks.complete(
        "z1",
        "t1",
        install_id="ins_1",
        also=[("INSERT INTO installs (id, task, at) VALUES (?, :taskstate_id, :taskstate_now)", ["ins_1"])],
    )


# ---- waiting.md


def wait_for_news(tasks, seen):
    task = tasks.wait("z1", "t1", seen.revision, timeout=20)
    assert task.revision > seen.revision


def long_poll(tasks, etag):
    answer = tasks.decide("z1", "t1", headers={"If-None-Match": etag, "Prefer": "wait=20"})
    return answer.status


# ---- changes.md


def follow(tasks, kept_position, tell):
    for event in tasks.changes(after=kept_position, wait=20):
        tell(event.zone_id, event.id, event.kind)
        kept_position = event.position  # keep it after you have told it


# ---- retention.md


def clean_up(tasks):
    removed = tasks.purge(timedelta(days=30), zone="z1")
    was_there = tasks.erase("z1", "t1")
    assert removed == 0 and was_there


# ---- upgrading.md


def upgrade():
    done = taskstate.migrate("catalog.db")
    assert done.from_schema == done.to_schema


# ---- backup.md


def copy(tasks):
    tasks.backup("nightly.db")
    with taskstate.open("nightly.db") as copy:
        report = copy.verify()
        assert report.ok, report.text


# ---- monitoring.md


def clock_is_synchronized():
    return True


def scrape(tasks, respond):
    stats = tasks.stats()
    respond("application/openmetrics-text; version=1.0.0; charset=utf-8", stats.openmetrics)
    if tasks.stats().expiry_paused and clock_is_synchronized():
        tasks.clock_ok()


def look_for_tasks(tasks, request_id):
    lost = tasks.list(None, status="failed", failure_kind="lost")
    held = tasks.list(None, worker="w1")
    asked = tasks.list(None, client_request_id=request_id)
    return [len(page) for page in (lost, held, asked)]


def run_a_service():
    with taskstate.open("service.db", longest_wait=30, tombstones=timedelta(days=1)) as tasks:
        create_once(tasks)
        tasks.create("z1", "create", id="broken")
        tasks.start("z1", "broken")
        tasks.fail("z1", "broken", "It broke.")
        try_again(tasks)
        seen = tasks.create("z1", "create", id="t1")
        threading.Timer(0.05, tasks.start, ("z1", "t1")).start()
        wait_for_news(tasks, seen)
        with contextlib.closing(sqlite3.connect("service.db")) as mine:
            mine.execute("CREATE TABLE installs (id, task, at)")
        with_statements(tasks)
        assert long_poll(tasks, '"old"') == 303
        told = []

        class Enough(Exception):
            pass

        def tell(*change):
            told.append(change)
            if change[1:] == ("t1", "completed"):
                raise Enough

        with contextlib.suppress(Enough):
            follow(tasks, None, tell)
        assert told[-1] == ("z1", "t1", "completed")
        scrape(tasks, lambda kind, body: print(body, end=""))
        copy(tasks)
        clean_up(tasks)
        assert tasks.decide("z1", "t1").status == 410


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
        assert len(create_many(tasks, ["pkg_1", "", "pkg_2"])) == 2
        assert mixed_batch(tasks, tasks.claim_many(2, zones="z2")) == ["pending", "completed", "completed"]
        tasks.create("z1", "create", id="named")
        named_tasks_and_tokens(tasks)
        tasks.create("z1", "create", id="working")
        tasks.claim("w1")
        tasks.create("z1", "create", id="waiting")
        cancel(tasks)
        tasks.create("z1", "create", id="report")
        tasks.start("z1", "report")
        assert store_result(tasks).data == b"id,name\n"
        tasks.create("z1", "create", id="urgent")
        give_up_waiting(tasks)
        end_a_wait(tasks)
        plan(tasks)
        assert look_for_tasks(tasks, "req-1")[2] == 0
        run_a_service()
        taskstate.open("catalog.db").close()
        upgrade()
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
