"""The language, feature by feature: what each means once compounds and variables are gone."""

from __future__ import annotations

import pytest
from language import flat, loaded

CASES = {
    "statements need no semicolons": (
        "a :: Idle b :: Discard a -> b",
        ["a :: Idle;", "b :: Discard;", "a -> b;"],
    ),
    "a declaration spreads over bare names": (
        "a, b :: Queue(1);",
        ["a :: Queue(1);", "b :: Queue(1);"],
    ),
    "anonymous names spread too": (
        "Queue, Null, Queue(5);",
        ["Queue@1 :: Queue(5);", "Null@2 :: Null(5);", "Queue@3 :: Queue(5);"],
    ),
    "names with their own class keep it": (
        "a :: Idle, b :: Queue(1);",
        ["a :: Idle;", "b :: Queue(1);"],
    ),
    "a member with ports stops spreading": (
        "Idle, Null[0] -> Discard;",
        ["Idle@1 :: Idle;", "Null@2 :: Null;", "Discard@3 :: Discard;", "Idle@1 -> Discard@3;", "Null@2 -> Discard@3;"],
    ),
    "anonymous elements count every element of the scope": (
        "Idle -> n :: Null -> Counter -> Discard",
        [
            *("Idle@1 :: Idle;", "n :: Null;", "Counter@3 :: Counter;", "Discard@4 :: Discard;"),
            "Idle@1 -> n -> Counter@3 -> Discard@4;",
        ],
    ),
    "a taken anonymous name counts on": (
        "Null@2 :: Idle; Null; Null;",
        ["Null@2 :: Idle;", "Null@3 :: Null;", "Null@4 :: Null;"],
    ),
    "numbering restarts in a compound": (
        "Idle -> x :: { input -> Null -> output } -> Discard",
        [
            *("Idle@1 :: Idle;", "Discard@3 :: Discard;", "x/Null@1 :: Null;"),
            "Idle@1 -> x/Null@1 -> Discard@3;",
        ],
    ),
    "an inline compound is @N": (
        "Idle -> { input -> Null -> output } -> Discard",
        [
            *("Idle@1 :: Idle;", "Discard@3 :: Discard;", "@2/Null@1 :: Null;"),
            "Idle@1 -> @2/Null@1 -> Discard@3;",
        ],
    ),
    "a group uses three indices and no prefix": (
        "Idle -> ( input -> Null -> output ) -> Discard",
        ["Idle@1 :: Idle;", "Null@5 :: Null;", "Discard@6 :: Discard;", "Idle@1 -> Null@5 -> Discard@6;"],
    ),
    "ports on both sides": (
        "a, b :: Tee; a [1] -> [2] b;",
        ["a :: Tee;", "b :: Tee;", "a [1] -> [2] b;"],
    ),
    "hexadecimal and octal port numbers": (
        "a, b :: Tee; a [0x10] -> [010] b;",
        ["a :: Tee;", "b :: Tee;", "a [16] -> [8] b;"],
    ),
    "one output to many inputs": (
        "a :: Tee; b, c :: Discard; a -> b, c;",
        ["a :: Tee;", "b :: Discard;", "c :: Discard;", "a -> b;", "a -> c;"],
    ),
    "many outputs to one input": (
        "a, b :: Idle; c :: Discard; a, b -> c;",
        ["a :: Idle;", "b :: Idle;", "c :: Discard;", "a -> c;", "b -> c;"],
    ),
    "a port list on one side fans in": (
        "a :: Tee; b :: Discard; a [0,2] -> b;",
        ["a :: Tee;", "b :: Discard;", "a -> b;", "a [2] -> b;"],
    ),
    "the same connection twice is one": (
        "a :: Idle; b :: Discard; a -> b; a -> b;",
        ["a :: Idle;", "b :: Discard;", "a -> b;"],
    ),
    "=> joins ports in pairs": (
        "a, b :: Tee; a [0-2] => [1,0,2] b;",
        ["a :: Tee;", "b :: Tee;", "a [1] -> b;", "a -> [1] b;", "a [2] -> [2] b;"],
    ),
    "=> counts the ports of a lone element": (
        "c :: Tee; A, B :: Discard; c => A, B;",
        ["c :: Tee;", "A :: Discard;", "B :: Discard;", "c -> A;", "c [1] -> B;"],
    ),
    "=> between single elements joins port 0 only": (
        "a, b :: Tee; a => b;",
        ["a :: Tee;", "b :: Tee;", "a -> b;"],
    ),
    "=> through parallel elements": (
        "c :: Tee; d :: Discard; c [0,1] => Null, Null -> d;",
        [
            *("c :: Tee;", "d :: Discard;", "Null@3 :: Null;", "Null@4 :: Null;"),
            *("c -> Null@3 -> d;", "c [1] -> Null@4 -> d;"),
        ],
    ),
    "expandable ports take what the other side has": (
        "a, b, c, d :: Tee; a [] => b, c, d;",
        [
            *("a :: Tee;", "b :: Tee;", "c :: Tee;", "d :: Tee;"),
            *("a -> b;", "a [1] -> c;", "a [2] -> d;"),
        ],
    ),
    "expandable ports go on after the last number": (
        "a, b, c :: Tee; a [1,4,] => b, [0-2] c;",
        [
            *("a :: Tee;", "b :: Tee;", "c :: Tee;"),
            *("a [1] -> b;", "a [4] -> c;", "a [5] -> [1] c;", "a [6] -> [2] c;"),
        ],
    ),
    "an expandable list may be one of several members": (
        "a, b, c :: Tee; a => b, [1,] c, [7] b;",
        [
            *("a :: Tee;", "b :: Tee;", "c :: Tee;"),
            *("a -> b;", "a [2] -> [7] b;", "a [1] -> [1] c;"),
        ],
    ),
    "a lone arrow in a compound passes through": (
        "a, b :: Tee; a -> { -> } -> b; a [1] -> { [0] -> [0] } -> [1] b;",
        ["a :: Tee;", "b :: Tee;", "a -> b;", "a [1] -> [1] b;"],
    ),
    "implicit ports at the ends of a chain": (
        "a :: Idle; b :: Discard; a -> { -> Null -> } -> b;",
        ["a :: Idle;", "b :: Discard;", "@3/Null@1 :: Null;", "a -> @3/Null@1 -> b;"],
    ),
    "implicit ports in groups": (
        "Tee => Null, ( -> c :: Counter => (->), Paint -> ) -> Discard",
        [
            *("Tee@1 :: Tee;", "c :: Counter;", "Paint@9 :: Paint;", "Null@10 :: Null;", "Discard@11 :: Discard;"),
            *("Tee@1 [1] -> c -> Discard@11;", "c [1] -> Paint@9 -> Discard@11;", "Tee@1 -> Null@10 -> Discard@11;"),
        ],
    ),
    "groups in groups share the scope": (
        "a :: Idle -> ( -> ( -> b :: Null -> ) -> ) -> Discard; b -> Discard",
        [
            *("a :: Idle;", "b :: Null;", "Discard@9 :: Discard;", "Discard@10 :: Discard;"),
            *("a -> b -> Discard@9;", "b -> Discard@10;"),
        ],
    ),
    "group ports can be overridden": (
        "a, b :: Tee; a => [1,0] ( [0] -> [0]; [1] -> [1] ) [0,1] => b;",
        ["a :: Tee;", "b :: Tee;", "a [1] -> b;", "a -> [1] b;"],
    ),
    "an element class is lexical and hides one outside": (
        "elementclass Null { input -> Null -> Null -> output } Idle -> Null -> Discard",
        [
            *("Idle@1 :: Idle;", "Discard@3 :: Discard;", "Null@2/Null@1 :: Null;", "Null@2/Null@2 :: Null;"),
            "Idle@1 -> Null@2/Null@1 -> Null@2/Null@2 -> Discard@3;",
        ],
    ),
    "inner classes end with their compound": (
        "elementclass A { elementclass Null Counter; input -> Null -> output } Idle -> A -> Null -> Discard",
        [
            *("Idle@1 :: Idle;", "Null@3 :: Null;", "Discard@4 :: Discard;", "A@2/Null@1 :: Counter;"),
            "Idle@1 -> A@2/Null@1 -> Null@3 -> Discard@4;",
        ],
    ),
    "a synonym is another name of a class": (
        "elementclass Foo Null; Idle -> Foo(1) -> Discard",
        ["Idle@1 :: Idle;", "Foo@2 :: Null(1);", "Discard@3 :: Discard;", "Idle@1 -> Foo@2 -> Discard@3;"],
    ),
    "an inline compound takes arguments": (
        "x :: { $a | input -> Paint($a) -> output } (3); Idle -> x -> Discard",
        [
            *("Idle@2 :: Idle;", "Discard@3 :: Discard;", "x/Paint@1 :: Paint(3);"),
            "Idle@2 -> x/Paint@1 -> Discard@3;",
        ],
    ),
    "formals: positional, keyword, rest": (
        "elementclass F { $a, KEY $k, __REST__ $r | Message($a, $k, $r) } F(1, Z 3, KEY 4, 5)",
        ["F@1/Message@1 :: Message(1, 4, Z 3, 5);"],
    ),
    "the last of two keywords counts": (
        "elementclass F { KEY $k | Message($k) } F(KEY 1, KEY 2)",
        ["F@1/Message@1 :: Message(2);"],
    ),
    "an empty rest is empty": (
        "elementclass F { __REST__ $r | Message($r) } F",
        ["F@1/Message@1 :: Message;"],
    ),
    "overloads by arguments": (
        "elementclass F { $a | Message(one, $a) || $a, $b | Message(two, $a, $b) } F(x) F(x, y)",
        ["F@1/Message@1 :: Message(one, x);", "F@2/Message@1 :: Message(two, x, y);"],
    ),
    "overloads by ports": (
        "elementclass F { input -> Null -> output || input -> Discard } Idle -> F Idle -> F -> Discard",
        [
            *("Idle@1 :: Idle;", "Idle@3 :: Idle;", "Discard@5 :: Discard;"),
            *("F@2/Discard@1 :: Discard;", "F@4/Null@1 :: Null;"),
            *("Idle@1 -> F@2/Discard@1;", "Idle@3 -> F@4/Null@1 -> Discard@5;"),
        ],
    ),
    "... goes on with the class so far": (
        "elementclass F { $a | Message(one) } elementclass F { $a, $b | Message(two) || ... } F(x) F(x, y)",
        ["F@1/Message@1 :: Message(one);", "F@2/Message@1 :: Message(two);"],
    ),
    "... extends an element too": (
        "elementclass Paint { $a, $b | -> Paint($b) -> || ... } Idle -> Paint(1) -> Paint(2, 3) -> Discard",
        [
            *("Idle@1 :: Idle;", "Paint@2 :: Paint(1);", "Discard@4 :: Discard;", "Paint@3/Paint@1 :: Paint(3);"),
            "Idle@1 -> Paint@2 -> Paint@3/Paint@1 -> Discard@4;",
        ],
    ),
    "an instance keeps the overloads it was declared with": (
        "elementclass F { $a | Message(old) } F(1) elementclass F { $a | Message(new) } F(1)",
        ["F@1/Message@1 :: Message(old);", "F@2/Message@1 :: Message(new);"],
    ),
    "inner classes see outer formals": (
        """elementclass Foo { $a |
             elementclass Bar { $b | Message($a, $b) }
             elementclass Baz { $a | Bar($a) }
             Baz(inner) }
           Foo(outer)""",
        ["Foo@1/Baz@1/Bar@1/Message@1 :: Message(outer, inner);"],
    ),
    "formals shadow the caller's": (
        "elementclass Foo { $a | Message($a) } elementclass Far { $a, $b | Foo($b) } Far(x, y)",
        ["Far@1/Foo@1/Message@1 :: Message(y);"],
    ),
    "the insides of compounds follow the file's elements, first compound first": (
        """elementclass In { input -> Null -> output }
           elementclass Out { input -> In -> Paint -> output }
           Idle -> a :: Out -> b :: In -> Discard""",
        [
            *(
                "Idle@1 :: Idle;",
                "Discard@4 :: Discard;",
                "a/Paint@2 :: Paint;",
                "a/In@1/Null@1 :: Null;",
                "b/Null@1 :: Null;",
            ),
            "Idle@1 -> a/In@1/Null@1 -> a/Paint@2 -> b/Null@1 -> Discard@4;",
        ],
    ),
    "groups in compounds": (
        "Idle -> x :: { -> ( -> Null -> ) -> } -> Discard",
        [
            *("Idle@1 :: Idle;", "Discard@3 :: Discard;", "x/Null@4 :: Null;"),
            "Idle@1 -> x/Null@4 -> Discard@3;",
        ],
    ),
    "define holds for the whole file": (
        'Message($a, $b) define($a 3, $b "x y")',
        ['Message@1 :: Message(3, "x y");'],
    ),
    "define is scoped": (
        "define($a 1) elementclass F { define($a 2) Message($a) } F Message($a)",
        ["Message@2 :: Message(1);", "F@1/Message@1 :: Message(2);"],
    ),
    "a define of a compound sees its formals": (
        "elementclass F { $a | define($b $a$a) Message($b) } F(7)",
        ["F@1/Message@1 :: Message(77);"],
    ),
    "undefined variables stay": (
        "Message($u, ${u}, ${u-d}, ${u-})",
        ["Message@1 :: Message($u, ${u}, d, );"],
    ),
    "variables take the word at an index": (
        "define($a X Y Z, $n 1) Message(${a[0]}, ${a[$n]}, ${a[7]}, ${b[0]-q})",
        ["Message@1 :: Message(X, Y, , q);"],
    ),
    "values are quoted anew in double quotes and not replaced in single ones": (
        'define($a x"y") Message("<$a>", \'$a\', $a, "\\$a")',
        ['Message@1 :: Message("<x\\"y\\">", \'$a\', x"y", "\\$a");'],
    ),
    "class names with slashes": (
        "elementclass a/B Null; a/B;",
        ["a/B@1 :: Null;"],
    ),
    "keywords are words only by themselves": (
        "requires :: Idle; define_ :: Idle;",
        ["requires :: Idle;", "define_ :: Idle;"],
    ),
    "configuration strings are raw": (
        "Message( a , 'b)' \"c)\" (d) /* ) */ \\<29 /* > */> // )\n)",
        ["Message@1 :: Message( a , 'b)' \"c)\" (d) /* ) */ \\<29 /* > */> // )", ");"],
    ),
    "a configuration string may follow after comments": (
        "a :: Message /* x */ // y\n (1)",
        ["a :: Message(1);"],
    ),
    "carriage returns end lines": (
        "// one\r\na :: Idle;\r// two\rb :: Discard; a -> b;\r\n",
        ["a :: Idle;", "b :: Discard;", "a -> b;"],
    ),
    "comments may be in any script": (
        '/* größer 中文 */ a :: Message("é"); // ≤\nb :: Idle /* \udcff */',
        ['a :: Message("é");', "b :: Idle;"],
    ),
    "an unterminated comment ends the file": ("a :: Idle; /* b ::", ["a :: Idle;"]),
    "an empty file is empty": ("", []),
    "a trailing comma in a list means nothing": ("a :: Idle, ; ", ["a :: Idle;"]),
    "requirements are kept": (
        "require(compact_config); a :: Idle",
        ["require(compact_config);", "a :: Idle;"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_elaborates_to(text: str, expected: list[str]) -> None:
    assert flat(text) == expected


def test_command_line_variables_win_over_the_file() -> None:
    assert flat("define($N 1) Strip($N)", defines={"N": "9", "M": "2"}) == ["Strip@1 :: Strip(9);"]


def test_packages_that_are_there_are_kept_with_quotes() -> None:
    expected = ['require(package "p", package "q r");', "Idle@1 :: Idle;"]
    assert flat('require(package p, package "q r"); Idle', packages=["p", "q r"]) == expected


def test_require_of_a_lone_word_means_a_package() -> None:
    assert flat("require(p)", packages=["p"]) == ['require(package "p");']


def test_text_is_the_original_unless_the_file_wants_it_compact() -> None:
    assert loaded("a :: Idle; // x").text == "a :: Idle; // x"
    assert loaded("require(compact_config) a :: Idle; // x").text == "require(compact_config);\n\na :: Idle;\n\n"


def test_elements_know_where_they_and_their_configurations_stand() -> None:
    element = loaded("// c\n a ::\n Strip( 14 )").elements[0]
    assert (element.span.text, element.span.landmark) == ("a", "F:2")
    assert element.config_span is not None
    assert (element.config_span.text, element.config_span.landmark) == (" 14 ", "F:3")


def test_connections_know_where_they_are_made() -> None:
    (connection,) = loaded("a :: Idle;\nb :: Discard;\na -> b;").connections
    assert (connection.span.text, connection.span.landmark) == ("a -> b", "F:3")


def test_connections_are_ordered_by_input_then_output() -> None:
    text = "a, b :: Tee; a [1] -> [1] b; b -> [1] a; a -> [1] b; b [2] -> a"
    connections = loaded(text).connections
    assert [(c.to_element, c.to_port, c.from_element, c.from_port) for c in connections] == [
        *[(0, 0, 1, 2), (0, 1, 1, 0), (1, 1, 0, 0), (1, 1, 0, 1)]
    ]


def test_line_directives_move_landmarks() -> None:
    text = (
        '# 10 "f.click"\na :: Idle;\n#line 20 "g.click"\n\nb :: Message(\n# 5 "h"\n1\n); c :: Idle\n# 3 ""\nd :: Idle'
    )
    configuration = loaded(text)
    assert [element.span.landmark for element in configuration.elements] == ["f.click:10", "g.click:21", "h:6", "F:3"]
    assert configuration.elements[1].config == "\n\n1\n"
