"""Promises about the sources: who writes, the words of the pages, nothing inline, no long file."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = sorted(path.parent.name for path in ROOT.glob("*/__init__.py") if path.parent.name != "tests")
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
MOST_LINES = 400

# --- only services write ------------------------------------------------------------------------------------

WRITES = {"save", "create", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "delete", "update"}
# Where rows are written: the services of each app, what they are made of, the wiping of the demo, and the plain forms that
# the benchmarks measure the product against.
WRITERS = re.compile(
    r"^(\w+/services(/\w+)?\.py|leads/(projection|handoff_projection|write_columns)\.py|metrics/(rollup|tasks)\.py"
    r"|core/(append_only|bulk_rows|stale|maintenance|outbox|signs)\.py|demo/(loading|wiping)\.py"
    r"|integrations/(journal|chunk|writing|references|running|replaced|undoing|copy_addresses)\.py"
    r"|integrations/(taking_mail|meetings|capturing|capture_sites)\.py|benchmarks/parts/(importing|moves)\.py)$"
)
BULK_WRITES = {"insert_rows", "insert_values", "update_values", "write_columns"}
MODEL_WORDS = ("objects", "_base_manager", "_default_manager")


def database_writes(source: str) -> list[str]:
    """Calls that write rows: through a manager, by core.bulk_rows, or `save` and `delete` of something."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BULK_WRITES:
            found.append(f"{node.func.id} in line {node.lineno}")
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES):
            continue
        text = ast.unparse(node.func)
        through_manager = any(f".{word}." in f".{text}" for word in MODEL_WORDS)
        own = node.func.attr in {"save", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
        if through_manager or own:
            found.append(f"{text} in line {node.lineno}")
    return found


def test_only_services_write():
    found = {}
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            if "migrations" in path.parts or WRITERS.match(name):
                continue
            if writes := database_writes(path.read_text()):
                found[name] = writes
    assert found == {}


@pytest.mark.parametrize(
    "source",
    [
        "lead.save()",
        "Lead.objects.filter(id=1).update(a=1)",
        "Lead.objects.create()",
        "x.bulk_create([])",
        "insert_rows([])",
    ],
)
def test_the_finder_finds(source):
    assert database_writes(source)


# --- templates ----------------------------------------------------------------------------------------------

# The struck words of the glossary, as far as a template could use them in their struck meaning.
STRUCK = [
    r"\bSLA\b",
    r"\bsnapshots?\b",
    r"\brejected\b",
    r"\bdispositions?\b",
    r"\bfollow-ups?\b",
    r"\bobligations?\b",
    r"\bcommitments?\b",
    r"\blevers?\b",
    r"(?<!MQL )(?<!marketing-)(?<!sales-)\bqualified\b",
    r"\breturn on (investment|spend|profit)\b",
    r"\bROI\b",
    r">\s*Admin\s*<",
]


# Rows of an import are rejected (it is decisions on leads that are not), and a mapping has a key called snapshot.
SPEAK_OF_IMPORTS = ("templates/metrics/health.html", "templates/import/")
IMPORT_WORDS = {r"\brejected\b", r"\bsnapshots?\b"}


def words_of(template: str) -> str:
    """What people read: no comments, tags of the template language, attributes other than those that are read out."""
    text = re.sub(r"\{#.*?#\}|\{%\s*comment.*?endcomment\s*%\}", " ", template, flags=re.S)
    read_out = " ".join(re.findall(r'(?:aria-label|title|placeholder|alt)="([^"]*)"', text))
    given = " ".join(re.findall(r'(?:text|title|next|name|sub)="([^"]*)"', text))
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", " ", text, flags=re.S)
    return re.sub(r"<[^>]*>", lambda tag: "<>" if tag else "", text) + " " + read_out + " " + given


@pytest.mark.parametrize("pattern", STRUCK)
def test_no_template_uses_a_struck_word(pattern):
    found = {
        str(path.relative_to(ROOT)): hit
        for path in TEMPLATES
        if not (pattern in IMPORT_WORDS and str(path.relative_to(ROOT)).startswith(SPEAK_OF_IMPORTS))
        and (hit := re.findall(pattern, words_of(path.read_text()), flags=re.I if pattern.islower() else 0))
    }
    assert found == {}


def test_no_template_has_inline_style_or_script():
    for path in TEMPLATES:
        text = path.read_text()
        name = str(path.relative_to(ROOT))
        assert not re.search(r"<style\b|\sstyle=|\son\w+=\"|javascript:", text), name
        for tag in re.findall(r"<script\b[^>]*>", text):
            assert " src=" in tag, f"{name}: {tag}"


INCLUDE = re.compile(r"""{%\s*include\s+"([^"]+)"([^%]*)%}""")


def parts_that_post(sources: dict[str, str]) -> set[str]:
    """Templates that need the token of their page: those with a form, and those that include such a one."""
    found = {name for name, text in sources.items() if "csrf_token" in text}
    while more := {
        name for name, text in sources.items() if name not in found and found & {m[1] for m in INCLUDE.finditer(text)}
    }:
        found |= more
    return found


def test_a_part_with_a_form_is_given_the_token_that_its_page_has():
    sources = {str(path.relative_to(ROOT / "templates")): path.read_text() for path in TEMPLATES}
    posting = parts_that_post(sources)
    assert "console/parts/promise_form.html" in posting
    without = [
        (name, part)
        for name, text in sources.items()
        for part, given in INCLUDE.findall(text)
        if part in posting and given.split()[-1:] == ["only"] and "csrf_token=csrf_token" not in given
    ]
    assert without == []


def test_no_template_marks_text_as_safe():
    for path in TEMPLATES:
        assert not re.search(r"\|\s*safe\b|autoescape off", path.read_text()), path


# --- size ---------------------------------------------------------------------------------------------------


def test_no_file_is_too_long_to_read():
    long = {}
    for folder in (*APPS, "templates", "static", "script", "tests"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix not in {".py", ".html", ".js", ".css"} or {"vendor", "migrations"} & set(path.parts):
                continue
            lines = path.read_text().count("\n")
            if lines > MOST_LINES:
                long[str(path.relative_to(ROOT))] = lines
    assert long == {}
