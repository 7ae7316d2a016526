"""Sends the cases of cases/*.txt byte for byte, and checks what comes back.

usage: corpus.py <catalog-host> [part of a case's name]

A case is a paragraph; its first line is its name.
  > text     the text and CR LF
  . text     the text alone
  get, post  the first two lines of a good request
  json text  a whole POST with the text as its body
  smuggled   a whole request that nobody may answer
  & 1 0.05   from here on so many bytes in one piece, so many seconds apart
  ~ 0.1      a pause of so many seconds
  |          the client ends its side
  = 100 200  the statuses of all answers, h after that to a HEAD; then "open" (the connection goes on),
             "close" (the host says so and ends it) or "cut" (the host ends it: its patience is over, or the client is gone)
  ? text     the last answer's body has the text
  @ X: y     the last answer has the header
In a text {5*ab} stands for ababababab, and \\r \\n \\t \\0 \\x7f \\\\ for bytes.
"""

import concurrent.futures
import contextlib
import pathlib
import re
import socket
import sys
import time
import traceback

from host import Answers, Host, check_form

REQUESTS = {"get": "GET", "post": "POST"}


def data(text):
    text = re.sub(r"\{(\d+)\*([^}]*)\}", lambda found: found[2] * int(found[1]), text)
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


def request(method, zone="z"):
    return f"{method} /zones/{zone}/installs HTTP/1.1\r\nHost: h\r\n".encode()


class Case:
    def __init__(self, name, lines):
        self.name = name
        self.steps = []
        self.texts, self.headers = [], []
        for line in lines:
            self.add(*re.fullmatch(r"(\S+) ?(.*)", line).groups())

    def add(self, mark, rest):
        if mark == ">":
            self.steps.append(("send", data(rest) + b"\r\n"))
        elif mark == ".":
            self.steps.append(("send", data(rest)))
        elif mark in REQUESTS:
            self.steps.append(("send", request(REQUESTS[mark])))
        elif mark == "json":
            body = data(rest)
            self.steps.append(("send", request("POST") + b"Content-Length: %d\r\n\r\n" % len(body) + body))
        elif mark == "smuggled":
            self.steps.append(("send", request("GET", "smuggled") + b"\r\n"))
        elif mark in "&~|":
            self.steps.append((mark, [float(number) for number in rest.split()]))
        elif mark == "=":
            *self.statuses, self.end = rest.split()
        elif mark == "?":
            self.texts.append(data(rest))
        elif mark == "@":
            self.headers.append(rest.split(": ", 1))
        else:
            raise ValueError(f"{self.name}: {mark}")

    def send(self, connection):
        """Bytes that were put together are sent together: a host may see them at once."""
        piece, pause, waiting = None, 0, b""
        for mark, value in [*self.steps, ("end", None)]:
            if mark == "send" and piece is None:
                waiting += value
                continue
            if waiting:
                connection.sendall(waiting)
                waiting = b""
            if mark == "&":
                piece, pause = int(value[0]), value[1] if len(value) > 1 else 0
            elif mark == "~":
                time.sleep(value[0])
            elif mark == "|":
                connection.shutdown(socket.SHUT_WR)
            elif mark == "send":
                for at in range(0, len(value), piece):
                    connection.sendall(value[at : at + piece])
                    time.sleep(pause)

    def run(self, host):
        with host.connect() as connection:
            # A host that has refused the request need not read the rest of it.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.send(connection)
            answers = Answers(connection)
            last = None
            for number, wanted in enumerate(self.statuses, 1):
                last = answers.next(head=wanted.endswith("h"))
                seen = str(last.status) if last else "the end"
                assert last and seen == wanted.rstrip("h"), f"answer {number} is {seen}, not {wanted}: {last and last.body!r}"
                if last.status >= 200:
                    check_form(last)
            for text in self.texts:
                assert text in last.body, f"the body lacks {text!r}: {last.body!r}"
            for name, value in self.headers:
                assert last.header(name) == value, f"{name} is {last.header(name)!r}"
            if self.end == "open":
                assert last.header("Connection") in (None, "keep-alive"), "the answer says close"
                connection.sendall(request("GET", "probe") + b"X-Client-Request-ID: 17\r\n\r\n")
                probe = answers.next()
                assert probe, "the connection has ended"
                assert probe.status == 400 and probe.json()["path"] == "/zones/probe/installs", probe.body
            else:
                if self.end == "close":
                    assert last.header("Connection") == "close", "the answer does not say close"
                assert answers.ended(), f"there is more: {answers.bytes!r}"
        assert host.call("GET", "/zones/probe/installs").status == 200


def cases(directory):
    for file in sorted(directory.glob("*.txt")):
        text = re.sub(r"^#.*\n", "", file.read_text(), flags=re.M)
        for paragraph in re.split(r"\n\n+", text.strip("\n")):
            name, *lines = paragraph.split("\n")
            yield Case(f"{file.stem}: {name}", lines)


def attempt(case, host):
    """What is wrong; None if nothing is."""
    try:
        case.run(host)
    except Exception:
        return traceback.format_exc(limit=-1)
    return None


def run_all(chosen, program, patience_ms):
    """How many fail."""
    failed = 0
    with Host(program, "--patience-ms", str(patience_ms), "--workers", "0") as host:
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            for case, fault in zip(chosen, threads.map(lambda case: attempt(case, host), chosen)):
                if fault:
                    failed += 1
                    print(f"{case.name}\n    " + fault.replace("\n", "\n    "))
        assert host.process.poll() is None, f"the host has ended: {host.errors()}"
        host.stop()
        print(host.errors(), end="")
    return failed


def main():
    chosen = [case for case in cases(pathlib.Path(__file__).parent / "cases") if "".join(sys.argv[2:]) in case.name]
    assert chosen, "there is no such case"
    cut = [case for case in chosen if case.end == "cut"]
    others = [case for case in chosen if case.end != "cut"]
    # A busy machine must not use up the patience of a host that is to answer.
    failed = run_all(others, sys.argv[1], 100_000) + run_all(cut, sys.argv[1], 2000)
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
