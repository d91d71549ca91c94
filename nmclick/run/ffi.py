"""The native runtime as Python sees it: the C interface of ``runtime.h``, loaded without parsing C at start-up.

cffi's out-of-line ABI mode compiles the declarations once into a small module in the private cache folder; later runs
import that and never load cffi's parser.
"""

from __future__ import annotations

import hashlib
import importlib.util
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

from nmclick.cache import is_whole, keep
from nmclick.compile.cc import cache_folder, port_library, workplace

#: No time: "not for time's sake", "no time-out".
NEVER = 2**64 - 1

DECLARATIONS = """
struct runtime;

struct nm_program {
    uint32_t abi;
    uint32_t n_elements, n_tasks, n_timers, n_calls, n_fields, n_drops;
    size_t state_size;
    size_t packet_size;
    uint32_t n_workers;
    bool crossing;
    void *init, *cleanup, *tasks, *timers, *calls;
    const uint32_t *task_elements;
    const uint32_t *timer_elements;
    const int16_t *task_workers, *timer_workers;
    const uint32_t *field_offsets, *field_sizes;
    const uint32_t *drop_offsets;
};
extern struct nm_program nm_program;

enum nm_event_kind { NM_EVENT_NONE, NM_EVENT_UPCALL, NM_EVENT_WAKE, NM_EVENT_DRAINED };
struct nm_event {
    uint32_t kind;
    uint32_t worker;
    uint32_t element;
    uint32_t call_kind;
    uint64_t argument;
};

enum nm_drop_reason {
    NM_DROP_INDEX, NM_DROP_LENGTH, NM_DROP_LONG, NM_DROP_LINK, NM_DROP_WRITE, NM_DROP_SYSTEM,
    NM_DROP_FULL, NM_DROP_CHAIN,
    NM_DROP_REASONS
};
const char *nm_drop_text(enum nm_drop_reason reason);

struct nm_port_options {
    bool read, write;
    uint32_t ring_slots;
    uint32_t buffers;
    uint32_t link_type;
    uint32_t snap_length;
    bool nanoseconds;
    bool unbuffered;
    bool promiscuous, outbound, alone;
    uint16_t rings;
    uint32_t mtu;
};
struct nm_port {
    const void *ops;
    void *region;
    void *nifp;
    uint16_t n_tx_rings, n_rx_rings;
    void *tx, *rx;
    uint32_t link_type;
    bool finished;
    char name[64];
    const char *warning, *note, *advice;
    void *priv;
};
int nm_port_memory(const char *spec);
void nm_user_set_provider(const char *path);
const char *nm_port_module(const char *spec);
int64_t nm_port_probe(const char *spec, const struct nm_port_options *options, char *error, size_t size);

struct runtime *nm_runtime_create(uint32_t n_buffers, uint32_t buffer_size, char *error, size_t size);
bool nm_runtime_adopt(struct runtime *rt, const char *spec, const struct nm_port_options *options);
struct nm_port *nm_runtime_open(struct runtime *rt, const char *spec, const struct nm_port_options *options,
                                char *error, size_t size);
bool nm_runtime_share(struct runtime *rt, uint32_t port);
void nm_runtime_simulate(struct runtime *rt, uint64_t start);
void nm_runtime_warp(struct runtime *rt, double speed, bool jump);
uint64_t nm_runtime_now(struct runtime *rt);
uint32_t nm_runtime_load(struct runtime *rt, const struct nm_program *program, const char *const *names,
                         char *error, size_t size);
int nm_runtime_start(struct runtime *rt, int cpu);
void nm_runtime_park(struct runtime *rt);
void nm_runtime_unpark(struct runtime *rt);
long nm_runtime_call(struct runtime *rt, uint32_t worker, uint32_t call, const void *in, size_t n, void *out,
                     size_t room);
void *nm_runtime_state(struct runtime *rt, uint32_t worker);
uint32_t nm_runtime_tickets(struct runtime *rt, uint32_t task);
void nm_runtime_set_tickets(struct runtime *rt, uint32_t task, uint32_t tickets);
void nm_runtime_schedule(struct runtime *rt, uint32_t task, bool scheduled);
bool nm_runtime_scheduled(struct runtime *rt, uint32_t task);
void nm_runtime_wait(struct runtime *rt, uint64_t deadline, struct nm_event *event);
void nm_runtime_reply(struct runtime *rt, uint32_t worker, long answer);
void nm_runtime_wake(struct runtime *rt);
void nm_runtime_drain(struct runtime *rt, const uint8_t *skip);
void nm_runtime_resume(struct runtime *rt);
int nm_signal_catch(struct runtime *rt, int signal, bool once);
uint64_t nm_signals_caught(void);
unsigned nm_runtime_stop(struct runtime *rt);
uint32_t nm_runtime_destroy(struct runtime *rt);

struct nm_task_counters {
    uint64_t calls, idle_calls, packets;
};
struct nm_port_counters {
    uint64_t rx_packets, rx_bytes, rx_drops, tx_packets, tx_bytes, tx_drops;
    uint64_t waiting;
    uint64_t drops_by[8];
};
struct nm_worker_counters {
    uint64_t rounds, sleeps;
    uint64_t no_buffer;
    uint32_t free_buffers, buffers;
};
void nm_runtime_task_counters(const struct runtime *rt, uint32_t task, struct nm_task_counters *counters);
void nm_runtime_port_counters(const struct runtime *rt, uint32_t port, struct nm_port_counters *counters);
void nm_runtime_worker_counters(const struct runtime *rt, struct nm_worker_counters *counters);
"""


def _build(path: Path) -> None:
    """Compile the declarations to a module at `path`, which appears whole or not at all."""
    from cffi import FFI

    builder = FFI()
    builder.cdef(DECLARATIONS)
    builder.set_source(path.stem, None)
    with workplace() as folder:
        made = folder / path.name
        with redirect_stdout(StringIO()):  # cffi reports what it does
            builder.emit_python_code(str(made))
        keep(made, path)


@cache
def interface() -> Any:
    """The cffi interface with every declaration of the runtime. Raises CompilerError without a cache folder."""
    import _cffi_backend

    digest = hashlib.sha256((_cffi_backend.__version__ + DECLARATIONS).encode()).hexdigest()[:16]
    path = cache_folder() / f"nmclick_abi_{digest}.py"
    if not is_whole(path):
        _build(path)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.ffi


@cache
def load_runtime(path: Path) -> Any:
    """The runtime library. Its symbols are global: compiled configurations find theirs there."""
    ffi = interface()
    return ffi.dlopen(str(path), ffi.RTLD_NOW | ffi.RTLD_GLOBAL)


@cache
def load_ports(module: str) -> Any:
    """The library with some kinds of port, beside the runtime, which has to be loaded. Raises CompilerError."""
    ffi = interface()
    return ffi.dlopen(str(port_library(module)), ffi.RTLD_NOW | ffi.RTLD_GLOBAL)


def load_program(path: Path) -> tuple[Any, Any]:
    """A compiled configuration: its library, to be kept as long as it is used, and its nm_program."""
    ffi = interface()
    # Lazy: what elements ask of kinds of port that are not loaded is not called.
    library = ffi.dlopen(str(path), ffi.RTLD_LAZY | ffi.RTLD_LOCAL)
    return library, ffi.addressof(library, "nm_program")
