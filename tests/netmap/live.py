"""Builds live.c as one program without dependencies, to be carried to a machine with a kernel netmap, and runs it:

    python tests/netmap/live.py build OUT      a static program without the sanitizers and without -march=native
    python tests/netmap/live.py run OUT        its tests over /dev/netmap, on a veth pair that is made for them

``run`` needs root. ``script OUT`` prints what it runs, for machines that have a shell and no Python.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NATIVE = HERE.parents[1] / "native"
NAMES = re.findall(r"^TEST\((\w+)\)", (HERE / "live.c").read_text(), re.MULTILINE)
SKIPPED = 77

#: A veth pair as the tests want it. The stations must not talk on their own while somebody counts packets.
SCRIPT = """\
ip link add nmt0 type veth peer name nmt1
sysctl -qw net.ipv6.conf.nmt0.disable_ipv6=1 net.ipv6.conf.nmt1.disable_ipv6=1
ip addr add 10.99.0.1/24 dev nmt0
for each in nmt0 nmt1; do
  ip link set dev $each up promisc on
  ethtool -K $each tx off rx off gso off tso off gro off
done
failed=0
for name in {names}; do
  NM_PROVIDER=kernel NM_VETH=nmt0,nmt1 {program} $name
  case $? in 0) echo "PASS $name";; 77) echo "SKIP $name";; *) echo "FAIL $name"; failed=1;; esac
done
ip link del nmt0
exit $failed
"""


def build(output: Path) -> None:
    """Compile and link statically."""
    sources = [*NATIVE.glob("netmap/*.c"), *NATIVE.glob("ports/**/*.c")]
    flags = ["-std=gnu11", "-O1", "-g", "-static", f"-I{NATIVE / 'include'}", f"-I{NATIVE}"]
    files = [*map(str, sources), str(HERE / "live.c")]
    subprocess.run(["gcc", *flags, *files, "-o", str(output), "-lpthread"], check=True)


def script(program: str) -> str:
    """Shell commands that make the veth pair, run every test and say how each went."""
    return SCRIPT.format(names=" ".join(NAMES), program=program)


def main(arguments: list[str]) -> int:
    match arguments:
        case ["build", output]:
            build(Path(output))
        case ["script", program]:
            print(script(program), end="")
        case ["run", program]:
            return subprocess.run(["sh", "-c", script(str(Path(program).resolve()))], check=False).returncode
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
