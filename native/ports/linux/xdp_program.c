/* The XDP program of a port. It belongs to a link that the kernel takes away with the process: after a crash
 * the interface is the system's again. */
#define _GNU_SOURCE
#include "xdp.h"

#include <linux/if_link.h>

#include "bpf.h"

/* bpf_redirect_map(map, queue, XDP_PASS): to the socket of the queue if there is one, else to the system. */
static int load_program(int map)
{
    const struct bpf_insn program[] = {
        BPF_LOAD_WORD(BPF_REG_2, BPF_REG_1, offsetof(struct xdp_md, rx_queue_index)),
        BPF_LOAD_MAP(BPF_REG_1, map),
        BPF_SET_IMMEDIATE(BPF_REG_3, XDP_PASS),
        BPF_CALL_HELPER(BPF_FUNC_redirect_map),
        BPF_RETURN,
    };
    return nm_bpf_load(BPF_PROG_TYPE_XDP, program, sizeof program / sizeof *program);
}

bool xdp_attach(struct xdp_port *xdp, bool generic, const char *spec, char *error, size_t size)
{
    const char *capabilities = "CAP_NET_ADMIN and CAP_BPF";
    xdp->map = nm_bpf_socket_map(xdp->device.queues);
    int program = xdp->map < 0 ? -1 : load_program(xdp->map);
    if (program < 0) {
        nm_device_error(error, size, spec, "cannot load an XDP program", capabilities, errno);
        return false;
    }
    if (!generic)
        xdp->link = nm_bpf_attach(program, xdp->device.index, BPF_XDP, XDP_FLAGS_DRV_MODE);
    if (xdp->link < 0 && (generic || (errno != EBUSY && errno != EEXIST && errno != EPERM))) {
        xdp->link = nm_bpf_attach(program, xdp->device.index, BPF_XDP, XDP_FLAGS_SKB_MODE);
        xdp->generic = true;
    }
    int err = errno;
    close(program);
    if (xdp->link >= 0)
        return true;
    if (err == EBUSY || err == EEXIST)
        nm_port_error(
            error, size, spec,
            "%s has an XDP program already (`ip link show dev %s`; `ip link set dev %s xdp off` takes it "
            "away)",
            xdp->device.name, xdp->device.name, xdp->device.name);
    else
        nm_device_error(error, size, spec, "cannot attach an XDP program", capabilities, err);
    return false;
}
