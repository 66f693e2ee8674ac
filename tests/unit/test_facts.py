"""Facts survive their way through a file, or say that they did not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unblur.errors import ModelError
from unblur.facts import NetworkFacts, SizeRule

facts = st.builds(
    NetworkFacts,
    name=st.text(),
    summary=st.text(),
    size_rule=st.builds(SizeRule, st.integers(1, 64), st.integers(1, 256)),
    halo_px=st.none() | st.integers(0, 1000),
    metrics=st.dictionaries(st.text(), st.floats(allow_nan=False, allow_infinity=False)),
)


@given(facts)
def test_facts_come_back_from_json(written: NetworkFacts) -> None:
    assert NetworkFacts.from_json(written.to_json()) == written


def test_facts_of_files_from_before_times_were_measured_are_read() -> None:
    old = NetworkFacts.from_json('{"name": "live", "summary": "", "metrics": {"gain_db": 1}}')
    assert old == NetworkFacts("live", "", metrics={"gain_db": 1})
    assert old.measured_on == ""


@pytest.mark.parametrize("text", ["", "{}", '{"name": 1}', "[1]"])
def test_damaged_facts_are_an_error(text: str) -> None:
    with pytest.raises(ModelError, match="the facts in the model file are damaged"):
        NetworkFacts.from_json(text)


@given(st.integers(1, 5000), st.integers(1, 64), st.integers(1, 256))
def test_padding_is_the_least_that_fits(length: int, multiple: int, minimum: int) -> None:
    rule = SizeRule(multiple, minimum)
    padded = length + rule.padding(length)
    assert padded >= max(length, minimum)
    assert padded % multiple == 0
    assert padded - multiple < max(length, minimum)
