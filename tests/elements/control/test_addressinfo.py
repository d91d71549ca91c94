"""AddressInfo in a router; tests/lang/test_addressinfo.py has the names themselves."""

from __future__ import annotations

from tests.elements.harness import run_config


def test_names_are_known_to_elements_before_and_after_it_and_in_compounds() -> None:
    result = run_config(
        """
        Idle -> a :: SetIPAddress(host) -> Discard;
        AddressInfo(host 10.0.0.7/24 0:1:2:3:4:5, , gate 10.0.0.1);
        x :: { AddressInfo(host 1.2.3.4); Idle -> SetIPAddress(host) -> SetIPAddress(gate) -> Discard };
        Idle -> EtherEncap(0x0800, host, host:eth) -> Discard;
        DriverManager(stop);
        """
    )
    assert (result.status, result.stderr) == (0, "")


def test_what_is_no_address_is_told() -> None:
    result = run_config("AddressInfo(a, b 1.2.3.4, c foo 1:2, );\nDriverManager(stop);\n")
    assert result.status == 1
    assert result.stderr == (
        "config.click:1: While configuring 'AddressInfo@1 :: AddressInfo':\n"
        "  expected 'NAME [ADDRS]'\n"
        "  'foo' is not a recognizable address\n"
        "  '1:2' is not a recognizable address\n"
        "Router could not be initialized!\n"
    )
