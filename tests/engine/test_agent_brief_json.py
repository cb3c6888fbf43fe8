"""JSON of the agent is the JSON of everybody else."""

from __future__ import annotations

import json
import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festning.engine.agent.brief_json import dumps, loads

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
documents = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(documents)
def test_what_it_writes_and_reads_is_what_json_writes_and_reads(document):
    assert json.loads(dumps(document)) == document
    assert loads(json.dumps(document)) == document
    assert loads(json.dumps(document).encode()) == document


def test_names_of_files_that_are_no_text_survive():
    name = b"caf\xe9".decode("utf-8", "surrogateescape")
    assert json.loads(dumps({"path": name})) == {"path": name}


@pytest.mark.parametrize("text", ["", "{", '{"a"}', "nonsense", "[1,", "{}{}", "{} x", '{"a": 1, "b'])
def test_what_is_no_json_is_an_error(text: str):
    with pytest.raises(ValueError):
        loads(text)


def test_what_is_no_json_is_an_error_without_the_package_too():
    code = "import sys\nfrom festning.engine.agent.brief_json import loads\nassert 'json' not in sys.modules\n"
    code += "try:\n loads('{\"a\": 1, \"b')\nexcept ValueError:\n print('refused')"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "refused\n", done.stderr


def test_what_cannot_be_written_is_an_error():
    with pytest.raises(TypeError):
        dumps({"a": b"bytes"})
    assert math.isnan(loads("NaN"))
