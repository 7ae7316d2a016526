"""The conditions of C++ sources, as edits that let each be flipped at run time."""
import re
from dataclasses import dataclass
from pathlib import Path

from clang.cindex import CursorKind, Index, TokenKind

BOUNDARIES = {"<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal"}
BUILTIN_HEADERS = "/usr/lib/llvm-14/lib/clang/14.0.6/include"


@dataclass(frozen=True)
class Condition:
    """The source between start and end; with an operator, what is to be moved is its boundary."""
    path: str  # relative to the top
    line: int
    start: int
    end: int
    kind: str
    text: str
    name: str = ""  # of the variable that a condition declares
    operator: tuple = ()  # (start, end, text)


class Finder:
    """Collects the conditions of all files of a directory that a translation unit shows."""

    def __init__(self, top: Path, directory: str):
        self.top = top
        self.directory = top / directory
        self.sources = {}  # bytes by path: offsets count bytes
        self.found = {}
        self.excluded = {}  # reasons by place

    def parse(self, unit: Path):
        flags = ["-std=c++20", "-fsyntax-only", f"-I{self.top}/src", f"-I{self.top}/include", f"-I{self.top}/capi",
                 f"-isystem{BUILTIN_HEADERS}"]
        parsed = Index.create().parse(str(unit), args=flags)
        errors = [str(each) for each in parsed.diagnostics if each.severity >= 3]
        if errors:
            raise SystemExit(f"{unit} cannot be parsed: {errors[0]}")
        for child in parsed.cursor.get_children():
            if child.location.file and self.directory in Path(child.location.file.name).parents:
                self.walk(child)

    def walk(self, cursor):
        if cursor.is_default_method():
            return  # what the compiler writes has no source
        getattr(self, f"see_{cursor.kind.name.lower()}", lambda _: None)(cursor)
        for child in cursor.get_children():
            self.walk(child)

    def source(self, path: str) -> bytes:
        if path not in self.sources:
            self.sources[path] = Path(path).read_bytes()
        return self.sources[path]

    def add(self, cursor, kind, name="", operator=()):
        path, (start, end) = str(cursor.location.file or cursor.extent.start.file), range_of(cursor)
        text = self.source(path)[start:end].decode()
        place = (path, start, end, kind)
        if text in ("true", "false"):
            return  # no condition
        line = cursor.extent.start.line
        shown = " ".join(text.split())
        self.found[place] = Condition(str(Path(path).relative_to(self.top)), line, start, end, kind, shown, name, operator)

    def exclude(self, cursor, reason):
        path, (start, end) = str(cursor.extent.start.file), range_of(cursor)
        self.excluded[path, start, end, reason] = reason

    # --- what is looked at, by the kind of the cursor ---

    def see_if_stmt(self, cursor):
        tokens = [token.spelling for token in cursor.get_tokens()]
        if tokens[1:2] == ["constexpr"]:
            return self.exclude(cursor, "if constexpr: decided by the compiler")
        self.see_guard(cursor, "if")

    def see_while_stmt(self, cursor):
        self.see_guard(cursor, "while")

    def see_guard(self, cursor, kind):
        inside = self.in_parentheses(cursor)
        declared = [each for each in inside if each.kind == CursorKind.VAR_DECL]
        if not declared:
            self.add(inside[-1], kind)
        elif kind == "if":
            self.add(declared[0], kind, declared[0].spelling)
        else:
            self.exclude(declared[0], "while with a declaration: has no place for a switch")

    def see_do_stmt(self, cursor):
        self.add(list(cursor.get_children())[-1], "while")

    def see_for_stmt(self, cursor):
        semicolons = self.semicolons(cursor)
        for child in cursor.get_children():
            start, end = range_of(child)
            if semicolons[0] < start and end <= semicolons[1]:
                self.add(child, "for")

    def see_conditional_operator(self, cursor):
        self.add(next(cursor.get_children()), "?:")

    def see_return_stmt(self, cursor):
        for value in cursor.get_children():
            if value.type.spelling == "bool":
                self.add(value, "return")

    def see_binary_operator(self, cursor):
        left, right = cursor.get_children()
        path = str(cursor.extent.start.file)
        start, end = range_of(left)[1], range_of(right)[0]
        between = re.sub(rb"//[^\n]*", lambda m: b" " * len(m.group()), self.source(path)[start:end]).decode()
        operator = between.strip()
        if operator in ("&&", "||"):
            for side in (left, right):
                if self.operator_of(side) != operator:
                    self.add(side, operator)
        elif operator in BOUNDARIES:
            at = start + between.index(operator)
            self.add(cursor, "boundary", operator=(at, at + len(operator), operator))

    # --- helpers ---

    def operator_of(self, cursor):
        while cursor.kind == CursorKind.UNEXPOSED_EXPR and len(list(cursor.get_children())) == 1:
            cursor = next(cursor.get_children())
        if cursor.kind != CursorKind.BINARY_OPERATOR:
            return None
        left, right = cursor.get_children()
        return self.source(str(cursor.extent.start.file))[range_of(left)[1]:range_of(right)[0]].decode().strip()

    @staticmethod
    def in_parentheses(cursor):
        depth, begin, end = 0, None, None
        for token in cursor.get_tokens():
            if token.kind != TokenKind.PUNCTUATION:
                continue
            if token.spelling == "(":
                depth += 1
                begin = begin if begin is not None else token.extent.start.offset
            elif token.spelling == ")":
                depth -= 1
                if depth == 0:
                    end = token.extent.start.offset
                    break
        return [each for each in cursor.get_children() if begin < range_of(each)[0] and range_of(each)[1] <= end]

    @staticmethod
    def semicolons(cursor):
        depth, found = 0, []
        for token in cursor.get_tokens():
            depth += (token.spelling in "([{") - (token.spelling in ")]}") if token.kind == TokenKind.PUNCTUATION else 0
            if token.spelling == ";" and depth == 1:
                found.append(token.extent.start.offset)
        return found


def range_of(cursor):
    return cursor.extent.start.offset, cursor.extent.end.offset


def find(top: Path, directory: str):
    """The conditions, ordered by place, and those that take no switch with the reasons."""
    finder = Finder(top, directory)
    for unit in sorted((top / directory).glob("*.cpp")):
        finder.parse(unit)
    # Of those at one place, the comparison itself is the innermost.
    ordered = sorted(finder.found.values(), key=lambda each: (each.path, each.start, -each.end, bool(each.operator), each.kind))
    excluded = sorted((str(Path(place[0]).relative_to(top)), place[1], reason) for place, reason in finder.excluded.items())
    return ordered, excluded


def edits_of(number: int, condition: Condition):
    """What to put where, so that the number flips the condition: (start, end, before, after), and replacements."""
    if condition.operator:
        start, end, operator = condition.operator
        call = f"::tse_mutation::{BOUNDARIES[operator]}({number}, "
        return (condition.start, condition.end, call, ")"), [(start, end, ",")]
    if condition.name:
        after = f"; ::tse_mutation::flipped({number}, static_cast<bool>({condition.name}))"
        return (condition.start, condition.end, "", after), []
    return (condition.start, condition.end, f"::tse_mutation::flipped({number}, static_cast<bool>(", "))"), []


def apply(source: bytes, edits) -> bytes:
    """Carries the edits out, of which one may stand within another."""
    pieces = []  # (offset, order, text, bytes that it takes the place of)
    for index, ((start, end, before, after), replaced) in enumerate(edits):
        # At one place: what ends comes first, the inner before the outer; then what begins, the outer before the inner.
        pieces.append((start, 1, -end, index, before, 0))
        pieces.append((end, 0, -start, -index, after, 0))
        pieces += [(at, 2, 0, 0, text, until - at) for at, until, text in replaced]
    out, done = [], 0
    for at, _, _, _, text, length in sorted(pieces):
        out += [source[done:at], text.encode()]
        done = at + length
    return b"".join(out + [source[done:]])
