"""Installs what is missing, and builds what is measured, into build/."""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[3]
BUILD = TOP / "build"
RELEASE = BUILD / "release"
BENCH = BUILD / "bench"
VENV = BUILD / "bench-venv"
PREFIX = BENCH / "prefix"


def run(*command, **settings):
    """Quietly, unless it fails."""
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True, **settings)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout.strip()


def environment():
    """For builds: ccache if there is one, as tests/run has it."""
    known = dict(os.environ)
    known.setdefault("CMAKE_BUILD_PARALLEL_LEVEL", str(os.cpu_count()))
    if shutil.which("ccache"):
        known.update(CMAKE_C_COMPILER_LAUNCHER="ccache", CMAKE_CXX_COMPILER_LAUNCHER="ccache")
        known.update(CCACHE_NOHASHDIR="1", CCACHE_IGNOREOPTIONS="-Werror")
    return known


def digest(*places):
    """Of all files that git knows of, and of those that it would."""
    names = run("git", "ls-files", "-co", "--exclude-standard", *places, cwd=TOP).splitlines()
    total = hashlib.sha256()
    for name in sorted(names):
        if (TOP / name).is_file():
            total.update(name.encode() + b"\0" + (TOP / name).read_bytes())
    return total.hexdigest()[:16]


def is_stale(stamp, what):
    """Whether what was made by an earlier run is of something else."""
    return not stamp.exists() or stamp.read_text() != what


def drivers():
    run(TOP / "tests/install-deps.sh")
    names = sorted("bench_" + source.stem for source in (TOP / "tests/bench").glob("*.cpp"))
    run("cmake", "--preset", "release", cwd=TOP, env=environment())
    targets = ["taskstate", "taskstate_static", *names]
    run("cmake", "--build", "--preset", "release", "--target", *targets, cwd=TOP, env=environment())


def apt(*packages):
    root = [] if os.geteuid() == 0 else ["sudo"]
    run(*root, "apt-get", "-qq", "update")
    # In runlevel 1 Debian starts no service that it installs.
    run(*root, "env", "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1", "apt-get", "-qq", "-y", "install",
        "--no-install-recommends", *packages)  # fmt: skip


def redis():
    missing = []
    if not shutil.which("redis-server"):
        missing.append("redis-server")
    if not pathlib.Path("/usr/include/hiredis/hiredis.h").exists():
        missing.append("libhiredis-dev")
    if missing:
        apt(*missing)
    source = TOP / "tests/bench/peers/redis.cpp"
    run("g++", "-std=c++20", "-O2", "-I", TOP / "tests", source, "-o", BENCH / "redis", "-lhiredis", "-pthread")


def slow_sync():
    source = TOP / "tests/bench/support/slow_sync.c"
    run("gcc", "-O2", "-shared", "-fPIC", source, "-o", BENCH / "slow_sync.so", "-ldl")


def newer_go(go, needed):
    """From 1.21 on Go gets the version that a module asks for by itself; for an older one this does the same."""
    version = re.match(r"go1\.(\d+)", run(go, "env", "GOVERSION"))
    if version and int(version[1]) >= 21:
        return go
    home = BENCH / f"go-{needed}"
    if not home.exists():
        system = "-".join(run(go, "env", "GOOS", "GOARCH").split())
        module = f"golang.org/toolchain@v0.0.1-go{needed}.{system}"
        found = json.loads(run(go, "mod", "download", "-json", module, cwd=BENCH))
        shutil.copytree(found["Dir"], home.with_suffix(".part"))
        run("chmod", "-R", "u+rwX", home.with_suffix(".part"))
        for place in ("bin", "pkg/tool"):
            for file in (home.with_suffix(".part") / place).rglob("*"):
                file.chmod(0o755)
        home.with_suffix(".part").rename(home)
    return str(home / "bin/go")


def go():
    module = TOP / "tests/bench/peers/go"
    needed = re.search(r"^go ([\d.]+)", (module / "go.mod").read_text(), re.M)[1]
    command = newer_go(shutil.which("go"), needed)
    shutil.rmtree(PREFIX, ignore_errors=True)
    run("cmake", "--install", RELEASE, "--prefix", PREFIX)
    known = dict(os.environ)
    known["PKG_CONFIG_PATH"] = str(next(PREFIX.rglob("taskstate.pc")).parent)
    # Go's build cache does not look into C headers from elsewhere, so their digest is made a flag.
    known["CGO_CFLAGS"] = f"-O2 -g -DTASKSTATE_HEADER={digest('capi/taskstate.h')}"
    known["CGO_LDFLAGS"] = f"-Wl,-rpath,{next(PREFIX.rglob('libtaskstate.so')).parent}"
    run(command, "build", "-tags", "libsqlite3", "-o", BENCH / "go-ours", "./ours", cwd=module, env=known)
    run(command, "build", "-o", BENCH / "go-queues", "./queues", cwd=module)


def pip(*packages):
    if not (VENV / "bin/python").exists():
        run(sys.executable, "-m", "venv", VENV)
    run(VENV / "bin/pip", "install", "--quiet", "--disable-pip-version-check", *packages, env=environment())


def python():
    stamp = VENV / "taskstate.stamp"
    now = digest("CMakeLists.txt", "cmake", "src", "include", "capi", "bindings/python")
    if is_stale(stamp, now):
        pip("--force-reinstall", TOP / "bindings/python")
        stamp.write_text(now)
    pip("huey==3.5.4")


def plots():
    pip("matplotlib")
