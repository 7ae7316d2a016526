"""The guards of the SQL, in the schema and in the sources, each with the text that does without it."""
import re
from dataclasses import dataclass
from pathlib import Path

TOKEN = re.compile(r"--[^\n]*|'(?:[^']|'')*'|\"[^\"]*\"|\w+|<>|<=|>=|\|\||\s+|.", re.S)
CONDITION_ENDS = {"THEN", "ORDER", "GROUP", "LIMIT", "RETURNING", "BEGIN", "UNION", "WHERE", "HAVING", "ON", "DO", "ELSE",
                  "END", "SET", ";"}


@dataclass(frozen=True)
class Guard:
    """Wherever `before` is run, `after` is run instead."""
    path: str
    line: int
    kind: str
    text: str
    before: str
    after: str


@dataclass(frozen=True)
class Token:
    text: str
    at: int

    @property
    def end(self):
        return self.at + len(self.text)


def tokens_of(sql: str):
    found = (Token(match.group(), match.start()) for match in TOKEN.finditer(sql))
    return [token for token in found if not token.text.isspace() and not token.text.startswith("--")]


def closing(tokens, opening: int) -> int:
    depth = 0
    for i in range(opening, len(tokens)):
        depth += (tokens[i].text == "(") - (tokens[i].text == ")")
        if depth == 0:
            return i
    return len(tokens)


def parts_of(tokens):
    """The operands of AND and OR at this depth, with the operator that joins them, and of parentheses theirs."""
    joints, depth, between = [], 0, False
    for i, token in enumerate(tokens):
        depth += (token.text == "(") - (token.text == ")")
        if depth > 0 or token.text not in ("AND", "OR", "BETWEEN"):
            continue
        if token.text == "BETWEEN" or between:
            between = not between
        else:
            joints.append(i)
    joint = "OR" if any(tokens[i].text == "OR" for i in joints) else "AND"  # AND binds more tightly
    begin = 0
    for end in [i for i in joints if tokens[i].text == joint] + [len(tokens)]:
        operand, begin = tokens[begin:end], end + 1
        if not operand:
            continue
        yield joint, operand
        inner = operand[1:] if operand[0].text == "NOT" else operand
        if inner[0].text == "(" and closing(inner, 0) == len(inner) - 1 and inner[1].text != "SELECT":
            inner = inner[1:-1]
        nested = list(parts_of(inner)) if len(inner) < len(tokens) else []
        if len(nested) > 1:
            yield from nested


def weakened(joint: str, text: str) -> str:
    """Text that holds always, or never if it is one of several that suffice; parameters stay what they are."""
    if text.rstrip().endswith("="):  # the rest is put together elsewhere: no value equals its negative
        return text.rstrip()[:-1] + "<> -"
    if text.count("(") > text.count(")"):  # IN ( and what is put together elsewhere
        return text + text.split()[0] + ", "
    return f"({text} {'AND 0' if joint == 'OR' else 'OR 1'})"


def changes_of(sql: str):
    """(place, kind, text of the guard, the whole text without it)"""
    tokens = tokens_of(sql)
    texts = [token.text for token in tokens]
    # A piece of a statement that is put together elsewhere may begin within its condition.
    starts_within = texts[0] == "AND" or "AND" in texts and not {"WHERE", "FROM", "SET", "CREATE"} & set(texts)

    def change(begin, end, kind, text, instead):
        return begin, kind, " ".join(text.split()), sql[:begin] + instead + sql[end:]

    def condition(first, last, kind):
        for joint, operand in parts_of(tokens[first:last]):
            begin, end = operand[0].at, operand[-1].end
            text = sql[begin:end]
            yield change(begin, end, kind, text, weakened(joint, text))

    def end_of_condition(first):
        depth = 0
        for i in range(first, len(tokens)):
            depth += (texts[i] == "(") - (texts[i] == ")")
            if depth < 0 or (depth == 0 and texts[i] in CONDITION_ENDS):
                return i
        return len(tokens)

    index = False
    if starts_within:
        first = 1 if texts[0] == "AND" else 0
        yield from condition(first, end_of_condition(first), "AND")
    for i, word in enumerate(texts):
        if word == "CREATE":
            index = texts[i + 1] == "INDEX"
        elif word == "CHECK":
            last = closing(tokens, i + 1)
            inside = list(condition(i + 2, last, "CHECK"))
            whole = sql[tokens[i].at:tokens[last].end]
            yield change(tokens[i].at, tokens[last].end, "CHECK", whole, "CHECK (1)")
            if len(inside) > 1:
                yield from inside
        elif word in ("WHERE", "HAVING", "ON") and not index:
            if word == "ON" and (texts[i + 1] == "CONFLICT" or texts[i + 1].startswith("taskstate_")):
                continue
            yield from condition(i + 1, end_of_condition(i + 1), word)
        elif word == "WHEN":
            last = end_of_condition(i + 1)
            if "THEN" in texts[last:last + 1] or "BEGIN" in texts[last:last + 1]:
                whole = sql[tokens[i + 1].at:tokens[last - 1].end]
                yield change(tokens[i + 1].at, tokens[last - 1].end, "WHEN", whole, "0")
                inside = list(condition(i + 1, last, "WHEN"))
                if len(inside) > 1:
                    yield from inside
        elif word == "RAISE" and texts[i - 1] == "SELECT":
            last = closing(tokens, i + 1)
            whole = sql[tokens[i].at:tokens[last].end]
            yield change(tokens[i].at, tokens[last].end, "RAISE", whole, "NULL")
        elif word == "UNIQUE" and texts[i + 1] == "INDEX":
            yield change(tokens[i].at, tokens[i].end, "UNIQUE", sql[tokens[i].at:tokens[i + 2].end], "")
        elif word == "UNIQUE":
            last = closing(tokens, i + 1)
            whole = sql[tokens[i].at:tokens[last].end]
            yield change(tokens[i].at, tokens[last].end, "UNIQUE", whole, "CHECK (1)")


# --- where the SQL stands ---

def statements_of(schema: str):
    """(offset, text) of each CREATE up to the next."""
    starts = [match.start() for match in re.finditer(r"^CREATE ", schema, re.M)] + [len(schema)]
    return [(begin, schema[begin:end]) for begin, end in zip(starts, starts[1:])]


LITERAL = re.compile(r'"(?:[^"\\\n]|\\.)*"')
SQL_WORDS = re.compile(r"\b(WHERE|AND|HAVING)\b|LEFT JOIN")


def literals_of(source: str):
    """(offset, text) of the string literals that hold SQL; neighbours are one."""
    found, end = [], -1
    for match in LITERAL.finditer(source):
        text = match.group()[1:-1].replace('\\"', '"').replace("\\\\", "\\")
        if found and not source[end:match.start()].strip():
            found[-1] = (found[-1][0], found[-1][1] + text)
        else:
            found.append((match.start(), text))
        end = match.end()
    return [(at, text) for at, text in found if SQL_WORDS.search(text)]


def find(top: Path, directory: str):
    guards = []
    for path in sorted((top / directory).iterdir()):
        if path.suffix not in (".sql", ".cpp"):
            continue
        source = path.read_text()
        for offset, text in statements_of(source) if path.suffix == ".sql" else literals_of(source):
            first_line = source.count("\n", 0, offset) + 1
            for at, kind, guard, after in changes_of(text):
                # Where literals stand on several lines, the first one's.
                line = first_line + (text.count("\n", 0, at))
                guards.append(Guard(str(path.relative_to(top)), line, kind, guard, text, after))
    unique = {}
    for guard in guards:
        unique.setdefault((guard.before, guard.after), guard)
    return list(unique.values())
