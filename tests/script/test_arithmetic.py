"""Handlers that compute. Expected values are those of the Click modular router 2.1 on x86-64."""

from __future__ import annotations

import pytest

from nmclick.element import HandlerError
from nmclick.script.arithmetic import FUNCTIONS

VALUES = r"""
add 1 2 3 = 6
add = 0
add 9223372036854775807 1 = -9223372036854775808
add 9223372036854775808 1 = 9.22337203685e+18
add 18446744073709551616 = 1.84467440737e+19
add 1.5 2 = 3.5
add 0x10 010 0b11 = 27
add 08 1 = 9
add 1_000 1 = 1001
add -5 +3 = -2
add 0.1 0.2 = 0.3
add 1e15 1.0 = 1e+15
sub 10 5 2 = 3
sub 5 = 5
sub = 0
mul = 1
mul 9223372036854775807 2 = -2
mul 3037000500 3037000500 = -9223372036709301616
mul 1e200 1e200 = inf
div = 1
div 7 = 7
div 7 2 = 3.5
div 0 0 = -nan
div 1 0 = inf
div -1 0 = -inf
div 1 -0.0 = -inf
idiv 7 2 = 3
idiv -7 2 = -3
idiv 1 0 = -9223372036854775808
idiv 1e30 = -9223372036854775808
idiv = 1
min 3 1 2 = 1
max 3 1.5 2 = 3
min = 1
mod 7 3 = 1
mod -7 3 = -1
mod 7 -3 = 1
mod 9223372036854775807 10 = 7
rem 7.5 2 = 1.5
rem -7.5 2 = -1.5
rem 7.5 0 = -nan
rem 7 4 = 3
neg 5 = -5
neg -9223372036854775808 = -9223372036854775808
neg 1.5 = -1.5
neg -0.0 = 0
abs -5 = 5
abs -5.25 = 5.25
eq 10 0xA = true
eq 10x 10x = true
eq 1 1.0 = true
eq "a" a = true
eq nan nan = false
gt nan nan = true
lt a b = true
lt 2 10 = true
lt 2x 10x = false
lt "a" b = true
ge 2 2 = true
gt abc abd = false
le abc abc = true
ne 1 2 = true
not true = false
not 0 = true
not yes = false
and = true
or = false
nand = false
nor = true
and true true = true
and false x = false
or true x = true
nand true true = false
nor false false = true
nor true x = false
if true a b = a
if false a b = b
if true =
if false a =
in foo bar foo = true
in foo bar "foo" = true
in foo = false
in = false
in "" "" = false
first a b c = a
first "a b" c = "a b"
first =
length abcdef = 6
length "abc def" = 9
length = 0
length a  b = 4
length é = 2
unquote "abc def" = abc def
unquote '"x"' y = "x" y
htons 1 = 256
htons 70000 = 28689
htons -1 = 65535
htonl 1 = 16777216
htonl 4294967296 = 4294967167
htonl -1 = 4294967295
ntohs 256 = 1
ntohl 16777216 = 1
sprintf "%05x" 127 = 0007f
sprintf "%d-%i" 5 -6 = 5--6
sprintf "%5d|%-5d|%05d|%+d|% d" 1 2 3 4 5 =     1|2    |00003|+4| 5
sprintf "%#x %#o %#o %#X" 255 8 9 255 = 0xff 10 011 0XFF
sprintf "%s|%10s|%-10s|%.2s" a b c def = a|         b|c         |de
sprintf "%hd %hu %ld %lld %qd" 70000 70000 5 6 7 = 4464 4464 5 6 7
sprintf "%hd" 40000 = -25536
sprintf "%u" 18446744073709551615 = 18446744073709551615
sprintf "100%%" = 100%
sprintf "%5%" =     %
sprintf abc = abc
sprintf "%x" 0x10 = 10
sprintf "%.3d" 5 = 005
sprintf "%.0d" 0 = 0
sprintf "%08.3d" 5 = 00000005
sprintf "%.10s" "a b" = a b
sprintf "%s" "" =
sprintf "%+u" 5 = +5
sprintf "%-+5d|" 5 = +5   |
sprintf "%0-5d|" 5 = 00005|
sprintf "%010s" ab = 00000000ab
sprintf "%#.3x" 1 = 0x001
sprintf "%+05d" 3 = +0003
sprintf "%#06x" 3 = 0x0003
sprintf "%05d" -3 = -0003
"""

ERRORS = """
add x = expected list of numbers
add 1e999 = expected list of numbers
div 1 x = expected list of numbers
mod 7.5 2 = expected two numbers
mod 7 = expected two numbers
mod 7 0 = division by zero
rem 7 2 1 = expected two numbers
rem a b = expected two numbers
neg = expected one number
abs x = expected one number
lt 1 = expected two numbers
lt 1 2 3 = expected two numbers
not x = syntax error
not = syntax error
and true x = syntax error
or false x = syntax error
if x a b = syntax error
htons x = syntax error
htons 1 2 = syntax error
sprintf "%u" -1 = syntax error
sprintf "%c" 1 = syntax error
sprintf "%d" x = syntax error
sprintf "%d" = syntax error
sprintf "%d" 1 2 = syntax error
sprintf "%" = syntax error
sprintf "%f" 1.5 = syntax error
sprintf "%d" 9223372036854775808 = syntax error
"""


def rows(table: str) -> list[tuple[str, str, str]]:
    """ "NAME ARGUMENTS = RESULT", a line each."""
    found = []
    for line in table.strip("\n").split("\n"):
        call, _, result = line.partition(" =")
        name, _, text = call.partition(" ")
        found.append((name, text, result.removeprefix(" ")))
    return found


@pytest.mark.parametrize(("name", "text", "value"), rows(VALUES))
def test_value(name: str, text: str, value: str) -> None:
    assert FUNCTIONS[name](text) == value


@pytest.mark.parametrize(("name", "text", "message"), rows(ERRORS))
def test_error(name: str, text: str, message: str) -> None:
    with pytest.raises(HandlerError) as raised:
        FUNCTIONS[name](text)
    assert str(raised.value) == message


@pytest.mark.parametrize("width", ["999999999999", "70000"])
def test_a_huge_field_width_takes_no_huge_memory(width: str) -> None:
    assert len(FUNCTIONS["sprintf"](f'"%{width}d" 1')) == 65536
