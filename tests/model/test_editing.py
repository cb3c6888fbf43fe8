"""Single keys of an entry are changed, and nothing else: whatever the line looks like, or the file is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from festning.errors import BadFileError
from festning.model.document import read_document
from festning.model.editing import Changes, edit_host

LEAVING = {"site": "dublin", "first": 1, "count": 2}
PAIRS = {"site": "dublin", "role": "edge", "count": 2, "size": "t3.small", "traffic": "300GiB"}
HEAD = "fortress: x # æ 🏰\nhosts:\n  core1: {site: oslo, role: core}\n"
TAIL = "  other: {site: dublin, role: edge, count: 2}\nservices: {}\n"


def entries(text: str) -> Any:
    return read_document(text, "f").data["hosts"]


@st.composite
def written(draw: st.DrawFn) -> str:
    """The entry of a group in some style, with comments, quotes and spaces wherever YAML lets them be."""
    keys = draw(st.permutations(list(PAIRS)))
    spaces = st.sampled_from(["", " ", "   "])
    quoted = st.sampled_from(["{}", '"{}"', "'{}'"])
    name = draw(quoted).format("edge")

    def pair(key: str) -> str:
        value = str(PAIRS[key])
        if isinstance(PAIRS[key], str):
            value = draw(quoted).format(value)
        return f"{draw(quoted).format(key)}: {draw(spaces)}{value}"

    if draw(st.booleans()):
        comment = st.sampled_from(["", "  # why, {not} count: 7", " #"])
        lines = [f"    {pair(key)}{draw(comment)}" for key in keys]
        gaps = [draw(st.sampled_from(["", "\n", "    # count: 9\n"])) for _ in keys]
        return f"  {name}:{draw(comment)}\n" + "".join(f"{gap}{line}\n" for gap, line in zip(gaps, lines, strict=True))
    separators = [draw(st.sampled_from([", ", ",", " , ", ",\n     ", ", # more\n     "])) for _ in keys[1:]]
    parts = [pair(keys[0])]
    for separator, key in zip(separators, keys[1:], strict=True):
        parts += [separator if separator != "," else ", ", pair(key)]
    end = draw(st.sampled_from(["}", " }", ",}"]))
    return f"  {name}: {{{draw(spaces)}{''.join(parts)}{end}{draw(st.sampled_from(['', ' # end']))}\n"


@settings(deadline=None, max_examples=30)
@given(entry=written(), count=st.integers(1, 1000), ending=st.sampled_from(["\n", "\r\n"]))
def test_a_count_is_one_token(entry: str, count: int, ending: str) -> None:
    text = (HEAD + entry + TAIL).replace("\n", ending)
    edited = edit_host(text, "f", "edge", {"count": count})
    assert entries(edited) == {**entries(text), "edge": {**entries(text)["edge"], "count": count}}
    assert edit_host(edited, "f", "edge", {"count": 2}) == text
    assert len(edited) - len(text) == len(str(count)) - 1


@settings(deadline=None, max_examples=30)
@given(entry=written(), ending=st.sampled_from(["\n", "\r\n"]))
def test_what_was_added_is_taken_away_without_a_trace(entry: str, ending: str) -> None:
    text = (HEAD + entry + TAIL).replace("\n", ending)
    there: Changes = {"site": "frankfurt", "first": 3, "leaving": LEAVING}
    edited = edit_host(text, "f", "edge", there)
    assert entries(edited)["edge"] == {**PAIRS, **there}
    assert edit_host(edited, "f", "edge", {"site": "dublin", "first": None, "leaving": None}).replace('"', "").replace(
        "'", ""
    ) == text.replace('"', "").replace("'", "")


def test_a_count_that_is_missing_is_added() -> None:
    text = f"{HEAD}  edge: {{site: dublin, role: edge}} # two\n"
    assert "  edge: {site: dublin, role: edge, count: 3} # two\n" in edit_host(text, "f", "edge", {"count": 3})
    text = f"{HEAD}  edge:\n    site: dublin # here\n    role: edge"
    assert edit_host(text, "f", "edge", {"count": 3}) == f"{text}\n    count: 3"


def test_texts_that_yaml_would_take_for_something_else_are_quoted() -> None:
    text = f"{HEAD}  edge: {{site: dublin, role: edge, size: a}}\n"
    for size in ("yes", "null", "1e3", "a, b", "n: 1", "t3.small # big", "2x", 'a"b'):
        assert entries(edit_host(text, "f", "edge", {"size": size}))["edge"]["size"] == size


@pytest.mark.parametrize(
    "entry",
    [
        "  edge: &edge {site: dublin, role: edge, count: 2}\n  more: *edge\n",
        "  edge: {site: dublin, role: edge, count: &n 2}\n  more: {count: *n}\n",
        "  more: &edge {site: dublin, role: edge, count: 2}\n  edge: *edge\n",
        "  edge: {site: dublin, role: edge, count: !!int 2}\n",
    ],
)
def test_anchors_are_refused_with_their_place(entry: str) -> None:
    with pytest.raises(BadFileError) as told:
        edit_host(HEAD + entry, "f", "edge", {"count": 3})
    (problem,) = told.value.problems
    assert problem.key_path == "hosts.edge"
    assert problem.line in (4, 5)
    assert "count cannot be changed here" in problem.message
    assert problem.hint


def test_what_merge_keys_bring_is_left_where_it_is() -> None:
    text = f"defaults: &d {{role: edge, count: 2}}\n{HEAD}  edge:\n    <<: *d\n    site: dublin\n"
    edited = edit_host(text, "f", "edge", {"count": 3})
    assert edited == f"{text}    count: 3\n"
    assert entries(edited)["edge"]["count"] == 3


def test_nothing_else_of_the_file_may_change_with_it() -> None:
    text = "hosts: &all\n  edge: {site: dublin, role: edge, count: 2}\ncopy: *all\n"
    with pytest.raises(BadFileError):
        edit_host(text, "f", "edge", {"count": 3})
