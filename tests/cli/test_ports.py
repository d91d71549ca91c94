"""``nmclick ports``: how a census looks, and one of real ports."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

from nmclick.cli.porttables import as_data, plain
from nmclick.machine.interfaces import Interface
from nmclick.run.census import AttachedPort, Census, Counts, Device, Rate, rate
from nmclick.run.provider import Region
from tests.cli.command import Command

ETH0 = Interface("eth0", True, True, False, "ixgbe", 1500, 4, 4)
LO = Interface("lo", True, False, True, "", 65536, 1, 1)
A = AttachedPort("vale0:a", "vale", "user space", 77, 1, 2, 1024, 512, 2, 3072, Counts(0, 1000))
B = AttachedPort("vale0:b", "vale", "user space", 78, 1, 1, 256, 256, 3, 512, Counts(900, 5, 100, 17))
PIPE = AttachedPort("x}1", "pipe", "user space", 0, 1, 1, 1024, 1024, 4, 1024, Counts(0, 0))
KERNEL = AttachedPort("vale1:k", "vale", "kernel", 0, 1, 1, 1024, 1024, 2)
BEFORE = Census(
    10.0,
    ports=(replace(A, counts=Counts(0, 0)), replace(B, counts=Counts(0, 5, 0, 0))),
    devices=(Device(ETH0, Counts(0, 0)),),
    provider_pid=70,
    kernel=True,
)
NOW = Census(
    12.0,
    ports=(PIPE, B, A, KERNEL),
    regions=(Region(2, 77, 42_400_000, 20_480, 3072),),
    devices=(Device(ETH0, Counts(3_000_000, 21)), Device(LO, Counts(0, 0))),
    provider_pid=70,
    kernel=True,
)


def test_ports_are_grouped_by_switch_with_their_rates() -> None:
    assert plain(BEFORE, NOW) == (
        "switch vale0\n"
        "  port     process      rings           slots  region  buffers  waiting       rx       tx  dropped\n"
        "  vale0:a       77  1 tx 2 rx  1024 tx 512 rx       2     3072        0    0 pps  500 pps        0\n"
        "  vale0:b       78  1 tx 1 rx   256 tx 256 rx       3      512       17  450 pps    0 pps      100\n"
        "\n"
        "switch vale1 in the kernel\n"
        "  port     process      rings            slots  region  buffers  waiting  rx  tx  dropped\n"
        "  vale1:k        -  1 tx 1 rx  1024 tx 1024 rx       2        -        -   -   -        -\n"
        "\n"
        "pipes\n"
        "  port  process      rings            slots  region  buffers  waiting  rx  tx  dropped\n"
        "  x}1         -  1 tx 1 rx  1024 tx 1024 rx       4     1024        0   -   -        0\n"
        "\n"
        "memory regions\n"
        "  region  process     size  buffers in use\n"
        "  2            77  42.4 MB   3072 of 20480\n"
        "\n"
        "network interfaces\n"
        "  interface  ports                     driver    MTU     queues         rx      tx\n"
        "  eth0       xdp:eth0 packet:eth0  up  ixgbe    1500  4 rx 4 tx  1.50 Mpps  10 pps\n"
        "  lo         packet:lo             up  -       65536  1 rx 1 tx          -       -\n"
    )


@pytest.mark.parametrize(
    ("pid", "kernel", "reason"),
    [
        (0, False, "no switch process runs; no kernel netmap"),
        (70, True, "switch process 70 has none; the kernel's netmap has no switch in use"),
    ],
)
def test_that_nothing_is_attached_is_said(pid: int, kernel: bool, reason: str) -> None:
    census = Census(1.0, provider_pid=pid, kernel=kernel)
    assert plain(None, census) == f"no switches, pipes or attached ports ({reason})\n"


def test_who_could_not_be_asked_is_not_said_to_be_absent() -> None:
    census = Census(1.0, notes=("cannot ask the switch process: timed out",))
    assert plain(None, census) == "cannot ask the switch process: timed out\n"


def test_a_folder_of_somebody_elses_is_named_with_the_cure(nmclick: Command) -> None:
    private = nmclick.folder / "netmap"
    private.mkdir(mode=0o755)
    cure = (
        f"{private} belongs to or can be entered by somebody else: chmod 700 it, or name another folder in "
        "NMCLICK_NETMAP"
    )
    told = nmclick.fine("ports", "-i", "0", NMCLICK_NETMAP=str(private))
    assert told.startswith(f"cannot ask the switch process: {cure}\n")
    assert "no switch process" not in told
    result = nmclick("run", "-e", "FromNetmap(vale0:a) -> Discard", NMCLICK_NETMAP=str(private))
    assert result.status == 1
    assert f"vale0:a: the user-space provider: {cure}" in result.err


def test_a_port_of_another_process_is_said_to_be_its_own(nmclick: Command) -> None:
    private = nmclick.folder / "netmap"
    private.mkdir(mode=0o700)
    where = {"NMCLICK_NETMAP": str(private)}
    process = nmclick.start("run", "-e", 'FromNetmap(vale0:b/R) -> Discard; Script(print "ready")', **where)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        result = nmclick("run", "-e", "Idle -> ToNetmap(vale0:b/T)", **where)
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert result.status == 1
    assert (
        "vale0:b/T: it is open elsewhere: in user space a port belongs to one process, and with '/x' to one user of it"
        in result.err
    )


def test_a_port_that_is_new_or_was_made_anew_has_no_rate() -> None:
    assert rate(Counts(10, 20, 1), Counts(30, 20, 2), 2.0) == Rate(10, 0, 0.5)
    assert rate(None, Counts(30, 20), 2.0) is None
    assert rate(Counts(10, 20), Counts(3, 0), 2.0) is None
    assert rate(Counts(10, 20), Counts(10, 20), 0.0) is None


def test_json_tells_rates_as_numbers_and_null_for_what_is_unknown() -> None:
    data = as_data(BEFORE, NOW)
    by_name = {port["name"]: port for port in data["ports"]}
    assert by_name["vale0:b"]["rates"] == {"rx": 450.0, "tx": 0.0, "dropped": 50.0}
    assert (by_name["vale0:b"]["switch"], by_name["vale0:b"]["pid"]) == ("vale0", 78)
    assert (by_name["x}1"]["rates"], by_name["x}1"]["switch"], by_name["x}1"]["pid"]) == (None, None, None)
    assert by_name["vale1:k"]["counts"] is None
    assert data["interfaces"][0]["kinds"] == ["xdp", "packet"]
    assert (data["switch_process"], data["kernel_netmap"], data["notes"]) == (70, True, [])
    json.dumps(data)


def test_running_ports_are_listed(nmclick: Command) -> None:
    private = nmclick.folder / "netmap"
    private.mkdir(mode=0o700)
    where = {"NMCLICK_NETMAP": str(private)}
    quiet = json.loads(nmclick.fine("ports", "-i", "0", "--json", **where))
    assert [port for port in quiet["ports"] if port["provider"] == "user space"] == []
    process = nmclick.start(
        "run",
        "-e",
        "RatedSource(RATE 2000, LENGTH 60) -> ToNetmap(vale0:a); FromNetmap(vale0:b) -> Discard;"
        "FromNetmap(netmap:x{1) -> Discard",
        **where,
    )
    try:
        deadline = time.monotonic() + 50
        found: dict[str, dict[str, object]] = {}
        while time.monotonic() < deadline and not (found.get("vale0:b", {}).get("counts") or {"rx": 0})["rx"]:  # type: ignore[index]
            told = json.loads(nmclick.fine("ports", "--interval=0", "--json", **where))
            found = {port["name"]: port for port in told["ports"]}
            time.sleep(0.1)
        assert {name: (port["kind"], port["switch"]) for name, port in found.items()} == {
            "vale0:a": ("vale", "vale0"),
            "vale0:b": ("vale", "vale0"),
            "x{1": ("pipe", None),
            "x}1": ("pipe", None),
        }
        assert found["vale0:a"]["pid"] == found["x{1"]["pid"] == process.pid
        told = json.loads(nmclick.fine("ports", "-i", "0.5", "--json", **where))
        (b,) = [port for port in told["ports"] if port["name"] == "vale0:b"]
        assert 1000 < b["rates"]["rx"] < 3000
    finally:
        process.terminate()
        process.communicate(timeout=30)


@pytest.mark.parametrize("word", ["-1", "x", "nan", "1e9"])
def test_an_interval_is_a_number_of_seconds(nmclick: Command, word: str) -> None:
    result = nmclick("ports", f"--interval={word}")
    assert (result.status, result.err) == (
        2,
        f"nmclick ports: --interval is '{word}', not a number of seconds from 0 to 3600\n"
        "Try 'nmclick ports --help' for more information.\n",
    )
