from __future__ import annotations

from ._kernel import KernelInterface, kernel_arguments


class KernelTun(KernelInterface):
    """An IP interface (TUN) of this machine whose other end is this element.

    What the kernel routes to the interface leaves by output 0: IP packets without a link header, with network and
    transport header and destination annotation set. Anything else leaves by output 1 if that is connected. Packets at
    the input must have a network header annotation; they arrive at the kernel from there on. The interface is made
    when the router starts, brought up with address ADDR, and goes away with the router; that needs the capability
    CAP_NET_ADMIN.

    Packets to ADDR itself are the kernel's own; those to other addresses of the network come here.

    Arguments:
      ADDR     the kernel's address on the interface and its prefix, such as ``10.0.0.1/24``
      GATEWAY  an address of that network: a default route by way of it is added
      TAP      true: Ethernet frames, as with KernelTap (default false)
      BURST    packets to take at a time at most (default: a whole batch)
      ETHER    Ethernet address of the interface, where it has one
      MTU      longest packet in bytes; longer ones are dropped (default 1500)
      DEVNAME  name of the interface (default: the kernel chooses, such as tun0); one that exists is taken over
      HEADROOM, IGNORE_QUEUE_OVERFLOWS
               checked and of no effect: ports have their own headroom, and every trouble is told once only

    What the kernel sends into a network, counted by kind::

      tun :: KernelTun(10.0.0.1/8) -> kinds :: IPClassifier(icmp type echo, tcp, -);
      kinds[0] -> pings :: Counter -> Discard;
      kinds[1] -> tcp :: Counter -> Discard;
      kinds[2] -> Discard;

    Handlers: ``dev_name`` (read) name of the interface; ``packets`` (read) packets received; ``selected_calls``
    (read) turns in which there were any.
    """

    example = "10.0.0.1/24"
    arguments = kernel_arguments(tap=False)
