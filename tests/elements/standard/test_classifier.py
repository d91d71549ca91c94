"""Classifier: its arguments and outputs; the patterns themselves are tested in tests/classify."""

from __future__ import annotations

from tests.elements.harness import Case, configuration_errors, run_cases, run_config

ARP = bytes(12) + b"\x08\x06" + bytes(6) + b"\0\1" + bytes(20)
IP = bytes(12) + b"\x08\x00" + bytes(46)
ODD = [b"", b"\1", bytes(13), ARP, IP]


def test_the_first_pattern_that_matches_has_the_packet() -> None:
    results = run_cases(
        {
            "types": Case("Classifier(12/0806 20/0001, 12/0800, -)", ODD, 3, handlers=["program"]),
            "no match": Case("Classifier(12/0800)", ODD),
            "everything": Case("Classifier(-)", ODD),
            "negated past the end": Case("Classifier(!13/00, 0/0?, -)", ODD, 3),
            "masked": Case("Classifier(13/02%02, 0/01)", ODD, 2),
        }
    )
    assert {name: result.outputs for name, result in results.items()} == {
        "types": [[ARP], [IP], [b"", b"\1", bytes(13)]],
        "no match": [[IP]],
        "everything": [ODD],
        "negated past the end": [[b"", b"\1", bytes(13), ARP], [IP], []],
        "masked": [[ARP], [b"\1"]],
    }
    assert results["types"].handlers["program"].startswith(" 0  12/08060000%ffff0000  yes->step 1  no->step 2")


def test_classifiers_behind_each_other_agree_with_their_patterns() -> None:
    result = run_config(
        """
        FromDump(in.pcap, STOP true) -> a :: Classifier(12/08, -);
        a [0] -> b :: Classifier(12/0806, 12/0800);
        a [1] -> ToDump(other.pcap);
        b [0] -> ToDump(arp.pcap);
        b [1] -> ToDump(ip.pcap);
        """,
        {"in": ODD},
    )
    assert [result.data(name) for name in ("arp", "ip", "other")] == [[ARP], [IP], ODD[:3]]


def test_mistakes_in_patterns_are_all_reported() -> None:
    assert configuration_errors("Classifier(12/08zz 3)", "Classifier(-, -)", "Classifier(x/08)") == [
        "config:1: While configuring 'Classifier@2 :: Classifier':\n"
        "  pattern 0: expected a digit\nRouter could not be initialized!\n",
        "config:1: While configuring 'Classifier@2 :: Classifier':\n"
        "  need 1 arguments, one per output port\nRouter could not be initialized!\n",
        "config:1: While configuring 'Classifier@2 :: Classifier':\n"
        "  pattern 0: expected a digit\nRouter could not be initialized!\n",
    ]
