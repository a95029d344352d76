"""Traces are continued or begun; what is malformed counts as absent."""

from uuid import UUID

import pytest

from chassis.tracing import Trace

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_trace_is_continued_with_a_span_of_its_own() -> None:
    trace = Trace.of_request(PARENT, "abc")
    assert trace.trace_id == "0af7651916cd43dd8448eb211c80319c"
    assert trace.traceparent.startswith("00-0af7651916cd43dd8448eb211c80319c-")
    assert trace.traceparent != PARENT
    assert (trace.request_id, trace.correlation_id) == ("abc", UUID("0af7651916cd43dd8448eb211c80319c"))


@pytest.mark.parametrize("parent", [None, "", "zz", PARENT.upper(), "00-" + "0" * 32 + "-b7ad6b7169203331-01"])
def test_a_trace_is_begun_where_there_is_none(parent: str | None) -> None:
    first, second = Trace.of_request(parent, None), Trace.of_request(parent, None)
    assert first.trace_id != second.trace_id
    assert first.correlation_id == UUID(first.trace_id)


def test_a_request_id_that_is_a_uuid_correlates() -> None:
    mine = "01a201d2-fb01-7ea4-8581-f84fe237fa29"
    assert Trace.of_request(None, mine).correlation_id == UUID(mine)
    assert Trace.of_request(PARENT, mine).correlation_id == UUID("0af7651916cd43dd8448eb211c80319c")
    assert Trace.of_request(None, "line\nbreak").request_id != "line\nbreak"
