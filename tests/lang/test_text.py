"""Text, strings, data, words, file names, choices."""

from __future__ import annotations

import os

import pytest

from nmclick.lang.arguments import (
    Argument,
    ArgumentError,
    Bool,
    Choice,
    Data,
    Filename,
    IPAddress,
    String,
    Text,
    Unsigned,
    Word,
    Words,
)


def refusal(kind: Argument, text: str) -> str:
    with pytest.raises(ArgumentError) as caught:
        kind.parse(text)
    return caught.value.message


def test_raw_text_stays_as_it_is() -> None:
    assert Text().parse("\"a b\" 'c'") == "\"a b\" 'c'"


def test_strings_are_unquoted_and_single() -> None:
    assert String().parse('"a b\\n"') == "a b\n"
    assert String().parse("x\"y z\"'w'") == "xy zw"
    assert String().parse("''") == ""
    for text in ("", "a b", '"a" b'):
        assert refusal(String(), text) == "parse error"


def test_data_is_bytes() -> None:
    assert Data().parse("\\<00 01 fF>") == b"\x00\x01\xff"
    assert Data().parse('"\\xc3\\<a9>"') == b"\xc3\xa9"
    assert Data().parse("é") == "é".encode()
    assert refusal(Data(), "\\<00> x") == "parse error"
    assert Data().unparse(b"abc") == "abc"
    assert Data().c_type is None


def test_words() -> None:
    assert Word().parse('"abc"') == "abc"
    for text in ("", "a b", '"a b"', '"a,b"', "'\\'", "é"):
        assert refusal(Word(), text) == "parse error"
    assert Words().parse("a  'b c' d\"e\"") == ["a", "b c", "de"]
    assert Words().parse("") == []
    assert Words().unparse(["a", "b c"]) == 'a "b c"'
    assert Words(Unsigned(8)).parse("1 2 0x3") == [1, 2, 3]
    assert Words(IPAddress()).unparse([bytes([10, 0, 0, 1]), bytes(4)]) == "10.0.0.1 0.0.0.0"
    assert refusal(Words(Unsigned(8)), "1 256") == "out of range, bound 255"


def test_file_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    assert Filename().parse("~/x") == "/home/someone/x"
    assert Filename().parse("~") == "/home/someone"
    assert Filename().parse("'a//b///c'") == "a/b/c"
    assert Filename().parse('"a b"') == "a b"
    assert Filename().parse("-") == "-"
    assert Filename().parse("~nobody-of-this-name/x") == "~nobody-of-this-name/x"
    assert Filename().parse("~root/x") == os.path.expanduser("~root/x")
    for text in ("", "''", "a b", "\\<00>"):
        assert refusal(Filename(), text) == "parse error"


def test_choices() -> None:
    action = Choice({"allow": 0, "deny": 1})
    assert (action.parse("allow"), action.parse('"deny"')) == (0, 1)
    assert (action.unparse(1), action.unparse(9)) == ("deny", "9")
    assert refusal(action, "drop") == "parse error"
    assert action.expects == "allow or deny"
    assert action.c_type == "int32_t"
    assert refusal(Choice({"a": 1}, message="bad type"), "b") == "bad type"
    words = Choice(["IP", "ETHER", "FDDI"])
    assert words.parse("ETHER") == "ETHER"
    assert words.expects == "IP, ETHER or FDDI"
    assert words.c_type is None


def test_choices_may_be_numbers_too() -> None:
    protocol = Choice({"tcp": 6, "udp": 17}, number=Unsigned(8))
    assert (protocol.parse("udp"), protocol.parse("0x11")) == (17, 17)
    assert refusal(protocol, "sctp") == "invalid number"
    assert refusal(protocol, "256") == "out of range, bound 255"
    assert (protocol.c_type, protocol.unparse(6)) == ("uint8_t", "6")
    assert protocol.expects == "an unsigned 8-bit integer or a name such as tcp"


def test_types_show_their_parameters() -> None:
    assert repr(Unsigned(8, max=9)) == "Unsigned(bits=8, high=9, low=0, saturate=False)"
    assert repr(Bool()) == "Bool()"
