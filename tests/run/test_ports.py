"""``--port``: devices and what stands in for them."""

from pathlib import Path

import pytest

from nmclick.element import DeviceUse
from nmclick.run.devices import Machine
from nmclick.run.ports import PortWish, Substitution, resolve_ports

MACHINE = Machine(netmap=Path("/nowhere"), names=("lo", "eth0", "eth1"))
DEVICES = [
    (0, DeviceUse("eth0", read=True)),
    (1, DeviceUse("eth0", write=True, options=(("snap_length", 64),))),
    (2, DeviceUse("pcap:in.pcap", read=True)),
]


def resolve(*texts: str) -> tuple[list[str], list[str]]:
    wishes, errors = resolve_ports(DEVICES, [Substitution.parse(text) for text in texts], MACHINE)
    return [f"{wish.name} {wish.spec}" for wish in wishes], [f"{error}; {error.hint}" for error in errors]


def test_without_substitutions_devices_get_the_best_kind_of_port() -> None:
    others = {"chosen": True, "alternatives": ("packet:eth0",)}
    assert resolve_ports(DEVICES, [], MACHINE) == (
        [
            PortWish(0, "eth0", "xdp:eth0", True, False, {}, **others),
            PortWish(1, "eth0", "xdp:eth0", False, True, {"snap_length": 64}, **others),
            PortWish(2, "in.pcap", "pcap:in.pcap", True, False, {}),
        ],
        [],
    )


def test_a_substitution_is_for_both_directions_or_one() -> None:
    specs = [
        ["pipe:a pipe:a", "pipe:a pipe:a"],
        ["null: null:", "eth0 packet:eth0"],
        ["eth0 packet:eth0", "pcap:o pcap:o"],
    ]
    for text, expected in zip(("eth0=pipe:a", "eth0:in=null:", "eth0:out=pcap:o"), specs, strict=True):
        wishes, errors = resolve(text)
        assert (wishes[:2], errors) == (expected, [])


def test_the_direction_is_more_precise_than_the_name() -> None:
    assert resolve("eth0=null:", "eth0:out=pcap:o")[0][:2] == ["null: null:", "pcap:o pcap:o"]


def test_files_can_be_substituted_by_name_or_by_spec() -> None:
    assert resolve("in.pcap=replay:in.pcap")[0][2] == "replay:in.pcap replay:in.pcap"
    assert resolve("pcap:in.pcap=replay:in.pcap")[0][2] == "replay:in.pcap replay:in.pcap"


def test_a_device_that_nobody_uses_is_an_error() -> None:
    error = "--port eth1=null:: the configuration does not use 'eth1'; it uses eth0, in.pcap"
    assert resolve("eth1=null:")[1] == [error]


def test_one_file_is_not_read_and_written() -> None:
    assert resolve("eth0=pcap:x")[1] == [
        "--port eth0=pcap:x: 'eth0' is read and written, a capture file is one or the other; "
        "give both: --port eth0:in=pcap:x --port eth0:out=pcap:OTHER"
    ]


@pytest.mark.parametrize("text", ["eth0", "=pcap:x", "eth0=", ""])
def test_what_is_no_substitution_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not NAME=SPEC, such as eth0=pcap:in\.pcap"):
        Substitution.parse(text)


def test_specs_may_hold_equals_signs() -> None:
    assert Substitution.parse("eth0=pcap:a=b") == Substitution("eth0", "", "pcap:a=b")


def test_a_device_that_does_not_exist_is_told_with_the_way_around() -> None:
    _, errors = resolve_ports([(0, DeviceUse("eht0", read=True)), (1, DeviceUse("x"))], [], MACHINE)
    assert [(str(error), error.element, error.hint) for error in errors] == [
        (
            "eht0: there is no such network device",
            0,
            "did you mean 'eth0'? --port eht0=pcap:FILE runs it on a capture file",
        ),
        ("x: there is no such network device", 1, "--port x=pcap:FILE runs it on a capture file"),
    ]


HOST = [(0, DeviceUse("host:eth0", read=True)), (1, DeviceUse("host:eth0", write=True))]


def test_the_host_end_is_a_tap_interface_that_can_be_substituted() -> None:
    wishes, errors = resolve_ports(HOST, [], MACHINE)
    assert (errors, [(wish.name, wish.spec, wish.host_of) for wish in wishes]) == (
        [],
        [("eth0", "tap:eth0", "eth0"), ("eth0", "tap:eth0", "eth0")],
    )
    wishes, errors = resolve_ports(HOST, [Substitution.parse("eth0=pipe:a{1")], MACHINE)
    assert (errors, [wish.spec for wish in wishes]) == ([], ["pipe:a{1", "pipe:a{1"])


def test_a_tohost_without_a_fromhost_needs_netmap() -> None:
    _, errors = resolve_ports(HOST[1:], [], MACHINE)
    assert [(str(error), error.hint) for error in errors] == [
        (
            "ToHost(eth0) requires an initialized FromHost with the same dev_name",
            "FromHost(eth0, ADDR/MASK) makes an interface 'eth0'",
        )
    ]
    _, errors = resolve_ports([*HOST[1:], (2, DeviceUse("netmap:eth0-1", read=True))], [], MACHINE)
    assert errors == []


def test_ports_without_a_name_are_not_shared() -> None:
    assert not PortWish(0, "tap:", "tap:", True, True, {}).shared
    assert PortWish(0, "tap:a", "tap:a", True, True, {}).shared
