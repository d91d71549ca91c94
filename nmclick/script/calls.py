"""Calls of handlers as scripts write them: ``element.handler arguments``."""

from __future__ import annotations

from dataclasses import dataclass

from nmclick.element import Element, Handler, HandlerError, Router
from nmclick.lang.configstring import parse_string, shift_word, unquote


@dataclass(frozen=True, slots=True)
class Call:
    """A handler that exists, and the text it is to be given."""

    handler: Handler
    value: str

    def __str__(self) -> str:
        return f"{self.handler.name} {self.value}" if self.value else self.handler.name


def resolve(router: Router, context: Element, text: str, *, write: bool, unquote_value: bool = False) -> Call:
    """The call that `text` stands for, names being looked up from `context`. Raises HandlerError."""
    word, value = shift_word(text)
    element, name = _find(router, context, word)
    if unquote_value:
        value = unquote(value)
    handler = router.handler(element, name)
    full_name = f"{element.name}.{name}" if element else name
    if handler is None or not (handler.writable if write else handler.readable):
        raise HandlerError(f"no '{full_name}' {'write' if write else 'read'} handler", -2)
    if value and not write and not handler.parameters:
        raise HandlerError(f"read handler '{full_name}' does not take parameters")
    return Call(handler, value)


def _find(router: Router, context: Element, word: str) -> tuple[Element | None, str]:
    """The element (None: the router itself) and the handler name that `word` means."""
    text = parse_string(word) or ""
    element_name, dot, handler_name = text.partition(".")
    if not text or (element_name and dot and not handler_name):
        raise HandlerError("syntax error")
    if dot and not element_name:
        return None, handler_name
    if dot and (element := router.find(element_name, context)):
        return element, handler_name
    if router.handler(context, text):
        return context, text
    if not dot or router.handler(None, text):
        return None, text
    raise HandlerError(f"no element named '{element_name}'")
