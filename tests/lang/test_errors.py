"""What is said about a wrong file: Click's words, at Click's line, everything at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from language import elaborate, messages

from nmclick.lang import compounds, expand

CASES = {
    "stray token": ("a :: Idle; ] ;", ["F:1: syntax error near ']'"]),
    "stray variable goes without its dollar": ("$x;", ["F:1: syntax error near 'x'"]),
    "control characters are visible": ("\x01", ["F:1: syntax error near '^A'"]),
    "other scripts are octal": ("é", ["F:1: syntax error near '\\303\\251'"]),
    "provide is no statement": (
        "provide(foo)",
        ["F:1: syntax error near 'provide'", "F:1: undeclared element 'foo'"],
    ),
    "undeclared": ("Idle -> foo;", ["F:1: undeclared element 'foo'"]),
    "undeclared is said once": ("foo -> foo;", ["F:1: undeclared element 'foo'"]),
    "used before its declaration": (
        "Idle -> d; d :: Discard;",
        ["F:1: undeclared element 'd'", "F:1: class 'd' used as element name"],
    ),
    "undeclared in the line where it stands": ("Idle\n-> foo\n;", ["F:2: undeclared element 'foo'"]),
    "unknown class": ("a :: X;", ["F:1: unknown element class 'X'"]),
    "unknown class is said once": ("a :: X; b :: X; X;", ["F:1: unknown element class 'X'"]),
    "unknown synonym": ("elementclass Foo X; Foo;", ["F:1: unknown element class 'X'"]),
    "class as a name": ("Null :: Idle;", ["F:1: class 'Null' used as element name"]),
    "own class as a name": ("elementclass A Idle; A :: A;", ["F:1: class 'A' used as element name"]),
    "redeclaration": (
        "a :: Idle;\na :: Null;",
        ["F:2: redeclaration of element 'a'", "F:1: element 'a' previously declared here"],
    ),
    "redeclaration of an inside": (
        "x/Null@1 :: Idle;\nx :: { Null }",
        ["F:2: redeclaration of element 'x/Null@1'", "F:1: 'x/Null@1' previously declared here"],
    ),
    "configuration of a reference": (
        "a :: Idle; a(3);",
        ["F:1: configuration string ignored on element reference"],
    ),
    "no class": (
        "Idle :: ;",
        ["F:1: missing element type in declaration", "F:1: class 'Idle' used as element name"],
    ),
    "no class, no such class": (
        "a :: ;",
        ["F:1: missing element type in declaration", "F:1: unknown element class 'a'"],
    ),
    "two classes": ("a :: Idle :: Null;", ["F:1: syntax error near '::'"]),
    "open parenthesis": ("a :: Idle(\n", ["F:2: expected ')'"]),
    "open string": ('a :: Print("abc);\nb :: Idle;', ["F:2: expected ')'"]),
    "open brace": ("elementclass F {\ninput -> output", ["F:2: expected '}'"]),
    "open group": ("Idle -> ( -> Discard", ["F:1: expected ')'"]),
    "brace ends a group": ("elementclass F { ( Null } Idle;", ["F:1: syntax error near '}'"]),
    "closing parenthesis without a group": ("Idle ) Idle;", ["F:1: syntax error near ')'"]),
    "group after a complete element": (
        "Idle [1] (Null)",
        ["F:1: syntax error near '('", "F:1: output ports ignored at end of chain"],
    ),
    "port is no number": ("Idle[x] -> Discard;", ["F:1: syntax error: port number should be integer"]),
    "port is too large": (
        "Idle[65536] -> Discard",
        ["F:1: syntax error: port number too large (at most 65535)"],
    ),
    "no port number": (
        "Idle[->] Discard;",
        ["F:1: syntax error: expected port number", "F:1: syntax error near ']'"],
    ),
    "ports without a comma": ("Idle[1 2] -> Discard;", ["F:1: syntax error: expected ','"]),
    "two dashes": ("Tee [0-1-3] => Null, Null, Null;", ["F:1: syntax error: expected ','"]),
    "open port list": (
        "Idle[1;",
        [
            *("F:1: syntax error: expected ','", "F:1: syntax error: expected port number"),
            "F:1: output ports ignored at end of chain",
        ],
    ),
    "mismatch": (
        "a, b :: Tee; a[0,1] => [0-2] b;",
        ["F:1: connection mismatch: 2 outputs connected to 3 inputs"],
    ),
    "mismatch is reported after the list": (
        "a, b :: Tee; a[0,1] => [0-2] b\n\n;",
        ["F:3: connection mismatch: 2 outputs connected to 3 inputs"],
    ),
    "too few inputs for expandable outputs": (
        "a, b :: Tee; a[1,2,3,] => [0,1] b;",
        ["F:1: connection mismatch: 3 or more outputs connected to 2 inputs"],
    ),
    "too few outputs for expandable inputs": (
        "a, b :: Tee; a[1,2] => [0,1,2,] b;",
        ["F:1: connection mismatch: 2 outputs connected to 3 or more inputs"],
    ),
    "two expandable sides": (
        "a, b :: Tee; a [] => [] b;",
        ["F:1: at most one expandable port allowed per connection"],
    ),
    "many to many": (
        "a, b :: Tee; a [0,1] -> [0,1] b;",
        ["F:1: syntax error: many-to-many connections require '=>'"],
    ),
    "implicit port in the middle": (
        "Idle -> { -> [0], Null -> Discard }",
        [
            "F:1: implicit ports used in the middle of a chain",
            "F:1: '<anonymous>' pseudoelement 'output' may only be used as input",
            *("F:1: '@2' output 0 unused", "F:1: '@2/output' used as output"),
        ],
    ),
    "ports at the end": ("Idle -> Null [1];", ["F:1: output ports ignored at end of chain"]),
    "ports at the start": ("[1] Null -> Discard;", ["F:1: input ports ignored at start of chain"]),
    "arrow at the start of a file": ("->Null;", ["F:1: syntax error near '->'"]),
    "arrow at the end of a file": ("Idle ->\n", ["F:2: syntax error near ''"]),
    "two arrows": ("Idle -> -> Discard", ["F:1: syntax error near '->'"]),
    "ports of nothing": ("{ [0] }", ["F:1: stranded port ignored"]),
    "ports of nothing in a file": (
        "[0] -> Discard",
        ["F:1: stranded port ignored", "F:1: syntax error near '->'"],
    ),
    "no overload": (
        "elementclass Foo { $a, $b | input -> output }\nIdle -> Foo(1) -> Discard;\n// end\n",
        [
            *("F:4: no match for 'Foo[1 argument, 1 input, 1 output]'", "F:1: candidates are:"),
            "F:1:   Foo(<arg>, <arg>)[1 input, 1 output]",
        ],
    ),
    "no overload of several": (
        "elementclass Foo {\n$a | Null || KEY $k, __REST__ $r |\n-> ; [1] -> }\nFoo(1) -> Discard;",
        [
            *("F:4: no match for 'Foo[1 argument, 0 inputs, 1 output]'", "F:2: candidates are:"),
            *("F:2:   Foo(<arg>)[0 inputs, 0 outputs]", "F:2:   Foo(KEY, ...)[2 inputs, 1 output]"),
            "F:4: 'Foo@1' has no output 0",
        ],
    ),
    "no match of an inline compound": (
        "{ $a | Null }",
        [
            *("F:1: no match for '<anonymous>[0 inputs, 0 outputs]'", "F:1: candidates are:"),
            "F:1:   <anonymous>(<arg>)[0 inputs, 0 outputs]",
        ],
    ),
    "gap in a compound's inputs": (
        "elementclass Foo {\ninput [1] -> Discard; }",
        ["F:2: 'Foo' input 0 missing"],
    ),
    "gap in a compound's outputs": (
        "elementclass Foo { Tee => [0,2] output }",
        ["F:1: 'Foo' output 1 missing"],
    ),
    "gap in a group's inputs": (
        "Idle -> ( [1] -> Discard )",
        ["F:1: '<anonymous group>' input 0 missing", "F:1: '@2' has no input 0"],
    ),
    "input as an output": (
        "elementclass F { Idle -> input; output -> Discard }",
        [
            "F:1: 'F' pseudoelement 'input' may only be used as output",
            "F:1: 'F' pseudoelement 'output' may only be used as input",
        ],
    ),
    "no such input": (
        "elementclass Foo { Idle -> output }\nIdle -> Foo -> Discard;",
        ["F:2: 'Foo@2' has no input 0"],
    ),
    "no such output": (
        "elementclass Foo { input -> Discard }\nIdle -> Foo -> Discard;",
        ["F:2: 'Foo@2' has no output 0"],
    ),
    "input not connected": (
        "E :: {\n-> Discard; input [1] -> Discard };\nIdle -> E",
        ["F:1: 'E' input 1 unused"],
    ),
    "output not connected": ("Tee { Idle -> }", ["F:1: '@2' output 0 unused"]),
    "formals out of order": (
        "elementclass F { KEY $k, $a | Null }",
        [
            "F:1: compound element parameters out of order",
            "F:1: (The correct order is '[positional], [keywords], [__REST__]'.)",
        ],
    ),
    "rest before a keyword": (
        "elementclass F { __REST__ $r, KEY $k | Null }",
        [
            "F:1: compound element parameters out of order",
            "F:1: (The correct order is '[positional], [keywords], [__REST__]'.)",
        ],
    ),
    "formal twice": ("elementclass F { $a, $a | Null }", ["F:1: parameter '$a' multiply defined"]),
    "keyword twice": (
        "elementclass F { K $a, K $b | Null }",
        ["F:1: repeated keyword parameter 'K' in compound element"],
    ),
    "formal without a variable": (
        "elementclass F { $a, b -> c }",
        ["F:1: expected variable", "F:1: undeclared element 'c'"],
    ),
    "formals without a bar": (
        "elementclass F { $a Null }",
        ["F:1: expected ',' or '|'"],
    ),
    "define of no variable": ("define(x 3)", ["F:1: bad 'define' declaration: not a variable"]),
    "define twice": ("define($a 3, $a 4)", ["F:1: parameter '$a' multiply defined"]),
    "define of a formal": ("{ $a | define($a 4) }(1)", ["F:1: parameter '$a' multiply defined"]),
    "define without its parenthesis": ("define;", ["F:1: expected '('"]),
    "require without its parenthesis": (
        "require\nfoo;",
        ["F:1: expected '('", "F:2: undeclared element 'foo'"],
    ),
    "extending nothing": (
        "elementclass Foo { input -> output || ... }",
        ["F:1: cannot extend unknown element class 'Foo'"],
    ),
    "dots first": (
        "elementclass Idle { ... || input -> output }",
        ["F:1: '...' should occur last, after one or more compounds"],
    ),
    "dots alone": (
        "elementclass Idle { ... }",
        ["F:1: '...' should occur last, after one or more compounds"],
    ),
    "class without a name": ("elementclass { Null }", ["F:1: expected element type name"]),
    "class without a body": ("elementclass F;\nIdle;", ["F:1: syntax error near ';'"]),
    "class at the end of the file": ("elementclass F", ["F:1: syntax error near ''"]),
    "requirement of two words": ("require(a b)", ["F:1: syntax error at requirement"]),
    "requirement of nothing": ("require(package)", ["F:1: syntax error at requirement"]),
    "no such library": ("require(library x)", ["F:1: library 'x' not found in CLICKPATH/conf"]),
    "library in a compound": (
        "{ require(library x) }",
        ["F:1: 'require library' must be used at file scope"],
    ),
    "no such package": (
        "require(package p); require(p); Idle -> Discard",
        [
            *("While loading package 'p':", "  can't find required package 'p.uo'", "  in CLICKPATH"),
            *("requirement 'p' not available", "requirement 'p' not available"),
        ],
    ),
    "name of digits": ("0/1 :: Idle;", ["F:1: element name '0/1' has all-digit component"]),
    "directive": ("#x\na :: X;", ["F:1: unknown preprocessor directive", "F:2: unknown element class 'X'"]),
    "directive in a configuration": (
        "a :: Idle(1,\n#define x\n2)\n;b :: X",
        ["F:2: unknown preprocessor directive", "F:4: unknown element class 'X'"],
    ),
    "landmarks after a directive": ('\n# 100 "other.conf"\n\na :: X;', ["other.conf:101: unknown element class 'X'"]),
    "chain without input": (
        "x :: { -> Null -> Discard; -> Discard }; Idle -> x",
        ["F:1: warning: suggest 'input ->' or '[0] ->' to start connection"],
    ),
    "nesting of compounds": ("{" * 5000, ["F:1: maximum compound element nesting depth exceeded"]),
    "nesting of groups": ("(" * 5000, ["F:1: maximum compound group nesting depth exceeded"]),
    "the largest nesting": ("{" * 49 + "}" * 49, []),
    "variables without end": (
        "define($a $a$a$a$a$a$a$a) a :: Message($a)",
        ["F:1: variables expand without end in configuration string"],
    ),
    "everything at once, in order": (
        "a :: X -> Idle [;\nb -> ) c;\nd :: Y(;",
        [
            "F:1: unknown element class 'X'",
            "F:1: syntax error: expected port number",
            "F:2: undeclared element 'b'",
            "F:2: syntax error near ')'",
            "F:2: undeclared element 'c'",
            "F:3: unknown element class 'Y'",
            "F:3: expected ')'",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_says(text: str, expected: list[str]) -> None:
    assert messages(text) == expected


def test_errors_leave_no_configuration_and_warnings_do() -> None:
    assert elaborate("a :: X;")[0] is None
    assert elaborate("x :: { -> Null -> Discard; -> Discard }; Idle -> x")[0] is not None


def test_errors_that_were_there_before_do_not_count() -> None:
    configuration, diagnostics = elaborate("a :: Idle")
    assert configuration is not None
    assert not diagnostics.failed


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a :: CheckIPHeadr;", "did you mean `CheckIPHeader`?"),
        ("Idle -> discard;", "did you mean `Discard`?"),
        ("counter :: Counter; Idle -> couner;", "did you mean `counter`?"),
        ("Idle -> d;\nd :: Discard;", "`d` is declared at F:2: declare an element before it is used"),
        ("elementclass Firewall Null; a :: FireWall", "did you mean `Firewall`?"),
        ("# comment", "comments are `// ...` and `/* ... */`"),
        ("a :: Idle # comment", "comments are `// ...` and `/* ... */`"),
        ("a :: Idle(", "this `(` is never closed"),
        ("{ Idle", "this `{` is never closed"),
        ("a :: Xyzzy", None),
    ],
)
def test_hints(text: str, hint: str | None) -> None:
    _, diagnostics = elaborate(text)
    assert diagnostics.messages[0].hint == hint


def test_no_more_than_two_hundred_errors() -> None:
    _, diagnostics = elaborate("] " * 1000)
    assert diagnostics.errors == 200
    _, diagnostics = elaborate("".join(f"a{i} :: X{i};" for i in range(1000)))
    assert diagnostics.errors == 200


def test_a_file_of_more_than_16_mebibytes_is_refused() -> None:
    text = "//" + "x" * (16 * 1024 * 1024)
    assert messages(text) == ["F: configuration too large: more than 16777216 characters"]


def test_exponential_compounds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compounds, "MAX_ELEMENTS", 5000)
    classes = [f"elementclass C{i + 1} {{ input -> C{i} -> C{i} -> output }}\n" for i in range(40)]
    text = "elementclass C0 Null\n" + "".join(classes) + "Idle -> C40 -> Discard"
    assert messages(text) == ["F:42: configuration too large: more than 5000 elements"]


def test_a_deep_row_of_classes_works_and_a_deeper_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expand, "MAX_DEPTH", 200)

    def row(length: int) -> str:
        classes = [f"elementclass C{i + 1} {{ input -> C{i} -> output }}\n" for i in range(length)]
        return "elementclass C0 Null\n" + "".join(classes) + f"Idle -> C{length} -> Discard"

    assert messages(row(150)) == []
    assert messages(row(250)) == ["F:252: compound elements nested more than 200 deep"]


def test_a_long_row_of_empty_compounds_works() -> None:
    assert messages("Idle -> " + "{ -> } -> " * 1500 + "Discard") == []


def test_errors_in_a_library_name_it(tmp_path: Path) -> None:
    (tmp_path / "lib.click").write_text("a :: X;\n")
    text = f'require(library "{tmp_path}/lib.click")\nb :: Y;'
    assert messages(text) == [
        f"{tmp_path}/lib.click:1: unknown element class 'X'",
        "F:2: unknown element class 'Y'",
    ]
