"""C sources to shared objects: finding a compiler, flags, and the private cache.

A cached object is named by a hash of everything that decides its contents: sources, headers, compiler, flags and CPU.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Thread

from nmclick import cache as user_cache

OPTIMISE = ("-O3", "-march=native", "-fno-semantic-interposition", "-fno-tree-slp-vectorize")
#: What gcc need not try: on fused functions these take a third of its time and win nothing that can be measured.
GCC_LEAVES_OUT = ("-fno-tree-pre", "-fno-gcse", "-fno-gcse-after-reload", "-fno-code-hoisting")
#: What NMCLICK_SANITIZE compiles with; the process then needs the compiler's library for it preloaded.
SANITIZE = {
    "1": ("-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer"),
    "thread": ("-O1", "-fsanitize=thread", "-fno-omit-frame-pointer"),
}
COMMON = ("-std=gnu11", "-g1", "-fPIC", "-fvisibility=hidden", "-pthread")
WARNINGS = ("-Wall", "-Wextra", "-Wno-unused-parameter", "-Wno-unused-function", "-Wno-unused-label")


class CompilerError(Exception):
    """There is no C compiler, or it refused what it was given. The text tells the user what to do."""


@dataclass(frozen=True, slots=True)
class Compiler:
    """A C compiler: the command that starts it, and what identifies this very build of it."""

    command: tuple[str, ...]
    identity: str

    @property
    def is_zig(self) -> bool:
        return "ziglang" in self.command

    @property
    def is_gcc(self) -> bool:
        """Whether it knows gcc's own options: by the name of the program that the command is a link to."""
        return "gcc" in os.path.basename(self.identity.partition(":")[0])


def _sanitize() -> tuple[str, ...] | None:
    """The options that NMCLICK_SANITIZE asks for: "1" for AddressSanitizer and UBSan, "thread" for ThreadSanitizer."""
    return SANITIZE.get(os.environ.get("NMCLICK_SANITIZE", ""))


def native_folder() -> Path:
    """Folder with the C sources: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "native"
    return installed if installed.is_dir() else package.parent / "native"


def _identify(path: str) -> str:
    real = os.path.realpath(path)
    status = os.stat(real)
    return f"{real}:{status.st_size}:{status.st_mtime_ns}"


def find_program(command: str) -> str | None:
    """The path of a command, as a shell finds it. (shutil.which does the same, but takes long to import.)"""
    folders = [""] if os.path.dirname(command) else os.get_exec_path()
    paths = (os.path.join(folder, command) for folder in folders)
    return next((path for path in paths if os.path.isfile(path) and os.access(path, os.X_OK)), None)


@cache
def find_compiler() -> Compiler:
    """The compiler of $CC, else gcc, clang or cc, else the one in the PyPI package ziglang."""
    wanted = os.environ.get("CC", "").split()
    for command in ([wanted] if wanted else []) + [["gcc"], ["clang"], ["cc"]]:
        path = find_program(command[0])
        if path:
            if command[1:3] == ["-m", "ziglang"]:
                return Compiler((path, *command[1:]), "zig:" + _identify(path))
            return Compiler((path, *command[1:]), _identify(path))
        if command is wanted:
            raise CompilerError(f"the C compiler '{command[0]}' that CC names does not exist")
    spec = importlib.util.find_spec("ziglang")
    if spec is not None and spec.origin is not None:
        return Compiler((sys.executable, "-m", "ziglang", "cc"), _identify(spec.origin))
    raise CompilerError(
        "no C compiler found: install gcc or clang (Debian, Ubuntu: apt install gcc libc6-dev), "
        "or the PyPI package ziglang (pip install ziglang)"
    )


@cache
def _cpu() -> str:
    """What -march=native depends on."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").split("\n\n", 1)[0].splitlines()
    except OSError:
        return os.uname().machine
    keep = ("model name", "flags", "Features", "CPU part", "stepping")
    return "\n".join(line for line in lines if line.startswith(keep))


def cache_folder() -> Path:
    """nmclick.cache.cache_folder, which raises CompilerError."""
    try:
        return user_cache.cache_folder()
    except user_cache.CacheError as error:
        raise CompilerError(str(error)) from error


@contextmanager
def workplace() -> Iterator[Path]:
    """nmclick.cache.workplace, which raises CompilerError."""
    try:
        with user_cache.workplace() as folder:
            yield folder
    except user_cache.CacheError as error:
        raise CompilerError(str(error)) from error


@cache
def headers_digest() -> str:
    """Hash of every file in native/include, which any object may include."""
    digest = hashlib.sha256()
    for path in sorted((native_folder() / "include").rglob("*.h")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _options(compiler: Compiler, flags: Iterable[str]) -> list[str]:
    """What the compiler is called with; NMCLICK_CFLAGS comes last and so wins ("-O1" compiles in half the time)."""
    wanted = os.environ.get("NMCLICK_CFLAGS", "").split()
    optimise = (*OPTIMISE, *GCC_LEAVES_OUT) if compiler.is_gcc else OPTIMISE
    options = [*COMMON, *WARNINGS, *(_sanitize() or optimise), *flags, *wanted]
    if compiler.is_zig:
        options.append("-fno-sanitize=undefined")
    return options


def recipe(flags: Iterable[str]) -> tuple[str, ...]:
    """How objects are made: the compiler, its options and the processor. Raises CompilerError."""
    compiler = find_compiler()
    return (compiler.identity, *compiler.command, *_options(compiler, flags), _cpu())


def compile_shared(
    sources: Sequence[Path | str],
    *,
    flags: Sequence[str] = (),
    depends: Iterable[Path] = (),
    name: str = "program",
    output: Path | None = None,
) -> Path:
    """Compile files, or one generated text, into a shared object; the path of the cached result.

    `sources` are paths of .c files, or texts of generated units; `depends` are files the texts include besides the
    headers in native/include. `output` also copies the result there. Raises CompilerError.
    """
    result = _built(sources, ("-shared", *flags), depends, name, ".so")
    if output is not None:
        output.write_bytes(result.read_bytes())
    return result


def _built(
    sources: Sequence[Path | str], flags: Sequence[str], depends: Iterable[Path], name: str, suffix: str
) -> Path:
    """The object in the cache, made if it is not there."""
    digest = hashlib.sha256()
    for part in (*recipe(flags), headers_digest()):
        digest.update(part.encode() + b"\0")
    for source in sources:
        digest.update(source.encode() if isinstance(source, str) else source.read_bytes())
        digest.update(b"\0")
    for path in depends:
        digest.update(str(path).encode() + b"\0" + path.read_bytes())
    result = cache_folder() / f"{name}-{digest.hexdigest()[:32]}{suffix}"
    if user_cache.is_whole(result):
        user_cache.note_use(result)
    else:
        compiler = find_compiler()
        _compile(compiler, _options(compiler, flags), sources, result)
        user_cache.prune()
    return result


def _compile(compiler: Compiler, options: list[str], sources: Sequence[Path | str], result: Path) -> None:
    """Run the compiler in a folder of its own below the cache and rename the result into place."""
    import subprocess

    folder = result.parent
    with workplace() as build:
        files = []
        for number, source in enumerate(sources):
            if isinstance(source, str):
                path = folder / f"{result.stem}.c" if len(sources) == 1 else Path(build, f"unit{number}.c")
                path.write_text(source, encoding="ascii")
                files.append(str(path))
            else:
                files.append(str(source))
        target = Path(build, "out.so")
        command = [*compiler.command, *options, "-I", str(native_folder() / "include"), *files, "-o", str(target)]
        environment = os.environ | {"LC_ALL": "C", "TMPDIR": str(build)}
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, env=environment, errors="replace", check=False
            )
        except OSError as error:
            raise CompilerError(f"cannot run the C compiler {compiler.command[0]}: {error.strerror}") from error
        if done.returncode != 0 or not target.exists():
            kept = folder / "failed.log"
            kept.write_text(" ".join(command) + "\n" + done.stderr, encoding="utf-8")
            first = next((line for line in done.stderr.splitlines() if "error" in line), done.stderr[:200].strip())
            first = first or (f"exit status {done.returncode}" if done.returncode else "it made no output")
            raise CompilerError(f"the C compiler {compiler.command[0]} failed: {first} (all of it: {kept})")
        user_cache.keep(target, result)


def runtime_library() -> Path:
    """The runtime of native/, built once for this machine. Raises CompilerError."""
    native = native_folder()
    sources = sorted(p for part in ("netmap", "ports", "runtime") for p in (native / part).glob("*.c"))
    depends = sorted(p for part in ("netmap", "ports", "runtime") for p in (native / part).glob("*.h"))
    flags = ("-I", str(native), "-fvisibility=default")
    return compile_shared(list(sources), flags=flags, depends=depends, name="runtime")


def port_library(module: str) -> Path:
    """The kinds of port in a folder of native/ports, built when one is first used. Raises CompilerError."""
    native = native_folder()
    folder = native / "ports" / module
    depends = sorted(p for part in ("netmap", "ports") for p in (native / part).rglob("*.h"))
    flags = ("-I", str(native), "-fvisibility=default")
    return compile_shared(sorted(folder.glob("*.c")), flags=flags, depends=depends, name=f"ports-{module}")


class RuntimeBuild:
    """The runtime library, made in a thread of its own while the configuration is read: the first time it takes as long
    as compiling a configuration does."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._failure: Exception | None = None
        self._thread = Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._path = runtime_library()
        except Exception as failure:  # raised where the library is asked for
            self._failure = failure

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    def path(self) -> Path:
        """Waits until the library is there. Raises CompilerError."""
        self._thread.join()
        if self._failure is not None:
            raise self._failure
        assert self._path is not None
        return self._path


def provider_program() -> Path:
    """The switch process of the user-space netmap provider, a program, built once for this machine. Raises
    CompilerError."""
    native = native_folder()
    sources = [*sorted((native / "provider").glob("*.c")), native / "netmap" / "pool.c"]
    depends = sorted(p for part in ("provider", "netmap", "ports") for p in (native / part).rglob("*.h"))
    return _built(sources, (), depends, "nmclick-switch", "")
