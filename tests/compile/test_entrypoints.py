"""The C file of an element says what it offers."""

from __future__ import annotations

from pathlib import Path

from nmclick.compile.entrypoints import EntryPoints, entry_points

TEXT = """
struct Thing { int x; };
/* static inline int Thing_pull(int) { } is only mentioned here */
static void Thing_help(struct context *c)
{
    emit(c, 0, make());
}

static inline int Thing_packet(struct Thing *self, const struct Thing_args *args, struct packet *p,
                               struct context *c)
{
    Thing_help(c);
    return 0;
}

static inline long Thing_call_insert(struct Thing *self, const struct Thing_args *args, const void *in,
                                     size_t n, void *out, size_t room, struct context *c)
{
    return 0;
}

static inline int Other_task(void)
{
    return 0;
}
"""


def read(tmp_path: Path, text: str, name: str = "Thing") -> EntryPoints:
    path = tmp_path / "thing.c"
    path.write_text(text)
    return entry_points(name, path)


def test_functions_named_after_the_class_are_its_entry_points(tmp_path: Path) -> None:
    code = read(tmp_path, TEXT)
    assert code.names == {"packet", "call_insert"}
    assert code.calls == ["insert"]
    assert code.has_state


def test_emitting_is_seen_through_helper_functions(tmp_path: Path) -> None:
    code = read(tmp_path, TEXT)
    assert code.emitting == {"packet"}
    assert code.emits and not code.emits_outside


def test_an_entry_point_outside_regions_that_emits_is_told_apart(tmp_path: Path) -> None:
    code = read(
        tmp_path,
        TEXT.replace("    return 0;\n}\n\nstatic inline int Other", "    Thing_help(c);\n}\n\nstatic inline int Other"),
    )
    assert code.emits_outside


def test_a_class_without_c_has_no_entry_points() -> None:
    assert entry_points("Nothing", None) == EntryPoints(None)
