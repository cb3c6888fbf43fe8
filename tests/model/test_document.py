"""YAML is read fast where it is plain, whole where it is not, and the same either way, to the type and the column."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from festning.errors import BadFileError
from festning.model.document import read_document
from festning.model.fullyaml import DEEPEST, MOST_VALUES, read_full
from festning.model.plainyaml import read_plain

EXAMPLE = (Path(__file__).parents[2] / "examples" / "nordlys" / "fortress.yaml").read_text()

SCALARS = [
    "NO",
    "off",
    "yes",
    "true",
    "True",
    "null",
    "~",
    "0",
    "1",
    "07",
    "0o17",
    "0x1f",
    "1_0",
    "1.5",
    "1e3",
    ".5",
    ".inf",
    "./shop",
    "../x",
    "4GiB",
    "540 NOK/month",
    "0.09 USD/GiB",
    "0.895 EUR",
    "1 x",
    "1.5 EUR/",
    "2027-01-31 NOK/month",
    "1.2.3.4",
    "1.2.3.0/24",
    "::1",
    "2001:db8::1",
    "2001:db8::/32",
    "1:2:3",
    "12:30:45",
    "2027-01-31",
    "2027-13-01",
    "2027-1-1",
    "a-b",
    "A_b",
    "$x",
    "(y",
    "it's",
    "x#y",
    "é",
    "Ø",
    "a:b",
    "a::",
    "<<",
]
PIECES = [
    *SCALARS,
    *[
        "a b",
        "a  b",
        '"a"',
        '"a # b"',
        "'b'",
        '"\\n"',
        '"a: b"',
        "a: b",
        "a:",
        "a #c",
        "#c",
        "[]",
        "{}",
        "[a, b]",
        "[a,b]",
        "[ a , b ]",
        "{a: b}",
        "{a: , b: }",
    ],
    *[
        "{a: b, c: [d, {e: f}]}",
        "{a, b}",
        "[a: b]",
        "[a,]",
        "{a: b,}",
        "[, a]",
        "{a: \"x\", b: 'y'}",
        '{"a": b}',
        "{a:b}",
        "{a: b:c}",
    ],
    *[
        "[a:b, c]",
        "[a b,  c d ]",
        "[1, 2.0, NO]",
        "{a: 1, a: 2}",
        "[[a], [b]]",
        "[{a: b}]",
        "- a",
        "- - a",
        "- a: b",
        "&x a",
        "*x",
        "!t a",
    ],
    *[
        "",
        "@x",
        "`x",
        "?",
        "? a",
        "---",
        "...",
        "-",
        "[a #b]",
        "[a]#b",
        "{a: b} x",
        '"a" #b',
        '"a"#b',
        '"a" b',
        "[-a]",
        "[- a]",
        '[a"b]',
        "[a",
        "a :b",
        "a : b",
        ">",
        "{a: ::1}",
    ],
]
KEYS = ["a", "b", "c", "d-e", "f_g", "true", "null", "NO", "1", "x y", '"q"', "a.b", "é", "on", ""]

indents = st.sampled_from([0, 0, 0, 2, 2, 2, 4, 1, 3]).map(lambda width: " " * width)
keys = st.builds(str.__add__, st.sampled_from(KEYS), st.sampled_from([": ", ": ", ":  ", ":", " : "])) | st.just("")
dashes = st.sampled_from(["", "", "", "- ", "-  ", "- - "])
values = st.sampled_from(PIECES) | st.just("")
ends = st.sampled_from(["", "", "  # c", " #", "#", " "])
lines = st.builds(lambda *parts: "".join(parts), indents, dashes, keys, values, ends)
soups = st.lists(lines, min_size=1, max_size=6).map("\n".join)


def flow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    names = st.sampled_from("abcdef")
    return st.lists(inner, max_size=3).map(lambda all_: f"[{', '.join(all_)}]") | st.dictionaries(
        names, inner, max_size=3
    ).map(lambda all_: "{" + ", ".join(f"{key}: {value}" for key, value in all_.items()) + "}")


@st.composite
def blocks(draw: st.DrawFn, depth: int = 0) -> list[str]:
    """The lines of a well-formed block."""
    scalars = st.recursive(st.sampled_from(SCALARS), flow, max_leaves=5)
    found: list[str] = []
    listed = depth > 0 and draw(st.booleans())
    for name in draw(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3, unique=True)):
        inner = draw(blocks(depth + 1)) if depth < 3 and draw(st.booleans()) else None
        width = draw(st.sampled_from([2, 2, 4, 1]))
        if inner is None:
            found.append(("- " if listed else f"{name}: ") + draw(scalars) + draw(st.sampled_from(["", "  # c"])))
        elif listed:
            found += [f"- {inner[0]}", *(f"  {line}" for line in inner[1:])]
        else:
            same = inner[0].startswith("-") and draw(st.booleans())
            found += [f"{name}:", *(line if same else " " * width + line for line in inner)]
    return found


texts = soups | blocks().map("\n".join)
RELAXED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def same(one: object, other: object) -> bool:
    """Equal, with equal types all the way down, and keys in one order."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other or one != one


@settings(RELAXED, max_examples=250)
@given(text=texts)
def test_what_is_plain_is_read_as_the_whole_of_yaml_reads_it(text: str) -> None:
    plain = read_plain(text)
    if plain is not None:
        assert same(plain, read_full(text, "f"))


@settings(RELAXED, max_examples=150)
@given(data=st.data())
def test_so_is_a_damaged_example(data: st.DataObject) -> None:
    text = EXAMPLE
    for _ in range(data.draw(st.integers(1, 2))):
        at = data.draw(st.integers(0, len(text) - 1))
        text = text[:at] + data.draw(st.sampled_from(list(" \n:-#,[]{}\"'\ta0.?!&*|>%\u2028\r"))) + text[at + 1 :]
    plain = read_plain(text)
    if plain is not None:
        assert same(plain, read_full(text, "f"))


def test_the_example_is_plain() -> None:
    assert read_plain(EXAMPLE) is not None
    assert same(read_plain(EXAMPLE), read_plain(EXAMPLE.replace("\n", "\r\n")))


@settings(RELAXED, max_examples=150)
@given(text=texts)
def test_the_whole_of_yaml_is_what_ruamel_makes_of_it(text: str) -> None:
    try:
        ours, _ = read_full(text, "f")
    except BadFileError:
        return  # Stricter on purpose: no tags, and keys that are text.
    assert same(pure(ours), pure(YAML(typ="rt", pure=True).load(text)))


def pure(node: object) -> object:
    """Without the library's own classes."""
    if isinstance(node, Mapping):
        return {pure(key): pure(value) for key, value in node.items()}
    if isinstance(node, Sequence) and not isinstance(node, str):
        return [pure(value) for value in node]
    if isinstance(node, datetime.date):
        return node.isoformat()
    if hasattr(node, "tag"):
        return node.value  # A plain << or = as a value: a text.
    return next(
        (kind(node) for kind in (str, float, int) if isinstance(node, kind) and not isinstance(node, bool)), node
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: &x {b: 1, d: 2}\nc: {<<: *x, b: 3}", {"a": {"b": 1, "d": 2}, "c": {"b": 3, "d": 2}}),
        ("a: >\n  b\n  c\nd: |\n  e\n  f\n", {"a": "b c\n", "d": "e\nf\n"}),
        ('a: "\\u00f8\\n"', {"a": "ø\n"}),
        ("%YAML 1.1\n---\na: off\n", {"a": False}),
        ("a: NO\nb: off\nc: 0o17\nd: 12:30:45\n", {"a": "NO", "b": "off", "c": 15, "d": "12:30:45"}),
        ("\ufeffa: b".removeprefix("\ufeff"), {"a": "b"}),
    ],
)
def test_what_is_not_plain(text: str, value: object) -> None:
    assert read_document(text, "f").data == value


BOMB = "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=False)
)
WRONG = {
    "a: &a [*a]": "f:1:8: a.0: *a stands inside of what it names",
    "a: *b": "f:1:4: a: *b names nothing",
    "a: !!python/object:os.system {}": "f:1:4: a: the tag tag:yaml.org,2002:python/object:os.system means nothing here",
    "a: {1: b}": "f:1:5: a: 1 is not text",
    "? [a]\n: b": "f:1:3: what stands here is not text",
    "a: 2027-13-01": "f:1:4: a: 2027-13-01 is not a date",
    f"a: {'9' * 5000}": f"f:1:4: a: {'9' * 59}… is not a whole number",
    "a:\n  b: 1\n  b: 2": "f:3:3: a.b: this key is given twice",
    "a: {<<: 1}": "f:1:5: a: << does not bring a mapping",
    "a: 1\n---\nb: 2": "f:2:1: a second document begins here",
    "a:\n\tb: 1": "f:2:1: this is not YAML: a tab stands here",
    "a: b: c": "f:1:5: this is not YAML: there is a `: ` too many here",
    "a: 'b\nc: d": "f:1:4: this is not YAML: a quote that begins here has no end",
    "a: 1\n b: 2": "f:2:3: this is not YAML: there is a `: ` too many here",
    "a: 1\nb\nc: 2": "f:2:1: this is not YAML: this is no key: there is no `:` after it",
    "a: [1, 2\nb: 3": "f:2:2: this is not YAML: this list or mapping is not closed before here",
    "a: \0": "f:1:4: character U+0000 is not allowed in YAML",
    "a: " + "[" * 100: f"f:1:{4 + DEEPEST - 1}: a.{'0.' * (DEEPEST - 2)}0: this is nested too deeply",
    "a: &a [x]\n" + BOMB: f"this document has more than {MOST_VALUES} values",
    "- a\n- b": "f:1:1: this is not a fortress",
    "": "f:1:1: this is not a fortress",
    "# nothing\n": "f:1:1: this is not a fortress",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_told_with_its_place(text: str) -> None:
    with pytest.raises(BadFileError) as caught:
        read_document(text, "f")
    assert WRONG[text] in str(caught.value)


def test_places_of_what_is_merged_are_where_it_was_written() -> None:
    document = read_document("a: &x\n  b: 1\nc:\n  <<: *x\n  d: [e, f]\n", "f")
    assert document.position(("c", "b")) == (2, 3)
    assert document.position_of("c.d.1") == (5, 10)
    assert document.position_of("c.nothing") == (3, 1)
