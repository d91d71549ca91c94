"""A run from the cache does what the command line and the files say now."""

from __future__ import annotations

from tests.cli.command import ROOT, Command

CONFIG = "define($LENGTH 60); FromDevice(eth0) -> CheckLength($LENGTH) -> c :: Counter -> Discard;"
LAN0, LAN1 = (f"eth0=pcap:{ROOT}/tests/data/lan{number}-in.pcap" for number in (0, 1))


def count(nmclick: Command, port: str, *more: str) -> int:
    return int(nmclick.fine("run", "a.click", "--port", port, "-h", "c.count", *more))


def test_ports_variables_batches_and_files_are_those_of_this_run(nmclick: Command) -> None:
    nmclick.write("a.click", CONFIG)
    lan0, lan1 = count(nmclick, LAN0), count(nmclick, LAN1)
    assert lan0 != lan1
    assert count(nmclick, LAN0) == lan0
    everything = count(nmclick, LAN0, "LENGTH=2000")
    assert everything > lan0
    assert count(nmclick, LAN0, "--batch=1") == lan0
    nmclick.write("a.click", CONFIG.replace("60", "2000"))
    assert count(nmclick, LAN0) == everything
    nmclick.write("a.click", CONFIG.replace("60", "x"))
    assert nmclick("run", "a.click", "--port", LAN0).status == 1
    nmclick.write("a.click", CONFIG)
    assert count(nmclick, LAN0) == lan0


def test_a_file_that_vanished_is_missed_by_a_run_from_the_cache(nmclick: Command) -> None:
    nmclick.write("a.click", CONFIG)
    copy = nmclick.folder / "in.pcap"
    copy.write_bytes((ROOT / "tests" / "data" / "lan0-in.pcap").read_bytes())
    assert count(nmclick, "eth0=pcap:in.pcap") > 0
    copy.unlink()
    result = nmclick("run", "a.click", "--port", "eth0=pcap:in.pcap")
    assert result.status == 1
    assert "in.pcap" in result.err
