"""The clock probe's arithmetic."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festning.systems.base.probes.clock import apart, checksum

DAY = 86_400_000


@given(earlier=st.floats(0, DAY - 1), difference=st.floats(-DAY / 2 + 1, DAY / 2 - 1))
def test_differences_hold_across_midnight(earlier, difference):
    assert apart((earlier + difference) % DAY, earlier) == pytest.approx(difference, abs=1e-3)


@given(st.binary(min_size=20, max_size=20))
def test_a_packet_with_its_checksum_sums_to_nothing(octets):
    packet = octets[:2] + b"\0\0" + octets[4:]
    whole = packet[:2] + struct.pack("!H", checksum(packet)) + packet[4:]
    assert checksum(whole) == 0
