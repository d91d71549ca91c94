from __future__ import annotations

from ._kernel import KernelInterface, kernel_arguments


class KernelTap(KernelInterface):
    """An Ethernet interface (TAP) of this machine whose other end is this element.

    What the kernel sends to the interface leaves by output 0. Packets at the input, Ethernet frames, arrive at the
    kernel as if the interface had received them. The interface is made when the router starts, brought up with
    address ADDR, and goes away with the router; that needs the capability CAP_NET_ADMIN.

    Arguments:
      ADDR     the kernel's address on the interface and its prefix, such as ``10.0.0.1/24``
      GATEWAY  an address of that network: a default route by way of it is added
      TAP      false: IP packets, as with KernelTun (default true)
      BURST    packets to take at a time at most (default: a whole batch)
      ETHER    Ethernet address of the interface (default: the kernel chooses)
      MTU      longest packet behind the Ethernet header, in bytes; longer ones are dropped (default 1500)
      DEVNAME  name of the interface (default: the kernel chooses, such as tap0); one that exists is taken over
      HEADROOM, IGNORE_QUEUE_OVERFLOWS
               checked and of no effect: ports have their own headroom, and every trouble is told once only

    The kernel asks for Ethernet addresses with ARP before it sends to other addresses of the network::

      tap :: KernelTap(192.0.0.1/8, ETHER 1:1:1:1:1:2)
          -> c :: Classifier(12/0806 20/0001, 12/0800, -);
      c[0] -> ARPResponder(0.0.0.0/0 1:1:1:1:1:1) -> tap;

    Handlers: ``dev_name`` (read) name of the interface; ``packets`` (read) packets received; ``selected_calls``
    (read) turns in which there were any.
    """

    example = "10.0.0.1/24"
    arguments = kernel_arguments(tap=True)
