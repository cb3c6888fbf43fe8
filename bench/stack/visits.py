"""Requests from the client: as fast as they are answered (wrk), and at a fixed rate (festning's visitors)."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from bench.stack.ground import READ_PATH, Ground
from bench.stack.tools import command
from bench.stage import RunError, Stage
from festning.model.check import CLIENT
from festning.model.drill import Fate, Outcome
from festning.model.fortress import Host, Service
from festning.model.material import Authority
from festning.proof.figures.doors import quantile
from festning.proof.load.hearing import Hearing
from festning.proof.load.programs import program
from festning.proof.load.stream import Stream
from festning.workflows.hands import LabHands, start_program

CONNECTIONS = 16
SECONDS = 6
TIMEOUT_S = 5
FORGOTTEN_S = 10.0
"""How long front doors count what one address asks. Beyond 10,000 requests at a core they refuse more: without a pause
two runs on a quick machine would count as one."""
OPEN_SECONDS = 12.0
OPEN_MOST = 20_000
PATIENCE_S = 10.0
MOST_BAD = 0.01
"""The share of answers that may be no good before a figure says nothing."""

_SCRIPT = """\
local doors = {{ {doors} }}
local started = 0
local count = 0

wrk.headers["Host"] = "{host}"

-- Straight to the doors: no name server knows them.
function wrk.resolve(_, service)
   wrk.addrs = {{}}
   for _, door in ipairs(doors) do
      wrk.addrs[#wrk.addrs + 1] = wrk.lookup(door, service)[1]
   end
end

function setup(thread)
   thread.addr = wrk.addrs[started % #wrk.addrs + 1]
   thread:set("mine", started)
   started = started + 1
end

function request()
   count = count + 1
   local path = string.gsub("{path}", "{{token}}", "{prefix}" .. mine .. "-" .. count)
   return wrk.format("{method}", path)
end

function done(summary, latency, _)
   local errors = summary.errors
   local unanswered = errors.connect + errors.read + errors.write + errors.timeout
   print(string.format('{{"answers": %d, "refusals": %d, "unanswered": %d, "us": %d, "p99_us": %d}}',
      summary.requests, errors.status, unanswered, summary.duration, latency:percentile(99)))
end
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is asked of a service; ``{token}`` in ``path`` is new for each request."""

    service: Service
    method: str
    path: str


@dataclass(frozen=True, slots=True)
class Rate:
    """What a closed loop came to."""

    per_second: float
    p99_ms: float


def reading(ground: Ground, number: str) -> Ask:
    """One order that is there: one query."""
    return Ask(service=ground.shop, method="GET", path=READ_PATH.replace("{token}", number))


def writing(ground: Ground) -> Ask:
    """A new order each time: one row."""
    assert ground.shop.probe is not None
    return Ask(service=ground.shop, method=ground.shop.probe.method, path=ground.shop.probe.path)


def place(ground: Ground, number: str) -> None:
    """Place one order. Raises :class:`RunError`."""
    ask, address = writing(ground), ground.door.address
    url = f"https://{ask.service.host}{ask.path.replace('{token}', number)}"
    # 2014 denies curl by its name.
    curl = (
        "curl",
        "--silent",
        "--show-error",
        "--fail",
        "--insecure",
        "--user-agent",
        "bench",
        "--request",
        ask.method,
    )
    ground.stage.on_host(CLIENT, *curl, "--resolve", f"{ask.service.host}:443:{address}", url)


def closed_loop(stage: Stage, doors: Sequence[Host], ask: Ask, prefix: str) -> Rate:
    """Each connection asks as soon as it is answered; then nobody asks until front doors have forgotten it.

    Raises :class:`RunError` when too many answers are no good.
    """
    text = script([str(door.address) for door in doors], ask, prefix)
    path = f"/run/{prefix}.lua"
    stage.on_host(CLIENT, "sh", "-c", f"cat >{path}", given=text.encode())
    connections = max(CONNECTIONS, len(doors)) // len(doors) * len(doors)
    arguments = (
        f"--threads {len(doors)} --connections {connections} --duration {SECONDS}s --timeout {TIMEOUT_S}s"
        f" --script {path} https://{ask.service.host}:443/"
    )
    told = stage.on_host(CLIENT, "sh", "-c", command("wrk", arguments)).decode()
    time.sleep(FORGOTTEN_S)
    return rate(told)


def script(addresses: Iterable[str], ask: Ask, prefix: str) -> str:
    """wrk's script: each thread has one of the addresses, and each request a number of its own."""
    doors = ", ".join(f'"{address}"' for address in addresses)
    return _SCRIPT.format(doors=doors, host=ask.service.host, path=ask.path, method=ask.method, prefix=prefix)


def rate(output: str) -> Rate:
    """From what wrk and its script print. Raises :class:`RunError` when too many answers were no good."""
    told = json.loads(output.strip().splitlines()[-1])
    asked = told["answers"] + told["unanswered"]
    good = told["answers"] - told["refusals"]
    if good < (1 - MOST_BAD) * asked or good == 0:
        raise RunError(f"wrk: {asked - good} of {asked} requests had no good answer:\n{output}")
    return Rate(good / (told["us"] / 1e6), told["p99_us"] / 1000)


def open_loop_p99_ms(ground: Ground, ask: Ask, prefix: str, per_second: float) -> float:
    """The 99th percentile of latency from when requests were due, at a fixed rate over kept connections.

    Raises :class:`RunError` when too many answers are no good.
    """
    stream = Stream(
        door=ground.door.name,
        address=str(ground.door.address),
        host=ask.service.host,
        method=ask.method,
        path=ask.path,
        keep=True,
        per_second=per_second,
        book="" if ask.method == "GET" else "bench",
    )
    return p99_ms(asyncio.run(_visited(ground.stage, stream, prefix)))


def p99_ms(outcomes: Sequence[Outcome]) -> float:
    """Of the good ones, from when they were due. Raises :class:`RunError` when too many are no good."""
    good = [one for one in outcomes if one.fate is Fate.OK and one.ended is not None]
    bad = [one for one in outcomes if one.fate is not Fate.OK]
    if len(bad) > MOST_BAD * len(outcomes) or not good:
        why = bad[0].why if bad else "nothing was asked"
        raise RunError(f"{len(bad)} of {len(outcomes)} requests at a fixed rate had no good answer: {why}")
    found = quantile(sorted((one.ended - one.due) * 1000 for one in good if one.ended is not None), 0.99)
    assert found is not None
    return found


async def _visited(stage: Stage, stream: Stream, prefix: str) -> tuple[Outcome, ...]:
    opened = stage.opened()
    orders = {
        "streams": [asdict(stream)],
        "authority": opened.vault.lookup(Authority.WEB.certificate),
        "prefix": prefix,
        "seconds": OPEN_SECONDS,
        "most": OPEN_MOST,
        "patience_s": PATIENCE_S,
        "connecting_s": PATIENCE_S,
    }
    hearing, asked = Hearing(prefix), time.time()
    channel = await start_program(LabHands(stage.lab()), CLIENT, program("visitors", orders))
    try:
        if not hearing.begin(await channel.readline(), asked, time.time()):
            raise RunError(f"the visitors did not start: {(await channel.wait())[1][-300:]}")
        while line := await channel.readline():
            hearing.hear(line)
    finally:
        await channel.close()
    return tuple(hearing.outcomes())
