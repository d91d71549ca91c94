"""``nmclick elements``: the list of classes and their manual pages."""

from __future__ import annotations

import json
import re

from tests.cli.command import Command


def test_the_list_is_by_family_with_a_summary(nmclick: Command) -> None:
    out = nmclick.fine("elements")
    assert "\nstandard\n" in out
    assert "\n  Discard              " in out
    standard = out.split("\nstandard\n")[1].split("\n\n")[0].splitlines()
    names = [line.split()[0] for line in standard]
    assert names == sorted(names)
    assert all(len(line.split()) > 1 for line in standard)


def test_a_page_shows_what_the_class_declares(nmclick: Command) -> None:
    out = nmclick.fine("elements", "CheckIPHeader")
    assert out.startswith("CheckIPHeader([OLD...], [INTERFACES interfaces], ")
    assert (
        "\nPorts\n  1 input, 1 to 2 outputs (1/1-2)\n  processing a/ah: inputs agnostic; outputs agnostic, then push\n"
        in out
    )
    assert re.search(r"\n  CHECKSUM +keyword, true or false \(default true\)\n", out)
    assert re.search(r"\nHandlers\n(  .*\n)*  drops +read\n", out)
    assert "\nDrop reasons\n" in out
    assert "\n  checksum        the header checksum is wrong\n" in out
    assert "\nAnnotations\n  writes  DST_IP, network_header, transport_header\n" in out


def test_a_page_can_be_asked_for_by_another_name(nmclick: Command) -> None:
    data = json.loads(nmclick.fine("elements", "--json"))
    aliases = {alias: entry["name"] for entry in data for alias in entry["aliases"]}
    for alias, name in list(aliases.items())[:2]:
        assert nmclick.fine("elements", alias) == nmclick.fine("elements", name)


def test_an_unknown_class_is_an_error_with_a_hint(nmclick: Command) -> None:
    result = nmclick("elements", "Cuonter")
    assert (result.status, result.err) == (1, "unknown element class 'Cuonter': did you mean `Counter`?\n")


def test_pages_as_json_hold_everything(nmclick: Command) -> None:
    (page,) = json.loads(nmclick.fine("elements", "Strip", "--json"))
    assert (page["name"], page["family"], page["ports"]) == ("Strip", "standard", "1/1")
    assert [argument["name"] for argument in page["arguments"]] == ["LENGTH"]
    assert page["arguments"][0]["required"] is True
