"""What to do with a token that fits nowhere: the message for it, and the tokens to supply so that parsing goes on.

The repairs follow Click's parser, which drops or supplies tokens the same way, so that later messages agree.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from lark import Token

from nmclick.lang.lexer import COMMENT_HINT, END
from nmclick.lang.source import encode


class Place(Enum):
    """Where Click reports an error: at the token that does not fit, or at the one before."""

    TOKEN = "token"
    BEFORE = "before"


@dataclass(frozen=True, slots=True)
class Repair:
    """Report `message`, feed the `supply` terminals, then the token again if `keep`.

    `early` says that an element is not complete yet, so that the message comes before all that is said about it.
    """

    message: str
    supply: tuple[str, ...] = ()
    keep: bool = True
    place: Place = Place.TOKEN
    hint: str | None = None
    early: bool = False


def repair(token: Token, expected: Collection[str], before: str, bracket: str | None) -> Repair:
    """How to go on at `token`, where the parser wants one of `expected`.

    `before` is the terminal before it, `bracket` the innermost open `LBRACE` or `LPAR`.
    """
    near = syntax_error("(" if token.type == "CONFIG" else str(token))
    if "RSQB" in expected:
        if "IDENTIFIER" in expected:
            return Repair("syntax error: expected port number", ("RSQB",), early=True)
        return Repair("syntax error: expected ','", ("COMMA",), early=True)
    if "MISSING" in expected:
        if before == "_DECLARE":
            return Repair("missing element type in declaration", ("MISSING",), early=True)
        return Repair(near, ("MISSING",), keep=token.type in (END, "RBRACE", "RPAR", "_SEMICOLON"))
    if before == "ELEMENTCLASS":
        return Repair("expected element type name", ("IDENTIFIER",), early=True)
    if before in ("REQUIRE", "DEFINE"):
        return Repair("expected '('", ("CONFIG",), place=Place.BEFORE)
    if "_SEMICOLON" not in expected:
        if "_BAR" in expected:
            return Repair("expected ',' or '|'", ("_BAR",), early=True)
        if "VARIABLE" in expected:
            return Repair("expected variable", ("VARIABLE", "_BAR"), early=True)
    if token.type == END and bracket is not None:
        return Repair("expected '}'" if bracket == "LBRACE" else "expected ')'", (_closing(bracket),))
    if token.type in ("RBRACE", "OR") and bracket == "LPAR":
        return Repair(near, ("RPAR",))
    if token.type in ("_DECLARE", "COMMA"):
        return Repair(near, keep=False)
    hint = COMMENT_HINT if token == "#" else None
    return Repair(near, ("_SEMICOLON",) if "_SEMICOLON" in expected else (), keep=False, hint=hint)


def syntax_error(token: str) -> str:
    """The message about a token that does not belong where it is; variables go without their `$`."""
    return f"syntax error near '{printable(token.removeprefix('$'))}'"


def printable(text: str) -> str:
    """`text` as Click prints it: control characters as `^X`, bytes outside ASCII in octal."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        chr(byte) if 32 <= byte < 127 else f"^{chr(byte + 64)}" if byte < 32 else f"\\{byte:03o}"
        for byte in encode(text)
    )


def _closing(bracket: str) -> str:
    return "RBRACE" if bracket == "LBRACE" else "RPAR"
