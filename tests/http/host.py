"""A catalog host in a process of its own, and bytes to and from it."""

import contextlib
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid

LONGEST = 120  # seconds that anything may take before it counts as hung


class Host:
    """Runs the program on a free port of 127.0.0.1 and on a directory of its own, which outlives a restart."""

    def __init__(self, program, *flags):
        self.program = program
        self.flags = flags
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="catalog-host-"))
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.kill()
        self.process and self.process.stdout.close()
        shutil.rmtree(self.directory)

    def start(self):
        command = [self.program, "--port", "0", "--data", str(self.directory), *self.flags]
        with open(self.errors_file, "ab") as errors:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        line = self.process.stdout.readline()
        found = re.fullmatch(r"listening on (http://127\.0\.0\.1:(\d+)(\S*))\n", line)
        if not found:
            self.process.wait()
            raise AssertionError(f"the host did not start: {line!r}, {self.errors()}")
        self.url, self.port, self.prefix = found[1], int(found[2]), found[3]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """SIGTERM; the exit code must be 0."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(LONGEST)
        assert code == 0, f"exit code {code}: {self.errors()}"

    def restart(self):
        self.stop()
        self.process.stdout.close()
        self.start()

    @property
    def errors_file(self):
        return self.directory / "errors"

    def errors(self):
        return self.errors_file.read_text(errors="replace")

    def leave_descriptors(self, count):
        """From now on the process can open so many more."""
        most = max(int(entry.name) for entry in pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir()) + 1 + count
        resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, (most, most))

    def processor_time(self):
        """Seconds that the process has used."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.port), LONGEST)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def call(self, method, path, body=None, **headers):
        """One request on a connection of its own."""
        payload = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", "Host: h", "Connection: close", f"Content-Length: {len(payload)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        with self.connect() as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode() + payload)
            return Answers(connection).next(head=method == "HEAD")

    def until(self, path, wanted):
        """Asks until the answer's JSON body fits; returns the answer."""
        end = time.monotonic() + LONGEST
        while True:
            answer = self.call("GET", path)
            if wanted(answer):
                return answer
            assert time.monotonic() < end, f"{path} stays {answer.status} {answer.body!r}; {self.errors()}"
            time.sleep(0.02)


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def header(self, name):
        """The value; None if there is none. A header that comes twice is a fault."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(values) <= 1, f"{name} comes twice: {values}"
        return values[0] if values else None

    def json(self):
        return json.loads(self.body.decode("utf-8"))


class Answers:
    """Reads answers from a connection; strict about their form."""

    def __init__(self, connection):
        self.connection = connection
        self.bytes = b""

    def more(self):
        """False at the end of the connection."""
        with contextlib.suppress(ConnectionResetError):
            piece = self.connection.recv(65536)
            self.bytes += piece
            return bool(piece)
        return False

    def next(self, head=False):
        """The next answer; None if the connection ends before it begins."""
        while b"\r\n\r\n" not in self.bytes:
            if not self.more():
                assert not self.bytes, f"half an answer: {self.bytes!r}"
                return None
        text, _, self.bytes = self.bytes.partition(b"\r\n\r\n")
        first, *lines = text.decode("latin-1").split("\r\n")
        status = re.fullmatch(r"HTTP/1\.1 (\d{3}) [ -~]*", first)
        assert status, f"no status line: {first!r}"
        headers = []
        for line in lines:
            header = re.fullmatch(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([ -~]*)", line)
            assert header, f"no header: {line!r}"
            headers.append((header[1], header[2]))
        answer = Answer(int(status[1]), headers, b"")
        assert answer.header("Transfer-Encoding") is None
        if not head and answer.status >= 200 and answer.status not in (204, 304):
            length = int(answer.header("Content-Length"))
            while len(self.bytes) < length:
                assert self.more(), f"half a body: {self.bytes!r}"
            answer.body, self.bytes = self.bytes[:length], self.bytes[length:]
        return answer

    def ended(self):
        """Whether the host ends the connection, with not one byte more."""
        return not self.bytes and not self.more()


DATE = r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT"
CODES = {"validation_error", "bad_request", "not_found", "conflict", "internal_error", "service_unavailable"}


def check_form(answer):
    """What holds for every final answer of the host."""
    assert re.fullmatch(DATE, answer.header("Date") or ""), f"Date is {answer.header('Date')!r}"
    assert answer.status < 500 or answer.status in (501, 505), f"{answer.status}: {answer.body!r}"
    if not answer.body:
        return
    assert answer.header("Content-Type") == "application/json"
    body = answer.json()
    if answer.status >= 400:
        assert set(body) == {"code", "details", "message", "path", "request_id", "status", "timestamp"}, body
        assert body["code"] in CODES and body["status"] == answer.status, body
        assert uuid.UUID(body["request_id"]) and re.fullmatch(r"[!-~]+", body["path"]), body
