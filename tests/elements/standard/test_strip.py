"""Strip, Unstrip, Truncate, CheckLength and StoreData: elements that move or test a packet's ends."""

from __future__ import annotations

from tests.elements.harness import Captured, Case, configuration_errors, run_cases

ODD = [b"", b"a", b"abcdefgh", bytes(range(256)) * 6]
LARGE = bytes(2000)  # a buffer has room for it and little more


def test_bytes_are_removed_added_cut_and_stored_at_both_ends_of_the_packet() -> None:
    results = run_cases(
        {
            "strip": Case("Strip(2)", ODD),
            "strip nothing": Case("Strip(LENGTH 0)", ODD),
            "strip more than there is": Case("Strip(4294967295)", ODD),
            "unstrip what was stripped": Case("Unstrip(3)", ODD[2:], before="Strip(5)"),
            "unstrip more than a buffer": Case("Unstrip(3000)", ODD),
            "unstrip beyond the headroom": Case("Unstrip(600)", [LARGE[:1400]]),
            "unstrip without room": Case("Unstrip(400)", [LARGE]),
            "truncate": Case("Truncate(3)", ODD, handlers=["nbytes"]),
            "truncate again": Case("Truncate(8)", ODD, writes=["nbytes 0"], handlers=["nbytes"]),
            "truncate without the length": Case("Truncate(3, EXTRA_LENGTH false)", ODD),
            "truncate what was snapped": Case("Truncate(3)", [Captured(b"abcdef", 100)]),
            "check": Case("CheckLength(1)", ODD, outputs=2, handlers=["length"]),
            "check and drop": Case("CheckLength(1)", ODD),
            "check written": Case("CheckLength(0)", ODD, outputs=2, writes=["length 8"], handlers=["length"]),
            "check in a pull path": Case("CheckLength(1)", ODD, before="Queue", after="Unqueue"),
            "store": Case(r"StoreData(1, \<00 ff>)", ODD),
            "store nothing": Case('StoreData(0, "")', ODD),
        }
    )
    outputs = {name: result.outputs for name, result in results.items()}
    wide = ODD[3]
    assert outputs["strip"] == [[b"", b"", b"cdefgh", wide[2:]]]
    assert outputs["strip nothing"] == [ODD]
    assert outputs["strip more than there is"] == [[b"", b"", b"", b""]]
    assert outputs["unstrip what was stripped"] == [[b"cdefgh", wide[2:]]]
    assert outputs["unstrip more than a buffer"] == [[]]
    assert [packet[600:] for packet in outputs["unstrip beyond the headroom"][0]] == [LARGE[:1400]]
    assert outputs["unstrip without room"] == [[]]
    assert outputs["truncate"] == [[b"", b"a", b"abc", wide[:3]]]
    assert [packet.wire_length for packet in results["truncate"].captured[0]] == [0, 1, 8, len(wide)]
    assert results["truncate"].handlers == {"nbytes": "3"}
    assert outputs["truncate again"] == [[b"", b"", b"", b""]]
    assert results["truncate again"].handlers == {"nbytes": "0"}
    assert [packet.wire_length for packet in results["truncate without the length"].captured[0]] == [0, 1, 3, 3]
    assert [packet.wire_length for packet in results["truncate what was snapped"].captured[0]] == [100]
    assert outputs["check"] == [[b"", b"a"], [b"abcdefgh", wide]]
    assert results["check"].handlers == {"length": "1"}
    assert outputs["check and drop"] == [[b"", b"a"]]
    assert outputs["check written"] == [[b"", b"a", b"abcdefgh"], [wide]]
    assert results["check written"].handlers == {"length": "8"}
    assert outputs["check in a pull path"] == [[b"", b"a"]]
    assert outputs["store"] == [[b"", b"a", b"a\x00\xffdefgh", b"\x00\x00\xff" + wide[3:]]]
    assert outputs["store nothing"] == [ODD]


def test_a_length_is_required_and_must_be_a_number() -> None:
    assert configuration_errors("Strip", "Unstrip(-1)", "Truncate(x)", "CheckLength(1, 2)", "StoreData(3)") == [
        "config:1: While configuring 'Strip@2 :: Strip':\n"
        "  LENGTH: required argument missing\nRouter could not be initialized!\n",
        "config:1: While configuring 'Unstrip@2 :: Unstrip':\n"
        "  LENGTH: invalid number\nRouter could not be initialized!\n",
        "config:1: While configuring 'Truncate@2 :: Truncate':\n"
        "  LENGTH: invalid number\nRouter could not be initialized!\n",
        "config:1: While configuring 'CheckLength@2 :: CheckLength':\n"
        "  too many arguments\nRouter could not be initialized!\n",
        "config:1: While configuring 'StoreData@2 :: StoreData':\n"
        "  DATA: required argument missing\nRouter could not be initialized!\n",
    ]
