"""A writer of the hunt (hunt_test.cpp) that knows nothing of us: Python's sqlite3, with SQLite's own VFS.

stock_worker.py <database> <worker> <descriptor for acknowledgements> <seed> <pragmas>
"""

import os
import random
import sqlite3
import sys

path, worker, acknowledged, seed, pragmas = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5]
chance = random.Random(seed)


def wrong(what: object) -> None:
    print(f"worker {worker}: {what}", file=sys.stderr, flush=True)
    os._exit(3)


def connect() -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=120, isolation_level=None)
    connection.executescript("PRAGMA wal_autocheckpoint = 0;" + pragmas)
    return connection


def look(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN")
    counter = connection.execute("SELECT n FROM counter").fetchone()
    rows = connection.execute("SELECT count(*) FROM ledger").fetchone()
    connection.execute("COMMIT")
    if counter != rows:
        wrong(f"a snapshot with counter {counter} and {rows} rows")


def change(connection: sqlite3.Connection, number: int) -> int:
    """The number of the last row then."""
    connection.execute("BEGIN IMMEDIATE")
    count = chance.randint(1, 40) if chance.random() < 0.07 else chance.randint(1, 3)
    for row in range(number + 1, number + count + 1):
        connection.execute("UPDATE counter SET n = n + 1")
        connection.execute("INSERT INTO ledger VALUES (?, ?, ?)", (worker, row, "0" * chance.randint(0, 1200)))
    if chance.random() < 0.12:
        connection.execute("ROLLBACK")
        return number
    connection.execute("COMMIT")
    os.pwrite(acknowledged, (number + count).to_bytes(8, sys.byteorder), 8 * worker)
    return number + count


def main() -> None:
    connection = connect()
    number = connection.execute("SELECT coalesce(max(k), 0) FROM ledger WHERE w = ?", (worker,)).fetchone()[0]
    while True:
        if chance.random() < 0.25:
            look(connection)
        number = change(connection, number)
        if chance.random() < 0.02:
            mode = chance.choice(["RESTART", "RESTART", "TRUNCATE"])
            connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchall()
        if chance.random() < 0.01:
            connection.close()
            connection = connect()


try:
    main()
except Exception as error:  # noqa: BLE001
    wrong(error)
