"""Equal subgraphs behind one element's outputs share their code, and still keep apart what is each one's own."""

from __future__ import annotations

from build import graph_of

from nmclick.cli.plantext import plan_text
from nmclick.compile.plan import make_plan
from tests.bench.workloads import router
from tests.elements.datagrams import ipv4
from tests.elements.harness import run_config

FORK = """FromNetmap(pcap:in.pcap, STOP true) -> MarkIPHeader -> GetIPAddress(16)
  -> rt :: StaticIPLookup(10.0.0.0/8 0, 11.0.0.0/8 1, 12.0.0.0/8 3, 0/0 2);
"""


def bundles(text: str) -> list[list[list[str]]]:
    """Element names, by bundle and row."""
    plan = make_plan(graph_of(text))
    return [[[plan.elements[index].name for index, _ in row] for row in bundle.rows] for bundle in plan.bundles]


def strand(port: int, tail: str = "Discard") -> str:
    return f"rt[{port}] -> c{port} :: Counter -> t{port} :: {tail};\n"


def test_the_output_sides_of_a_router_are_one_bundle() -> None:
    [rows] = bundles(router(3).replace("port0", "null:").replace("port1", "null:").replace("port2", "null:"))
    assert ["paint0", "paint1", "paint2"] in rows
    assert ["arp0", "arp1", "arp2"] in rows
    assert ["out0", "out1", "out2"] in rows


def test_two_outputs_are_told_apart_by_a_jump() -> None:
    assert bundles(FORK + strand(0) + strand(1) + "rt[2] -> Discard; rt[3] -> Strip(1) -> Discard;") == []


def test_a_bundle_goes_as_far_as_its_strands_are_alike() -> None:
    text = FORK + strand(0) + strand(1, "Strip(1) -> Discard") + strand(3) + "rt[2] -> Discard;"
    assert bundles(text) == [[["c0", "c1", "c3"]]]


def test_different_arguments_make_no_difference_and_different_code_does() -> None:
    paints = "".join(strand(k, f"Paint({k}) -> Discard") for k in range(4))
    assert bundles(FORK + paints)[0][1] == ["t0", "t1", "t2", "t3"]
    sorts = "".join(strand(k, f"Classifier(0/4{k}) -> Discard") for k in range(4))
    assert bundles(FORK + sorts) == [[["c0", "c1", "c2", "c3"]]]


def test_what_strands_lead_to_together_is_in_none() -> None:
    text = FORK + "".join(f"rt[{k}] -> c{k} :: Counter -> all;" for k in range(4))
    assert bundles(text.replace("FromNetmap", "all :: Counter; all -> Discard; FromNetmap")) == [
        [["c0", "c1", "c2", "c3"]]
    ]


def test_an_element_behind_an_input_of_its_own_is_not_in_a_bundle_twice() -> None:
    text = FORK + "".join(
        f"rt[{k}] -> Counter -> a{k} :: ARPQuerier(1.0.0.{k}, 0:0:0:0:0:{k}) -> [1]a{k};" for k in range(4)
    )
    [[_, queriers]] = bundles(text)
    assert queriers == ["a0", "a1", "a2", "a3"]


def test_each_strand_has_its_own_state_arguments_outputs_and_drops() -> None:
    """Counters count for themselves, headers differ, rejected packets leave by their own strand, and the outputs that
    lead into the bundle are not in a row."""
    ports = [0, 1, 3]
    text = FORK + "rt[2] -> other :: Counter -> Discard;\n"
    for port in ports:
        text += f"""rt[{port}] -> c{port} :: Counter -> ttl{port} :: DecIPTTL
          -> EtherEncap(0x0800, 2:0:0:0:0:{port}, 2:0:0:0:1:{port}) -> ToNetmap(pcap:out{port}.pcap);
        ttl{port}[1] -> bad{port} :: Counter -> Discard;"""
    packets = [
        ipv4(dst=f"{net}.0.0.{n}", ttl=1 if n % 5 == net % 5 else 64) for n in range(60) for net in (10, 11, 12, 13)
    ]
    names = [f"{what}{port}.count" for what in ("c", "bad") for port in ports]
    result = run_config(text, {"in": packets}, handlers=[*names, "other.count"])
    assert result.status == 0, result.stderr
    assert [result.handlers[name] for name in names] == ["60"] * 3 + ["12"] * 3
    assert result.handlers["other.count"] == "60"
    for port, net in zip(ports, (10, 11, 12), strict=True):
        frames = result.data(f"out{port}")
        assert [frame[33] for frame in frames] == [n for n in range(60) if n % 5 != net % 5]
        assert {frame[:14] for frame in frames} == {bytes([2, 0, 0, 0, 1, port, 2, 0, 0, 0, 0, port, 8, 0])}


def test_emitted_packets_go_on_in_their_own_strand() -> None:
    text = (
        FORK
        + "rt[2] -> Discard;\n"
        + "".join(
            f"rt[{port}] -> IPFragmenter(68) -> c{port} :: Counter -> ToNetmap(pcap:out{port}.pcap);\n"
            for port in (0, 1, 3)
        )
    )
    packets = [ipv4(bytes(100 + net), dst=f"{net}.0.0.1") for net in (10, 12, 11, 10)]
    result = run_config(text, {"in": packets}, handlers=["c0.count", "c1.count", "c3.count"])
    assert result.status == 0, result.stderr
    assert list(result.handlers.values()) == ["6", "3", "3"]
    assert [len(p) for p in result.data("out1")] == [68, 68, 35]
    assert [len(p) for p in result.data("out3")] == [68, 68, 36]


def test_the_plan_names_what_a_bundle_holds() -> None:
    text = plan_text(make_plan(graph_of(FORK + strand(0) + strand(1) + strand(3) + "rt[2] -> Discard;")))
    assert "bundle 0: 3 strands\n  c0, c1, c3 :: Counter\n  t0, t1, t3 :: Discard\n" in text
