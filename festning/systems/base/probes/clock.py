"""Asks other hosts for their clock by ICMP timestamp (RFC 792), and prints how far the own clock is from theirs.

Arguments are given in ADDRESSES. Prints one line for each: ``ADDRESS OFFSET_MS ROUND_TRIP_MS``, or ``ADDRESS silent``.
The kernel answers, so nothing needs to run at the other end, and the error is at most half the round trip.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import time
from collections.abc import Iterator

ADDRESSES: list[str] = []

_REQUEST, _REPLY = 13, 14
_DAY_MS = 86_400_000
_TRIES = 4
_PATIENCE_S = 1.0


def checksum(packet: bytes) -> int:
    """The Internet checksum (RFC 1071) of an even number of octets."""
    total: int = sum(struct.unpack(f"!{len(packet) // 2}H", packet))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def now_ms() -> float:
    """Milliseconds since midnight UTC, as the protocol counts."""
    return (time.time() * 1000) % _DAY_MS


def apart(later: float, earlier: float) -> float:
    """The difference of two times of the day, across midnight too."""
    return (later - earlier + _DAY_MS / 2) % _DAY_MS - _DAY_MS / 2


def ask(channel: socket.socket, address: str, sequence: int) -> tuple[float, float] | None:
    """Offset (own clock less theirs) and round trip in milliseconds; ``None`` when no answer came."""
    identifier = os.getpid() & 0xFFFF
    sent = now_ms()
    head = struct.pack("!BBHHH", _REQUEST, 0, 0, identifier, sequence)
    body = struct.pack("!III", int(sent), 0, 0)
    summed = struct.pack("!BBHHH", _REQUEST, 0, checksum(head + body), identifier, sequence)
    channel.sendto(summed + body, (address, 0))
    deadline = time.monotonic() + _PATIENCE_S
    while (left := deadline - time.monotonic()) > 0 and select.select([channel], [], [], left)[0]:
        packet, sender = channel.recvfrom(256)
        came = now_ms()
        reply = packet[(packet[0] & 15) * 4 :]
        if sender[0] != address or len(reply) < 20:
            continue
        kind, _, _, theirs, number, _, received, answered = struct.unpack("!BBHHHIII", reply[:20])
        if (kind, theirs, number) != (_REPLY, identifier, sequence):
            continue
        # Their milliseconds are cut off, not rounded: half of one is missing on average.
        offset = (apart(sent, received + 0.5) + apart(came, answered + 0.5)) / 2
        return offset, apart(came, sent)
    return None


def answers_of(channel: socket.socket, address: str) -> Iterator[tuple[float, float]]:
    """A few answers; none after two questions in a row without one, or when there is no route."""
    missed = 0
    for number in range(_TRIES):
        try:
            answer = ask(channel, address, number)
        except OSError:  # No route: the tunnel is down.
            return
        missed = 0 if answer else missed + 1
        if answer:
            yield answer
        if missed == 2:
            return


def main() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as channel:
        for address in ADDRESSES:
            answers = list(answers_of(channel, address))
            if answers:
                offset, round_trip = min(answers, key=lambda answer: answer[1])
                print(f"{address} {offset:.1f} {round_trip:.2f}")
            else:
                print(f"{address} silent")


if __name__ == "__main__":
    main()
