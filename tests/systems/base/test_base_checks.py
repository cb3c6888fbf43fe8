"""Judgements of the ground: what passes, what fails, what the lab waives, and what nobody can tell."""

import subprocess
import sys

import pytest

from festning.model.check import Output, Turn, Verdict
from festning.systems.base.checks import checks
from festning.systems.base.scripts import script

PASS, FAIL, UNKNOWN, WAIVED = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN, Verdict.WAIVED


def judged(fortress, id_, stdout, status=0, host="core1"):
    spec = next(spec for spec in checks(fortress) if (spec.id, spec.host) == (id_, host))
    return spec.judge((Output(status=status, stdout=stdout, stderr="", seconds=1.0),))


DD = "1073741824 bytes (1.1 GB, 1.0 GiB) copied, {} s, {}"


@pytest.mark.parametrize(
    ("stdout", "verdict", "measured"),
    [
        (DD.format("5.36870912", "200 MB/s"), PASS, 200),
        (DD.format("0.536870912", "2.0 GB/s"), PASS, 2000),
        (DD.format("5.5", "195 MB/s"), FAIL, 195),
        (DD.format("2.9e+01", "37 MB/s"), FAIL, 37),
        ("space 1000000000", FAIL, None),
        ("dd: error writing: No space left on device", UNKNOWN, None),
        ("", UNKNOWN, None),
    ],
)
def test_the_large_write(fortress, stdout, verdict, measured):
    judgement = judged(fortress, "base.disk-write", stdout)
    assert (judgement.verdict, judgement.measured) == (verdict, measured)
    assert bool(judgement.reason) is (verdict is not PASS)


def test_in_the_lab_a_slow_disk_is_waived_and_a_fast_one_passes(lab):
    slow, fast = (judged(lab, "base.disk-write", DD.format(seconds, "")) for seconds in ("20", "2"))
    assert slow.verdict is WAIVED
    assert slow.reason.startswith("lab: ")
    assert fast.verdict is PASS


@pytest.mark.parametrize(("p99", "verdict"), [("9.99", PASS), ("10.00", PASS), ("10.01", FAIL)])
def test_commit_latency(fortress, p99, verdict):
    assert judged(fortress, "base.commit-latency", f"commit 0.50 {p99} 300\n").verdict is verdict


def test_the_disk_is_strained_by_one_probe_alone_on_cores_alone(fortress):
    strain = [(spec.host, probe) for spec in checks(fortress) for probe in spec.probes if probe.turn is Turn.STRAIN]
    assert {host for host, _ in strain} == {"core1", "core2"}
    assert len({probe for _, probe in strain}) == 2


@pytest.mark.parametrize(
    ("stdout", "verdict"),
    [("none\nkvm\n", PASS), ("none\nnone\n", PASS), ("docker\nnone\n", FAIL), ("lxc\nkvm\n", FAIL), ("", UNKNOWN)],
)
def test_virtualisation(fortress, stdout, verdict):
    assert judged(fortress, "base.virtualisation", stdout).verdict is verdict


def test_a_container_is_waived_in_the_lab_only(lab):
    judgement = judged(lab, "base.virtualisation", "systemd-nspawn\nkvm\n")
    assert judgement.verdict is WAIVED
    assert judgement.reason.startswith("lab: ")


@pytest.mark.parametrize(
    ("stdout", "verdict", "measured"),
    [
        ("10.8.0.2 3.2 0.40\n", PASS, 3.2),
        ("10.8.0.2 -499.0 0.40\n", PASS, -499.0),
        ("10.8.0.2 -640.0 20.00\n", FAIL, -640.0),
        ("10.8.0.2 490.0 100.00\n", UNKNOWN, 490.0),
        ("10.8.0.2 silent\n", UNKNOWN, None),
    ],
)
def test_clock_offset_with_its_error(fortress, stdout, verdict, measured):
    judgement = judged(fortress, "base.clock-offset", stdout)
    assert (judgement.verdict, judgement.measured) == (verdict, measured)


def test_the_worst_hub_counts_and_a_silent_one_does_not(fortress):
    stdout = "10.8.0.1 1.0 0.4\n10.8.0.2 -700.0 0.4\n"
    assert judged(fortress, "base.clock-offset", stdout, host="edge1").verdict is FAIL
    assert judged(fortress, "base.clock-offset", "10.8.0.1 1.0 0.4\n10.8.0.2 silent\n", host="edge1").verdict is PASS


@pytest.mark.parametrize(
    ("stdout", "status", "verdict"),
    [
        ("examined 4\n", 0, PASS),
        ("key 0644 0:0 /etc/x.key\nexamined 4\n", 0, FAIL),
        ("examined 0\n", 0, UNKNOWN),
        ("", 0, UNKNOWN),
        ("examined 4\n", 1, UNKNOWN),
    ],
)
def test_private_keys(fortress, stdout, status, verdict):
    assert judged(fortress, "base.private-keys", stdout, status).verdict is verdict


@pytest.mark.parametrize(("stdout", "verdict"), [("", PASS), ("x.service loaded failed failed X\n", FAIL)])
def test_failed_units(fortress, stdout, verdict):
    assert judged(fortress, "base.failed-units", stdout).verdict is verdict


def test_time_synchronised(fortress, lab):
    assert judged(fortress, "base.time-synchronised", "yes\n").verdict is PASS
    assert judged(fortress, "base.time-synchronised", "no\n").verdict is FAIL
    assert judged(fortress, "base.time-synchronised", "").verdict is UNKNOWN
    assert judged(lab, "base.time-synchronised", "no\n").verdict is WAIVED


def test_the_key_probe_finds_what_is_too_widely_readable(tmp_path):
    key = "-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----\n"
    for name, mode, text in (
        ("good.pem", 0o600, key),
        ("bad.pem", 0o644, key),
        ("vpn.key", 0o604, "-----BEGIN OpenVPN tls-crypt-v2 client key-----\nAA\n"),
        ("bundle.pem", 0o660, "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n" + key),
        ("public.crt", 0o644, "-----BEGIN CERTIFICATE-----\n"),
        ("quoting.txt", 0o644, "a line with -----BEGIN PRIVATE KEY----- in it"),
    ):
        path = tmp_path / name
        path.write_text(text)
        path.chmod(mode)
    (tmp_path / "link.pem").symlink_to("bad.pem")
    text = script("keys").replace(
        'PLACES = ("/etc", "/srv", "/var/lib", "/usr/local")', f"PLACES = ({str(tmp_path)!r},)"
    )
    printed = subprocess.run([sys.executable, "-"], input=text, capture_output=True, text=True, check=True).stdout
    named = {line.rsplit("/", 1)[1] for line in printed.splitlines() if line.startswith("key ")}
    assert named == {"bad.pem", "vpn.key", "bundle.pem"}
    assert "examined 4\n" in printed
