"""``nmclick run`` is Click's userlevel driver: command line, handlers, exit status, messages."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from pathlib import Path

import pytest

from tests.cli.command import Command

# One configuration serves most tests: it is compiled once.
SMALL = (
    "s :: InfiniteSource(LIMIT 100, STOP true) -> c :: Counter /* all */\n"
    "  -> q :: Queue(200) -> Unqueue -> d :: Discard;\n"
)
ENDLESS = "RatedSource(RATE 1000) -> c :: Counter -> d :: Discard;\n"


@pytest.fixture
def small(nmclick: Command) -> Command:
    nmclick.write("small.click", SMALL)
    return nmclick


def test_one_value_is_printed_bare(small: Command) -> None:
    assert small.fine("run", "small.click", "-h", "c.count") == "100\n"


def test_several_values_are_printed_below_their_names(small: Command) -> None:
    out = small.fine("run", "-h", "c.count", "-f", "small.click", "--handler=d.count", "-hdriver")
    assert out == "c.count:\n100\n\nd.count:\n100\n\ndriver:\nuserlevel\n\n"


def test_a_pattern_or_a_class_means_all_elements_that_have_the_handler(small: Command) -> None:
    assert small.fine("run", "small.click", "-h", "?.count") == "s.count:\n100\n\nc.count:\n100\n\nd.count:\n100\n\n"
    assert small.fine("run", "small.click", "-h", "Discard.count") == "d.count:\n100\n\n"


def test_an_element_can_be_given_by_number(small: Command) -> None:
    assert small.fine("run", "small.click", "-h", "2.name") == "c\n"


def test_every_element_has_the_common_handlers(small: Command) -> None:
    names = ("name", "class", "config", "ports", "handlers")
    out = small.fine("run", "small.click", *(word for name in names for word in ("-h", f"q.{name}")))
    assert out.startswith(
        "q.name:\nq\n\nq.class:\nQueue\n\nq.config:\n200\n\nq.ports:\n1 input\npush\t-\tc [0]\n1 output\n"
        "pull\t-\t[0] Unqueue@4\n\nq.handlers:\n"
    )
    assert out.endswith("handlers\tr.\nports\tr.\nconfig\tr.\nclass\tr.\nname\tr.\n\n")


def test_elements_with_a_task_have_its_handlers(small: Command) -> None:
    out = small.fine("run", "small.click", "-h", "s.home_thread", "-h", "s.tickets", "-h", "Unqueue@4.scheduled")
    assert out == "s.home_thread:\n0\n\ns.tickets:\n1024\n\nUnqueue@4.scheduled:\ntrue\n\n"


def test_the_router_has_handlers_of_its_own(small: Command) -> None:
    assert small.fine("run", "small.click", "-h", "list") == "5\ns\nc\nq\nUnqueue@4\nd\n"
    assert small.fine("run", "small.click", "-h", "config") == SMALL
    assert small.fine("run", "small.click", "-h", "timewarp") == "1\n"
    assert small.fine("run", "small.click", "-h", "requirements") == ""
    assert "\nCounter\n" in small.fine("run", "small.click", "-h", "classes")
    assert small.fine("run", "small.click", "-h", "handlers") == (
        "version\tr\ndriver\tr\nconfig\tr\nflatconfig\tr\nrequirements\tr\nhandlers\tr\nlist\tr\nstop\tw\n"
        "classes\tr\npackages\tr\ntimewarp\trw\n"
    )


FLAT = (
    "s :: InfiniteSource(LIMIT 100, STOP true);\nc :: Counter;\nq :: Queue(200);\nUnqueue@4 :: Unqueue;\n"
    "d :: Discard;\n\ns -> c\n    -> q\n    -> Unqueue@4\n    -> d;\n"
)


def test_the_flat_configuration_is_a_handler_and_an_option(small: Command) -> None:
    assert small.fine("run", "small.click", "-h", "flatconfig", "-q") == FLAT
    assert small.fine("run", "small.click", "-q", "-o", "-") == FLAT
    assert small.fine("run", "small.click", "-q", "--output", "flat.click") == ""
    assert (small.folder / "flat.click").read_text() == FLAT
    assert small.fine("flatten", "small.click") == FLAT


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        ("c.nosuch", "no 'c.nosuch' handler"),
        ("nosuch", "no 'nosuch' handler"),
        ("z.count", "no element 'z'"),
        ("z*.count", "no element matching 'z*'"),
        ("99.count", "no element '99'"),
        ("c.reset", "'c.reset' is a write handler"),
        ("stop", "'stop' is a write handler"),
    ],
)
def test_values_that_cannot_be_read_fail_after_the_run(small: Command, handler: str, message: str) -> None:
    result = small("run", "small.click", "-h", handler, "-h", "c.count")
    assert result == type(result)(1, "c.count:\n100\n\n", message + "\n")


def test_quitting_at_once_initialises_and_does_not_run(small: Command) -> None:
    assert small.fine("run", "small.click", "-q", "-h", "c.count") == "0\n"


def test_a_configuration_comes_from_an_expression_or_standard_input(small: Command) -> None:
    assert small.fine("run", "-e", SMALL, "-h", "d.count") == "100\n"
    assert small.fine("run", "-h", "d.count", stdin=SMALL) == "100\n"
    assert small.fine("run", "-", "-h", "d.count", stdin=SMALL) == "100\n"


def test_variables_come_from_the_command_line(small: Command) -> None:
    text = "define($N 3); s :: InfiniteSource(LIMIT $N, STOP true) -> d :: Discard;"
    assert small.fine("run", "N=7", "-e", text, "-h", "d.count") == "7\n"


@pytest.mark.parametrize(("handler", "status"), [("c.count", 100), ("s.active", 0), ("scripted.no", 1)])
def test_the_exit_status_comes_from_a_handler(small: Command, handler: str, status: int) -> None:
    text = SMALL + "scripted :: Script(TYPE PASSIVE, export no false)"
    assert small("run", "-e", text, "-x", handler).status == status


def test_an_exit_handler_that_is_no_number_fails(small: Command) -> None:
    result = small("run", "small.click", "-x", "c.class")
    assert (result.status, result.err) == (255, "exit handler value should be integer\n")
    result = small("run", "small.click", "-x", "c.nosuch")
    assert (result.status, result.err) == (255, "no 'c.nosuch' read handler\n")


def test_the_time_is_printed_as_click_prints_it(small: Command) -> None:
    assert re.fullmatch(
        r"\d+\.\d{3}u \d+\.\d{3}s 0:\d\d\.\d\d\n100\n", small.fine("run", "small.click", "-th", "c.count")
    )


def test_an_empty_configuration_is_worth_a_warning(nmclick: Command) -> None:
    result = nmclick("run", "-e", "")
    assert (result.status, result.err) == (0, "warning: config: configuration has no elements, exiting\n")
    assert nmclick.fine("run", "-w", "-e", "") == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--nothing"], "unknown option '--nothing'"),
        (["a.click", "b.click"], "router configuration specified twice"),
        (["-e", "x", "b.click"], "router configuration specified twice"),
        (["-o", "a", "-o", "b"], "--output specified twice"),
        (["-x", "a", "-x", "b"], "--exit-handler specified twice"),
        (["N=1", "N=2"], "parameter 'N' multiply defined"),
        (["--port", "eth0"], "--port: 'eth0' is not NAME=SPEC, such as eth0=pcap:in.pcap"),
        (["--batch", "0"], "--batch is '0', not a number from 1 to 1024"),
        (["--buffers", "x"], "--buffers is 'x', not a number from 64 to 268435456"),
        (["--simtime=never"], "--simtime is 'never', not a number of seconds"),
        (["--diagnostics=loud"], "--diagnostics is 'loud', not pretty, click or json"),
    ],
)
def test_a_bad_command_line_is_status_2(nmclick: Command, words: list[str], message: str) -> None:
    result = nmclick("run", *words)
    want = f"nmclick run: {message}\nTry 'nmclick run --help' for more information.\n"
    assert (result.status, result.out, result.err) == (2, "", want)


def test_help_and_version_go_to_standard_output(nmclick: Command) -> None:
    assert nmclick.fine("run", "--help").startswith("Usage: nmclick run [OPTION]... [FILE] [NAME=VALUE]...\n")
    assert re.fullmatch(r"nmclick \d+\.\d+\.\d+\n", nmclick.fine("run", "-v"))


# What is wrong with the input


def test_all_errors_of_a_configuration_are_printed(nmclick: Command) -> None:
    nmclick.write("bad.click", "InfiniteSource -> Strip(x) -> Discard(FOO 1);\nIdle -> Discard; e :: Strip;\n")
    result = nmclick("run", "bad.click", NMCLICK_DIAGNOSTICS="click")
    assert result.status == 1
    assert "bad.click:1: While configuring 'Strip@2 :: Strip':\n  LENGTH: invalid number\n" in result.err
    assert "  FOO: unknown argument\n" in result.err or "  too many arguments\n" in result.err
    assert result.err.endswith("Router could not be initialized!\n")


def test_arguments_are_checked_even_where_a_class_is_unknown(nmclick: Command) -> None:
    nmclick.write("bad.click", "c :: Contuer;\nIdle -> Strip(x) -> Gone -> Discard;\nScript(write c.reset, what);\n")
    result = nmclick("run", "bad.click", NMCLICK_DIAGNOSTICS="click")
    assert (result.status, result.err) == (
        1,
        "bad.click:1: unknown element class 'Contuer'\nbad.click:2: undeclared element 'Gone'\n"
        "bad.click:2: While configuring 'Strip@3 :: Strip':\n  LENGTH: invalid number\n",
    )


def test_diagnostics_can_be_pretty_click_or_json(nmclick: Command) -> None:
    nmclick.write("bad.click", "Idle -> Strip(x) -> Discard;\n")
    click = "bad.click:1: While configuring 'Strip@2 :: Strip':\n  LENGTH: invalid number\n"
    pretty = nmclick("run", "bad.click").err
    assert pretty.startswith(click) and "Strip(x)" in pretty and "^" in pretty
    assert nmclick("run", "bad.click", "--diagnostics=click").err == click + "Router could not be initialized!\n"
    messages = json.loads(nmclick("run", "bad.click", "--diagnostics=json").err)
    assert [(m["file"], m["line"], m["severity"], m["message"]) for m in messages] == [
        ("bad.click", 1, "error", "LENGTH: invalid number")
    ]


def test_files_that_cannot_be_read_are_named(nmclick: Command) -> None:
    assert nmclick("run", "no.click").err == "no.click: No such file or directory\n"
    (nmclick.folder / "folder").mkdir()
    assert nmclick("run", "folder").err == "folder: Is a directory\n"
    assert nmclick("run", "a\nb.click").status == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_an_unreadable_file_is_named(nmclick: Command) -> None:
    nmclick.write("secret.click", SMALL).chmod(0)
    assert nmclick("run", "secret.click").err == "secret.click: Permission denied\n"


def test_binary_garbage_is_an_error_with_a_place(nmclick: Command) -> None:
    (nmclick.folder / "garbage").write_bytes(bytes(range(256)) * 20)
    result = nmclick("run", "garbage")
    assert result.status == 1
    assert result.err.startswith("garbage:")


def test_without_a_compiler_the_error_says_what_to_install(small: Command, tmp_path: Path) -> None:
    # Nor shall the compiler of the package ziglang be found, wherever the tests run.
    small.write("sitecustomize.py", "import sys\nsys.modules['ziglang'] = None\n")
    path = f"{small.folder}:{small.environment()['PYTHONPATH']}"
    cache = str(tmp_path / "cache")
    result = small("run", "small.click", PATH=str(tmp_path), PYTHONPATH=path, NMCLICK_CACHE=cache, CC=None)
    assert result.status == 1
    assert result.err.startswith("no C compiler found: install gcc or clang")


def test_a_cache_that_others_can_write_is_refused(small: Command, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    cache.chmod(0o777)
    result = small("run", "small.click", NMCLICK_CACHE=str(cache))
    assert result.status == 1
    assert result.err.startswith(f"the cache folder {cache} belongs to or can be written by somebody else")


def test_a_device_that_is_not_there_is_explained(nmclick: Command) -> None:
    result = nmclick("run", "-e", "FromNetmap(eth9) -> Discard", "--diagnostics=pretty")
    assert result.status == 1
    assert result.err.startswith("config:1: While initializing 'FromNetmap@1 :: FromNetmap':\n  eth9: ")
    assert "--port eth9=pcap:FILE" in result.err
    assert result.err.endswith("Router could not be initialized!\n")


def test_a_substitution_that_nobody_uses_is_an_error(small: Command) -> None:
    result = small("run", "small.click", "--port", "eth0=null:", "--diagnostics=click")
    assert (result.status, result.err) == (
        1,
        "--port eth0=null:: the configuration does not use 'eth0'\nRouter could not be initialized!\n",
    )


def test_an_internal_error_is_one_line(small: Command) -> None:
    small.write("sitecustomize.py", "import nmclick.cli.run\ndef broken(request): raise RuntimeError('a\\nb')\n"
                "nmclick.cli.run._run = broken\n")  # fmt: skip
    environment = {"PYTHONPATH": f"{small.folder}:{small.environment()['PYTHONPATH']}"}
    result = small("run", "small.click", **environment)
    want = "nmclick: internal error: RuntimeError: a b (NMCLICK_DEBUG=1 shows where)\n"
    assert (result.status, result.err) == (1, want)


# Running


def wait_for(path: Path) -> None:
    end = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < end, f"{path.name} does not appear"
        time.sleep(0.01)


RUNNING = ENDLESS + 'Script(print >started "yes");\n'


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_and_handlers_are_printed(nmclick: Command, number: signal.Signals) -> None:
    with nmclick.start("run", "-e", RUNNING, "-h", "c.count") as process:
        wait_for(nmclick.folder / "started")
        time.sleep(0.1)
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (0, "")
    assert 20 < int(out) < 5000


def test_the_second_signal_kills(nmclick: Command) -> None:
    # The driver manager keeps the control plane busy for a thousand steps after the first.
    os.mkfifo(nmclick.folder / "fifo")
    text = RUNNING + 'DriverManager(pause, print >fifo "blocked", stop);\n'
    with nmclick.start("run", "-e", text) as process:
        wait_for(nmclick.folder / "started")
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == -signal.SIGINT


def test_the_driver_manager_decides_when_a_run_ends(small: Command) -> None:
    text = SMALL + "DriverManager(pause, print c.count, write s.reset, write s.active true, pause, print c.count);\n"
    assert small.fine("run", "-e", text, "-h", "q.length") == "100\n200\n0\n"


def test_what_a_source_has_sent_arrives_before_the_run_ends(nmclick: Command) -> None:
    text = "InfiniteSource(LIMIT 5000, STOP true) -> q :: Queue(5000) -> Unqueue(BURST 1) -> d :: Discard;"
    assert nmclick.fine("run", "-e", text, "-h", "d.count", "-h", "q.drops") == "d.count:\n5000\n\nq.drops:\n0\n\n"


def test_batches_of_every_size_give_the_same(small: Command) -> None:
    for batch in ("1", "7", "256"):
        assert small.fine("run", "small.click", "--batch", batch, "-h", "d.count") == "100\n"


def test_writing_to_a_closed_pipe_ends_quietly(small: Command) -> None:
    with small.start("run", "small.click", "-h", "list") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(20) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_simulated_time_passes_at_once(nmclick: Command) -> None:
    text = ENDLESS + "Script(wait 3600.0005, print $(c.count), stop);\n"
    began = time.monotonic()
    count = int(nmclick.fine("run", "--simtime", "-e", text))
    assert abs(count - 3_600_000) <= 20  # and the first burst
    assert time.monotonic() - began < 30


def test_simulated_runs_repeat_exactly(nmclick: Command) -> None:
    text = ENDLESS + "Script(wait 1.25, print $(c.count) $(now), write stop);\n"
    first = nmclick.fine("run", "--simtime=5000", "-e", text, "-h", "timewarp", "-h", "c.count")
    assert first == nmclick.fine("run", "--simtime=5000", "-e", text, "-h", "timewarp", "-h", "c.count")
    assert "5001.25" in first
    assert "timewarp:\nsimulation\n" in first


# Statistics


def test_statistics_account_for_every_packet(small: Command) -> None:
    result = small("run", "small.click", "--stats")
    assert (result.status, result.out) == (0, "")
    lines = result.err.splitlines()
    assert re.fullmatch(r"statistics of \d\.\d{3} s", lines[0])
    assert re.fullmatch(r"  s +in +100  \S+ .?pps", lines[1])
    assert re.fullmatch(r"  d +end +100  \S+ .?pps", lines[2])
    assert lines[3] == "  100 in, 0 out, 100 discarded, 0 dropped, 0 queued: every packet is accounted for"


def test_statistics_show_drops_by_reason_and_what_is_queued(nmclick: Command) -> None:
    text = "InfiniteSource(LIMIT 100, STOP true) -> q :: SimpleQueue(30) -> Idle;"
    result = nmclick("run", "-e", text, "--stats", "--json", "-h", "q.length")
    assert (result.status, result.err) == (0, "q: overflow\n")
    values, total = map(json.loads, result.out.splitlines())
    assert values == {"handlers": {"q.length": "30"}}
    assert total["total"] is True
    assert (total["in"], total["dropped"], total["queued"], total["inside"]) == (100, 70, 30, 0)
    assert list(total["drops"]) == ["q"]
    assert sum(total["drops"]["q"].values()) == 70


def test_statistics_come_every_interval(nmclick: Command) -> None:
    text = ENDLESS + "Script(wait 0.35, stop);"
    lines = nmclick("run", "-e", text, "--stats=0.1", "--json").out.splitlines()
    reports = [json.loads(line) for line in lines]
    assert 3 <= len(reports) <= 5
    assert [report.get("total", False) for report in reports] == [False] * (len(reports) - 1) + [True]
    assert sum(report["in"] for report in reports[:-1]) <= reports[-1]["in"]
