"""Holds the catalog host to its openapi.yaml: what it accepts, what it refuses, and what it answers.

usage: contract.py <catalog-host> <openapi.yaml>     with a Python that has schemathesis
"""

import pathlib
import subprocess
import sys

from host import Host

EXAMPLES = 20  # for each operation


def main():
    program, contract = sys.argv[1:]
    with Host(program, "--pickup-time-ms", "0", "--install-time-ms", "50", "--seed", "zone_id/task_id/install_id") as host:
        schemathesis = pathlib.Path(sys.executable).with_name("schemathesis")
        command = [schemathesis, "run", pathlib.Path(contract).resolve(), "--url", host.url]
        command += ["--seed", "1", "--max-examples", str(EXAMPLES), "--generation-database", "none", "--no-color"]
        # A deleted install can still be read, and a DELETE of a task cancels it.
        command += ["--checks", "all", "--exclude-checks", "use_after_free"]
        # A busy machine is no fault of the host.
        command += ["--suppress-health-check", "all", "--request-timeout", "60"]
        ended = subprocess.run(command, cwd=host.directory)
        assert host.process.poll() is None, f"the host has ended: {host.errors()}"
        host.stop()
        print(host.errors(), end="")
        return ended.returncode


if __name__ == "__main__":
    sys.exit(main())
