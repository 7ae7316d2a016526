"""Keeps the documents true: what they show is what the sources say.

usage: documents.py <source directory> <lifecycle program>
"""

import pathlib
import re
import subprocess
import sys

source = pathlib.Path(sys.argv[1])
lifecycle = sys.argv[2]
faults = []


def expect(condition, message):
    if not condition:
        faults.append(message)


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.S | re.M)


def in_order(lines, text):
    """The first line that does not follow the one before it in text, or None."""
    at = 0
    for line in lines:
        found = text.find(line, at)
        if found < 0:
            return line
        at = found + len(line)
    return None


# The diagram in concepts.md is the one that the table gives.
concepts = (source / "docs/concepts.md").read_text()
diagram = subprocess.run([lifecycle], check=True, capture_output=True, text=True).stdout
expect(diagram in concepts, "docs/concepts.md does not hold this diagram:\n" + diagram)

# The README's lines are those of the programs that the tests run.
readme = (source / "README.md").read_text()
first = source / "docs/examples/first-steps"
for language, name in (("cpp", "first.cpp"), ("python", "first.py"), ("go", "first.go"), ("c", "first.c")):
    (block,) = blocks(readme, language)
    lines = [line.strip() for line in block.splitlines() if line.strip()]
    if language == "go":  # the program handles each error; the README only shows the calls
        lines = [re.sub(r"^(\w+, )?(err|_, err) :?= ", "", line) for line in lines]
    missing = in_order(lines, (first / name).read_text())
    expect(missing is None, f"README.md, {language}: {name} has no such line here: {missing}")

# The guide's code stands, line for line, in a program that the tests run.
programs = {
    "cpp": ["docs/examples/guide/guide.cpp"],
    "c": ["docs/examples/guide/guide.c"],
    "python": ["docs/examples/guide/guide.py"],
    "go": ["docs/examples/guide/guide.go", "bindings/go/taskstatetest/taskstatetest_cgo_test.go"],
}


def bare(text):
    """The lines without their indentation, and with a comment's column left to the formatter."""
    return "\n".join(re.sub(r"\s+(//|#|/\*) ", r"  \1 ", line.strip()) for line in text.splitlines() if line.strip())


for page in sorted(source.glob("docs/guide/*.md")):
    text = page.read_text()
    for language, names in programs.items():
        run = "\n".join(bare((source / name).read_text()) for name in names)
        for block in blocks(text, language):
            expect(bare(block) in run, f"{page.name}, {language}: no program has these lines:\n{block}")

# Every function of the C interface stands in an example that the tests run.
example = (source / "docs/examples/guide/every_call.c").read_text()
for function in re.findall(r"^TSE_API [^(]*?(tse_\w+)\(", (source / "capi/taskstate.h").read_text(), re.M):
    expect(f"{function}(" in example, f"docs/examples/guide/every_call.c does not call {function}")

# Every link between the documents leads somewhere.
documents = [source / "README.md", source / "CONTRIBUTING.md", *sorted(source.glob("docs/**/*.md")), *sorted(source.glob("bindings/*/README.md"))]
for document in documents:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text()):
        if not re.match(r"[a-z]+:", target):
            expect((document.parent / target).exists(), f"{document.relative_to(source)}: no such file: {target}")
    # Paths in code's type are those of the repository, of src/ or of tests/.
    for name in re.findall(r"`((?:src|tests|capi|include|bindings|docs|engine|core|store)/[\w./*-]+)`", document.read_text()):
        found = any(any((source / top).glob(name.rstrip("/"))) for top in ("", "src", "tests"))
        expect(found, f"{document.relative_to(source)}: no such file: {name}")

# The page about reliability shows what the campaigns have counted.
shown = subprocess.run([source / "tests/campaigns/run", "--document"], check=True, capture_output=True, text=True).stdout
expect(shown == (source / "docs/reliability.md").read_text(),
       "docs/reliability.md is not what docs/reliability.json says: tests/campaigns/run --document")

for fault in faults:
    print(fault)
print(f"{len(documents)} documents, {len(faults)} faults")
sys.exit(1 if faults else 0)
