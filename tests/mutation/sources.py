"""The copy of the sources in which every plant and mutant is chosen at run time, and its build."""
import dataclasses
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import conditions
import guards
from plants import PLANTS

TOP = Path(__file__).resolve().parents[2]
COPY = TOP / "build/mutation/source"
BUILD = TOP / "build/mutation/build"
COPIED = ("src", "capi", "include", "tests", "docs")
TARGETS = ["unit_core", "unit_engine", "unit_store", "conformance_c", "conformance_cpp", "capi_lifecycle", "capi_batch",
           "capi_leases", "capi_misuse", "capi_hosts", "fault", "vfs", "vfs_without_ofd"]

# Where all SQL of the library passes.
SQL_DOORS = [
    ("src/store/sqlite/connection.cpp", "sqlite3_exec(handle_, sql, nullptr",
     "sqlite3_exec(handle_, ::tse_mutation::sql(sql).c_str(), nullptr"),
    ("src/store/sqlite/connection.cpp", "sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),",
     "sqlite3_prepare_v3(handle_, ::tse_mutation::sql(sql).c_str(), -1,"),
]
# Tables that the compiler works out, where nothing could be switched: in the copy they are made at the start.
COMPILED_TABLE = re.compile(rb"constexpr (CharacterClass \w+\(\[\]\(char c\) \{)")


@dataclass(frozen=True)
class Mutant:
    number: int
    path: str
    line: int
    kind: str
    text: str
    environment: dict
    name: str  # which it keeps when lines move


def the_only(source: str, text: str, what: str) -> int:
    if source.count(text) != 1:
        raise SystemExit(f"{what}: its text stands {source.count(text)} times in the file, not once: {text}")
    return source.index(text)


def edits_of(plant):
    """(file, edit) of each place."""
    statements = [(file, dataclasses.replace(plant, before=before, after=after, is_expression=False))
                  for file, before, after in plant.further]
    return [(file, edit_of(each, (TOP / file).read_text())) for file, each in [(plant.file, plant), *statements]]


def edit_of(plant, source: str):
    at = the_only(source, plant.before, f"plant {plant.name}")
    begin, end = len(source[:at].encode()), len(source[:at + len(plant.before)].encode())
    chosen = f'::tse_mutation::is_planted("{plant.name}")'
    if plant.is_expression:
        return (begin, end, f"({chosen} ? ({plant.after}) : (", "))"), []
    return (begin, end, f"if ({chosen}) {{ {plant.after} }} else {{ ", " }"), []


def rewrite():
    """Writes the copy. The mutants."""
    found, excluded = conditions.find(TOP, "src/core")
    mutants, edits, names = [], {}, {}

    def add(found, environment):
        name = f"{found.path}: {found.kind}: {found.text}"
        names[name] = names.get(name, 0) + 1
        if names[name] > 1:
            name += f" ({names[name]})"
        mutants.append(Mutant(len(mutants) + 1, found.path, found.line, found.kind, found.text, environment, name))

    for plant in PLANTS:
        for file, edit in edits_of(plant):
            edits.setdefault(file, []).append(edit)
    for condition in found:
        number = len(mutants) + 1
        add(condition, {"TSE_MUTANT": str(number)})
        edits.setdefault(condition.path, []).append(conditions.edits_of(number, condition))
    for guard in guards.find(TOP, "src/store/sqlite"):
        add(guard, {"TSE_MUTANT_SQL": guard.before, "TSE_MUTANT_SQL_AFTER": guard.after})

    written = set()
    for directory in COPIED:
        for path in (TOP / directory).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                name = str(path.relative_to(TOP))
                content = conditions.apply(path.read_bytes(), edits.get(name, []))
                if name.startswith("src/core/"):
                    content = COMPILED_TABLE.sub(rb"const \1 ::tse_mutation::at_run_time();", content)
                for door, text, instead in SQL_DOORS:
                    if door == name:
                        the_only(content.decode(), text, "the door of the SQL")
                        content = content.replace(text.encode(), instead.encode())
                write_if_new(COPY / name, content)
                written.add(name)
    write_if_new(COPY / "CMakeLists.txt", (TOP / "CMakeLists.txt").read_bytes())
    for directory in COPIED:
        for path in (COPY / directory).rglob("*"):
            if path.is_file() and str(path.relative_to(COPY)) not in written:
                path.unlink()
    return mutants, excluded


# What is as it was keeps its time, and so is not compiled again.
def write_if_new(path: Path, content: bytes):
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def build():
    flags = f"-O1 -w -D_GLIBCXX_ASSERTIONS -include {TOP / 'tests/mutation/switch.hpp'}"
    configure = ["cmake", "-S", COPY, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Mutation", "-DTASKSTATE_INSTALL=OFF",
                 "-DTASKSTATE_PRECOMPILE=ON",
                 "-DCMAKE_C_COMPILER=clang-14", "-DCMAKE_CXX_COMPILER=clang++-14",
                 "-DCMAKE_C_FLAGS_MUTATION=-O1", f"-DCMAKE_CXX_FLAGS_MUTATION={flags}"]
    if shutil.which("ccache"):
        configure += ["-DCMAKE_C_COMPILER_LAUNCHER=ccache", "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"]
    jobs = os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL", str(os.cpu_count()))
    for command in (configure, ["cmake", "--build", BUILD, "-j", jobs, "--target", *TARGETS]):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise SystemExit(done.stdout[-6000:])
