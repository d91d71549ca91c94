"""What packet sources share: how they end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from nmclick.element import Element, HandlerError, Notice

if TYPE_CHECKING:
    from nmclick.lang.arguments import Environment


class Source(Element):
    """An element that packets start at and that may come to an end.

    Its arguments have STOP (Bool) and perhaps END_CALL (HandlerCall). Its C half says
    ``worker_upcall(c->worker, c->instance->number, 0, 0)`` when the end is reached: END_CALL is then done, or with
    STOP a stop event sent to the driver.
    """

    is_source = True

    def configure(self, environment: Environment) -> Iterable[str | Notice]:
        if self.args.STOP and getattr(self.args, "END_CALL", None) is not None:
            yield "END_CALL and STOP are mutually exclusive"

    def upcall(self, kind: int, argument: int) -> int:
        self.ended()
        return 0

    def ended(self) -> None:
        """Tell whom it concerns that no more packets come."""
        call = getattr(self.args, "END_CALL", None)
        if call is not None:
            try:
                self.router.write(call.name, call.value)
            except HandlerError as error:
                self.router.error(self, str(error))
        elif self.args.STOP:
            self.router.stop(self)
