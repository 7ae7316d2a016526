"""What once went wrong with the catalog host, each as a test.

usage: faults.py <catalog-host> <foreign_task> [unittest's arguments]
"""

import concurrent.futures
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
import unittest

from host import LONGEST, Answers, Host, check_form

PROGRAM, FOREIGN_TASK = sys.argv[1:3]
QUICK = ["--pickup-time-ms", "0", "--install-time-ms", "0"]
UUID = "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e"


def status_is(*wanted):
    return lambda answer: answer.body and answer.json().get("status") in wanted


def create(host, body, zone="z"):
    """The paths of the task and of its install."""
    answer = host.call("POST", f"{host.prefix}/zones/{zone}/installs", body)
    assert answer.status == 202, answer.body
    return answer.header("Location"), f"{host.prefix}/zones/{zone}/installs/{answer.json()['install_id']}"


def write(host, statement, *values):
    """What another program could have written into the host's file."""
    database = sqlite3.connect(host.directory / "tasks.db", timeout=LONGEST)
    # SQLite's own checkpoints would be in the engine's way.
    database.execute("PRAGMA wal_autocheckpoint = 0")
    with database:
        changed = database.execute(statement, values).rowcount
    database.close()
    assert changed == 1, changed


class PoisonedData(unittest.TestCase):
    def test_a_number_that_no_double_holds_is_refused_and_the_host_goes_on(self):
        with Host(PROGRAM, *QUICK) as host:
            answer = host.call("POST", "/zones/z/installs", b'{"package_id":"p","inputs":{"a":1e400}}')
            self.assertEqual(answer.status, 400)
            self.assertEqual(answer.json()["details"][0]["field"], "$.inputs")
            task, _ = create(host, {"package_id": "p"})
            host.until(task, status_is("completed"))
            host.restart()
            self.assertEqual(host.call("GET", task).status, 303)

    def foreign_task(self, host, install, payload):
        command = [FOREIGN_TASK, host.directory / "tasks.db", "z", install, payload]
        made = subprocess.run(command, capture_output=True, text=True, check=True, timeout=LONGEST)
        return f"/zones/z/catalog_tasks/{made.stdout}"

    def test_a_task_with_a_payload_that_is_no_json_fails_and_the_worker_goes_on(self):
        # The first is what the host itself once stored of 1e400.
        for payload in ('{"a":Infinity}', '{"a":1e400}', "", "[]", "{", '{"fail":' * 100, '{"fail":1} '):
            with self.subTest(payload), Host(PROGRAM, *QUICK) as host:
                write(host, "INSERT INTO installs (zone_id, id, package_id, package_slug, inputs, status, created_at,"
                      " updated_at) VALUES ('z', 'ins', 'p', 'p', ?, 'pending', '', '')", payload)
                task = self.foreign_task(host, "ins", payload)
                ended = host.until(task, status_is("failed", "completed"))
                if payload.startswith('{"fail":1}'):
                    self.assertEqual(ended.status, 303)
                    continue
                self.assertEqual(ended.json()["error_message"], "The task could not be carried out.")
                shown = host.until("/zones/z/installs/ins", status_is("failed")).json()
                self.assertEqual((shown["id"], "inputs" in shown), ("ins", False))
                self.assertEqual(len(host.call("GET", "/zones/z/installs").json()["items"]), 1)
                after, _ = create(host, {"package_id": "p"})
                host.until(after, status_is("completed"))
                host.restart()
                self.assertEqual(host.call("GET", "/zones/z/installs/ins").json()["status"], "failed")
                self.assertEqual(host.call("DELETE", "/zones/z/installs/ins").status, 202)

    def test_a_task_that_is_about_no_install_fails_and_the_worker_goes_on(self):
        with Host(PROGRAM, *QUICK) as host:
            for install in ("", "unknown"):
                task = self.foreign_task(host, install, "{}")
                ended = host.until(task, status_is("failed", "completed"))
                self.assertEqual(ended.json()["status"], "completed" if install else "failed")
            after, _ = create(host, {"package_id": "p"})
            host.until(after, status_is("completed"))


class RequestIds(unittest.TestCase):
    def test_an_empty_or_repeated_request_id_is_the_clients_fault_wherever_it_is_sent(self):
        with Host(PROGRAM, *QUICK) as host:
            task, install = create(host, {"package_id": "p"})
            host.until(task, status_is("completed"))
            for method, path in (("DELETE", task), ("DELETE", install), ("GET", task), ("GET", install)):
                for value in ("", f"{UUID}\r\nX-Client-Request-ID: {UUID}", "17", "x" * 200):
                    with self.subTest(f"{method} {path} {value!r}"):
                        answer = host.call(method, path, X_Client_Request_ID=value)
                        check_form(answer)
                        self.assertEqual(answer.status, 400)
                        self.assertIn(b"X-Client-Request-ID", answer.body)
            self.assertEqual(host.call("GET", install).json()["status"], "active")


class LostWorkers(unittest.TestCase):
    def lose(self, host, task):
        """Workers die under the task until no attempt is left."""
        flags = ["--worker-only", "--data", str(host.directory), "--install-time-ms", "60000", "--lease-ms", "300"]
        for _ in range(3):
            worker = subprocess.Popen([PROGRAM, *flags], stdout=subprocess.DEVNULL)
            attempts = self.attempts(host, task)
            end = time.monotonic() + LONGEST
            while self.attempts(host, task) == attempts:
                self.assertLess(time.monotonic(), end)
                time.sleep(0.02)
            worker.kill()
            worker.wait()
        return host.until(task, status_is("failed"))

    def attempts(self, host, task):
        database = sqlite3.connect(host.directory / "tasks.db", timeout=LONGEST)
        sql = "SELECT count(*) FROM taskstate_events WHERE kind = 'started' AND id = ?"
        (count,) = database.execute(sql, [task.split("/")[-1]]).fetchone()
        database.close()
        return count

    def test_a_delete_whose_workers_die_leaves_the_install_as_it_was(self):
        with Host(PROGRAM, *QUICK) as host:
            task, install = create(host, {"package_id": "p"})
            host.until(task, status_is("completed"))
            host.flags = ["--workers", "0", "--pickup-time-ms", "0"]
            host.restart()
            task = host.call("DELETE", install).header("Location")
            self.assertEqual(host.call("GET", install).json()["status"], "deleting")
            self.lose(host, task)
            host.until(install, status_is("active"))
            self.assertEqual(host.call("DELETE", install).status, 202)

    def test_a_create_whose_workers_die_fails_the_install(self):
        with Host(PROGRAM, "--workers", "0", "--pickup-time-ms", "0") as host:
            task, install = create(host, {"package_id": "p"})
            self.lose(host, task)
            host.until(install, status_is("failed"))

    def test_what_was_lost_while_no_server_ran_is_put_right_at_its_start(self):
        with Host(PROGRAM, *QUICK) as host:
            installs = [create(host, {"package_id": "pkg_broken"})[1], create(host, {"package_id": "p"})[1]]
            host.until(installs[0], status_is("failed"))
            host.until(installs[1], status_is("active"))
            host.stop()
            write(host, "UPDATE installs SET status = 'pending' WHERE id = ?", installs[0].split("/")[-1])
            host.process.stdout.close()
            host.start()
            host.until(installs[0], status_is("failed"))

    def test_a_cancelled_delete_leaves_a_failed_install_failed(self):
        with Host(PROGRAM, *QUICK) as host:
            task, install = create(host, {"package_id": "pkg_broken"})
            host.until(task, status_is("failed"))
            host.flags = ["--workers", "0"]
            host.restart()
            task = host.call("DELETE", install).header("Location")
            self.assertEqual(host.call("DELETE", task).json()["status"], "failed")
            self.assertEqual(host.call("GET", install).json()["status"], "failed")


class Connections(unittest.TestCase):
    def test_a_host_without_descriptors_waits_and_goes_on(self):
        request = b"GET /zones/z/nothing HTTP/1.1\r\nHost: h\r\n\r\n"
        with Host(PROGRAM, "--workers", "0", "--patience-ms", "600000") as host, contextlib.ExitStack() as open_ones:
            first = open_ones.enter_context(host.connect())
            first.sendall(request)
            answers = Answers(first)
            self.assertEqual(answers.next().status, 404)
            host.leave_descriptors(8)
            rivals = open_ones.enter_context(contextlib.ExitStack())
            for _ in range(50):
                # The kernel keeps those that the host cannot take, or sends them away.
                with contextlib.suppress(ConnectionError):
                    rivals.enter_context(host.connect())
            before = host.processor_time()
            time.sleep(2)
            self.assertLess(host.processor_time() - before, 0.25, "the host spins")
            first.sendall(request)
            self.assertEqual(answers.next().status, 404)
            rivals.close()
            self.assertEqual(self.call_again(host).status, 200)

    def call_again(self, host):
        """The host takes new clients once it has noticed that the others are gone."""
        end = time.monotonic() + LONGEST
        while True:
            with contextlib.suppress(ConnectionError):
                answer = host.call("GET", "/zones/z/installs")
                if answer:
                    return answer
            self.assertLess(time.monotonic(), end)
            time.sleep(0.1)

    def test_a_refused_client_that_goes_on_sending_is_cut_off(self):
        with Host(PROGRAM, "--workers", "0", "--patience-ms", "1000") as host, host.connect() as connection:
            connection.sendall(b"GET /zones/z/installs HTTP/1.1\r\n\r\n")
            self.assertEqual(Answers(connection).next().status, 400)
            end = time.monotonic() + LONGEST
            # Each piece comes well within the patience.
            with self.assertRaises((BrokenPipeError, ConnectionResetError)):
                while time.monotonic() < end:
                    connection.sendall(b"x")
                    time.sleep(0.1)

    def test_a_client_that_does_not_read_is_cut_off(self):
        with Host(PROGRAM, "--workers", "0", "--patience-ms", "1000") as host, host.connect() as connection:
            asked = b"GET /zones/z/installs HTTP/1.1\r\nHost: h\r\n\r\n" * 1000
            with self.assertRaises((BrokenPipeError, ConnectionResetError, TimeoutError)):
                connection.settimeout(LONGEST)
                for _ in range(10000):
                    connection.sendall(asked)
            self.assertEqual(host.call("GET", "/zones/z/installs").status, 200)

    def test_clients_that_reset_in_the_middle_of_everything_do_no_harm(self):
        pieces = [b"GET /zon", b"POST /zones/z/installs HTTP/1.1\r\nHost: h\r\nContent-Length: 18\r\n\r\n{",
                  b"GET /zones/z/installs HTTP/1.1\r\nHost: h\r\n\r\n" * 50, b"\xff" * 100]
        with Host(PROGRAM, *QUICK) as host:

            def reset(number):
                connection = host.connect()
                connection.sendall(pieces[number % len(pieces)])
                connection.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER of no time: a reset
                connection.close()

            with concurrent.futures.ThreadPoolExecutor(8) as threads:
                list(threads.map(reset, range(400)))
            task, _ = create(host, {"package_id": "p"})
            host.until(task, status_is("completed"))
            host.stop()


class Flags(unittest.TestCase):
    def test_a_prefix_goes_into_every_url_whether_the_proxy_takes_it_away_or_not(self):
        with Host(PROGRAM, *QUICK, "--prefix", "/api/v1") as host:
            self.assertTrue(host.url.endswith("/api/v1"))
            task, install = create(host, {"package_id": "p"})
            self.assertTrue(task.startswith("/api/v1/zones/z/catalog_tasks/"))
            host.until(task, status_is("completed"))
            for shown in (task, task.removeprefix("/api/v1")):
                answer = host.call("GET", shown)
                self.assertEqual((answer.status, answer.header("Location")), (303, install))
            self.assertEqual(host.call("GET", install).status, 200)
            for path in ("/api/v1/zones/z/catalog_tasks/t", "/zones/z/catalog_tasks/t", "/api/v1/nothing", "/nothing"):
                answer = host.call("GET", path)
                self.assertEqual(answer.status, 404)
                self.assertEqual(answer.json()["path"], "/api/v1" + path.removeprefix("/api/v1"))

    def test_a_completed_task_is_answered_with_200_where_the_flag_says_so(self):
        with Host(PROGRAM, *QUICK, "--completed", "ok") as host:
            task, install = create(host, {"package_id": "p"})
            answer = host.until(task, status_is("completed"))
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.header("Link"), f'<{install}>; rel="related"')
            self.assertIsNone(answer.header("Location"))

    def test_what_the_published_clients_tests_ask_for_is_there_from_the_start(self):
        with Host(PROGRAM, "--seed", "zone_id/task_id/install_id", "--seed", "zone_id/task_2/install_2") as host:
            for _ in range(2):
                answer = host.call("GET", "/zones/zone_id/catalog_tasks/task_id")
                self.assertEqual(answer.status, 303)
                self.assertEqual(answer.header("Location"), "/zones/zone_id/installs/install_id")
                install = host.call("GET", "/zones/zone_id/installs/install_id").json()
                self.assertEqual((install["status"], install["package_id"]), ("active", "package_id"))
                listed = host.call("GET", "/zones/zone_id/installs?expand[]=total_count").json()
                self.assertEqual(listed["pagination"]["total_count"], 2)
                host.restart()
            self.assertEqual(host.call("DELETE", "/zones/zone_id/installs/install_id").status, 202)

    def test_after_wins_over_before(self):
        with Host(PROGRAM, "--workers", "0") as host:
            for _ in range(5):
                create(host, {"package_id": "p"})
            middle = host.call("GET", "/zones/z/installs?limit=3").json()["pagination"]["after_cursor"]
            older = host.call("GET", f"/zones/z/installs?after={middle}").json()["items"]
            newer = host.call("GET", f"/zones/z/installs?before={middle}").json()["items"]
            self.assertEqual((len(older), len(newer)), (2, 2))
            both = host.call("GET", f"/zones/z/installs?before={middle}&after={middle}")
            self.assertEqual(both.status, 200)
            self.assertEqual(both.json()["items"], older)

    def test_flags_that_cannot_be_meant_are_refused_with_a_sentence(self):
        for words in (["--prefix", "api"], ["--prefix", "/api/"], ["--prefix", "/a//b"], ["--prefix", "/.."],
                      ["--prefix", "/{zone_id}"], ["--completed", "yes"], ["--seed", "a/b"], ["--seed", "a/b/c/d"],
                      ["--seed", "a b/c/d"], ["--patience-ms", "-1"], ["--port", "65536"], ["--port"], ["--x", "1"]):
            with self.subTest(words), Host(PROGRAM) as host:
                host.stop()
                ended = subprocess.run([PROGRAM, "--data", str(host.directory), *words], capture_output=True, text=True,
                                       timeout=LONGEST)
                self.assertIn(ended.returncode, (1, 2))
                self.assertRegex(ended.stderr, r"^\S.*\S\n")


if __name__ == "__main__":
    # UndefinedBehaviorSanitizer looks at objects through a pipe, and finds fault with each when it gets none.
    if "TSE_SANITIZED" in os.environ:
        del Connections.test_a_host_without_descriptors_waits_and_goes_on
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
