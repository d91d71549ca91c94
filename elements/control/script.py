from __future__ import annotations

from nmclick.script import ScriptElement


class Script(ScriptElement):
    """Run a program that reads and writes handlers, waits, prints, and may stop the router.

    Every argument is an instruction. In their texts `$x` and `${x}` are replaced by variables and
    `$(HANDLER ARGS)` by what a read handler answers. Handlers of the script itself need no element name. A
    reference that leads nowhere stays as it is. Instructions that end in `q` take a layer of quotes off.

      set VAR TEXT, setq            give a variable a value
      init VAR TEXT, initq          the same, once, when the router starts
      export VAR [TEXT], exportq    as init, and let a read handler VAR show the variable
      print [>FILE] [TEXT|HANDLER]  print a text, or what a handler answers; `>>FILE` appends to a file.
                                    printn: without a newline; printq, printnq: unquote arguments
      save HANDLER FILE, append     the same as print >FILE and >>FILE
      read HANDLER [ARGS], readq    print a handler's name and answer to standard error
      write HANDLER [ARGS], writeq  call a write handler; its status is then `$?`
      pause [N]                     wait for N steps (also wait_step, wait_stop, and wait alone)
      wait TIME                     wait for a time or a step, whichever comes first (also wait_time, wait_for)
      label NAME                    a place to go to
      goto NAME [CONDITION]         go there, if the condition is true. begin, end, exit, stop, error are labels
      loop                          go to the first instruction
      return [VALUE], returnq       end; the value is the answer of `run`, or a packet's output
      end, exit                     end; in packet scripts `end` sends the packet to output 0, `exit` drops it
      stop                          end, and ask the router to stop
      error [TEXT], errorq          end, with an error

    A thousand jumps without a pause end a script ("too many jumps"). `$1`, `$2`, ... are the words of the
    arguments that `run` was called with, `$args` all, `$#` their number, `$0` the handler's name, `$write`
    whether it is written to; `$input` is a packet's input port, `$?` the last status, `$$` the process.

    Arguments:
      INSTRUCTIONS  one instruction an argument
      TYPE          ACTIVE: starts when the router does (the default). PASSIVE: runs when its handler `run` is
                    called. PACKET: runs for every packet (the default with ports). PROXY: runs for every
                    handler that is read or written. DRIVER: see DriverManager. SIGNAL INT TERM...: runs when
                    the process gets one of these signals

    Handlers:
      step N, goto LABEL, run ARGS    make it go on
      get VAR, set VAR TEXT, shift VAR  variables; shift takes a word off and answers it
      add sub mul div idiv min max, mod rem neg abs, eq ne lt le gt ge, not and or nand nor, if, in, first,
      length, unquote, sprintf, random, now, readable, writable, htons htonl ntohs ntohl, cat catq, kill
                                      compute with their arguments: `$(add 1 2)`
    """

    ports = "-/-"
    processing = "ah/ah"
    drops = {"script": "the script returned no output for the packet"}
