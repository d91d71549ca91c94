from __future__ import annotations

from nmclick.script import Kind, ScriptElement


class DriverManager(ScriptElement):
    """A script that decides when the router stops.

    A stop event (a source with STOP true that came to its end, the handler `stop`, a signal) normally ends the
    run. With a DriverManager it makes the script go on instead: past one `pause` or `wait`. The router stops
    when the script ends, or at the instruction `stop`. There is at most one in a router.

        DriverManager(pause, write k.cleanup, wait 0.1s, stop)

    Its instructions and handlers are those of Script, of which it is the TYPE DRIVER.

    Arguments:
      INSTRUCTIONS  one instruction an argument
      TYPE          another type of script; see Script
    """

    ports = "0/0"
    default_kind = Kind.DRIVER
