"""Judgements of the bridge, and the parser of what a hub says of itself."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest

from festning.model.check import Output, Verdict
from festning.model.material import Authority, Certificate
from festning.systems.openvpn.checks import checks
from festning.systems.openvpn.facts import Tunnel, parse_status
from festning.vault.certificates import make_authority, make_leaf

STATUS = """\
TITLE,OpenVPN 2.6.14 x86_64-pc-linux-gnu [SSL (OpenSSL)] [LZO] [LZ4] [EPOLL] [PKCS11] [MH/PKTINFO] [AEAD] [DCO]
TIME,2026-11-22 19:47:12,1795376832
HEADER,CLIENT_LIST,Common Name,Real Address,Virtual Address,Virtual IPv6 Address,Bytes Received,Bytes Sent,\
Connected Since,Connected Since (time_t),Username,Client ID,Peer ID,Data Channel Cipher
CLIENT_LIST,core2,198.18.0.12:45452,10.8.1.2,,5210,5534,2026-11-22 19:46:49,1795376809,UNDEF,0,0,AES-256-GCM
CLIENT_LIST,arbiter,198.18.0.18:4545,10.8.1.8,,10,20,2026-11-22 19:46:49,1795376809,UNDEF,1,1,AES-256-GCM
CLIENT_LIST,edge1,198.18.0.21:4545,10.8.1.16,,10,20,2026-11-22 19:46:49,1795376809,UNDEF,2,2,AES-256-GCM
CLIENT_LIST,edge2,198.18.0.22:4545,10.8.1.17,,10,20,2026-11-22 19:46:49,1795376809,UNDEF,3,3,CHACHA20-POLY1305
HEADER,ROUTING_TABLE,Virtual Address,Common Name,Real Address,Last Ref,Last Ref (time_t)
ROUTING_TABLE,10.8.0.2/32,core2,198.18.0.12:45452,2026-11-22 19:46:49,1795376809
GLOBAL_STATS,Max bcast/mcast queue length,0
GLOBAL_STATS,dco_enabled,0
END
"""


def judged(fortress, id_, stdout, status=0, host="core1"):
    spec = next(spec for spec in checks(fortress) if (spec.id, spec.host) == (id_, host))
    return spec.judge((Output(status=status, stdout=stdout, stderr="", seconds=1.0),))


def test_the_status_file_is_read_by_its_own_header():
    status = parse_status(STATUS)
    assert status.at == 1795376832
    assert not status.offloaded
    assert status.tunnels[0] == Tunnel("core2", "198.18.0.12:45452", "AES-256-GCM", 1795376809, 5210, 5534)
    assert parse_status(STATUS.replace("dco_enabled,0", "dco_enabled,1")).offloaded


@pytest.mark.parametrize("text", ["", "OpenVPN CLIENT LIST\n", STATUS.partition("GLOBAL_STATS")[0]])
def test_what_is_no_whole_status_file_is_refused(text):
    with pytest.raises(ValueError):
        parse_status(text)


def test_a_hub_with_exactly_the_declared_hosts_passes(fortress):
    judgement = judged(fortress, "openvpn.hub", STATUS)
    assert judgement.verdict is Verdict.PASS
    assert judgement.measured == "4 of 4, AES-256-GCM, CHACHA20-POLY1305, in user space"


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        ("CLIENT_LIST,edge2", "CLIENT_LIST,edge9", "not declared: edge9"),
        ("CLIENT_LIST,edge2", "CLIENT_LIST,edge9", "not connected: edge2"),
        ("CHACHA20-POLY1305", "AES-256-CBC", "edge2 has the cipher AES-256-CBC"),
    ],
)
def test_a_hub_with_others_or_with_a_bad_cipher_fails(fortress, before, after, word):
    judgement = judged(fortress, "openvpn.hub", STATUS.replace(before, after))
    assert judgement.verdict is Verdict.FAIL
    assert word in judgement.reason


def pings(address, times):
    return "".join(f"64 bytes from {address}: icmp_seq={n} ttl=64 time={time} ms\n" for n, time in enumerate(times))


@pytest.mark.parametrize(
    ("link", "bridge", "verdict", "measured"),
    [
        ([0.5] * 5, [0.4, 0.6, 0.5, 9.0, 0.5], Verdict.PASS, 0.4),
        ([0.5] * 4, [0.5] * 4, Verdict.PASS, 0.5),
        ([0.5] * 5, [0.5] * 3, Verdict.FAIL, None),
        ([], [0.5] * 5, Verdict.FAIL, None),
        ([6.0] * 5, [6.0] * 5, Verdict.FAIL, 6.0),
    ],
)
def test_a_tunnel_within_norway(fortress, link, bridge, verdict, measured):
    judgement = judged(fortress, "openvpn.tunnel.core2", pings("10.8.2.2", link) + pings("10.8.0.2", bridge))
    assert (judgement.verdict, judgement.measured) == (verdict, measured)


def test_a_tunnel_across_borders_may_take_longer(fortress):
    stdout = pings("10.8.1.1", [30] * 5) + pings("10.8.0.1", [30] * 5)
    assert judged(fortress, "openvpn.tunnel.core1", stdout, host="edge1").verdict is Verdict.PASS
    assert judged(fortress, "openvpn.tunnel.core1", stdout, host="arbiter").verdict is Verdict.FAIL


NOW = 1_800_000_000
DAY = 86400


def certificate(begins, ends, path="/etc/openvpn/festning/host.crt"):
    return f"certificate {NOW + begins * DAY} {NOW + ends * DAY} {path} /CN=core1\n"


@pytest.mark.parametrize(
    ("lines", "verdict", "measured"),
    [
        (certificate(-1, 100) + certificate(-1, 400), Verdict.PASS, 100),
        (certificate(-1, 13), Verdict.FAIL, 13),
        (certificate(-1, -2), Verdict.FAIL, -2),
        (certificate(1, 100), Verdict.FAIL, 100),
        (certificate(-1, 100, "/etc/other.crt"), Verdict.FAIL, None),
        (certificate(-1, 100) + "unreadable /etc/x.pem\n", Verdict.FAIL, 100),
    ],
)
def test_certificates(fortress, lines, verdict, measured):
    judgement = judged(fortress, "openvpn.certificates", f"now {NOW}\n{lines}")
    assert (judgement.verdict, judgement.measured) == (verdict, measured)


def test_certificates_that_were_not_read(fortress):
    assert judged(fortress, "openvpn.certificates", "", 1).verdict is Verdict.UNKNOWN


def test_the_certificate_probe_reads_every_certificate_of_a_bundle(tmp_path):
    now = datetime.now(UTC)
    root = make_authority(Authority.BRIDGE, "nordlys", now)
    leaf = make_leaf(Certificate(authority=Authority.BRIDGE, name="core1"), root.certificate, root.key, now)
    (tmp_path / "bundle.pem").write_text(leaf.certificate + root.certificate + leaf.key)
    source = files("festning.systems.openvpn.probes").joinpath("certificates.py").read_text()
    places = 'PLACES = ("/etc", "/srv/festning", "/var/lib/festning")'
    assert places in source
    source = source.replace(places, f"PLACES = ({str(tmp_path)!r},)")
    printed = subprocess.run([sys.executable, "-"], input=source, capture_output=True, text=True, check=True).stdout
    found = [line.split() for line in printed.splitlines() if line.startswith("certificate ")]
    ends = [datetime.fromtimestamp(int(line[2]), UTC) for line in found]
    assert [end - now > timedelta(days=2000) for end in ends] == [False, True]
