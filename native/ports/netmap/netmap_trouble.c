/* What goes wrong with netmap's ports, told with its cure. */
#include "user.h"
#include "netmap.h"

#include <stdarg.h>

#include "bridge.h"

static bool is_kernel(const struct netmap_opening *o)
{
    return o->calls == &nm_kernel_calls;
}

/* The interface of the machine whose rings a name means. */
static void interface_name(const struct nm_netmap_name *name, char *interface, size_t size)
{
    size_t length = name->vale ? 0 : strcspn(name->name, "{}");
    snprintf(interface, size, "%.*s", (int)length, name->name);
}

void netmap_cannot_open(const struct netmap_opening *o, int err)
{
    if (is_kernel(o) && (err == EACCES || err == EPERM))
        nm_port_error(o->error, o->size, o->spec, "no permission for /dev/netmap: %s",
                      nm_kernel_permission_cure);
    else if (is_kernel(o) && (err == ENOENT || err == ENXIO || err == ENODEV))
        nm_port_error(o->error, o->size, o->spec, "the kernel has no netmap (%s): %s", strerror(err),
                      nm_kernel_load_cure);
    else if (o->calls == &nm_user_calls && *nm_user_trouble())
        nm_port_error(o->error, o->size, o->spec, "%s: %s", o->calls->provider, nm_user_trouble());
    else
        nm_port_error(o->error, o->size, o->spec, "%s: %s", o->calls->provider, strerror(err));
}

static void no_such_port(const struct netmap_opening *o)
{
    char interface[NETMAP_REQUEST_NAME_SIZE];
    struct nm_interface state = {0};
    interface_name(&o->name, interface, sizeof interface);
    if (*interface)
        nm_kernel_interface(interface, &state);
    if (o->name.vale || o->name.pipe)
        nm_port_error(o->error, o->size, o->spec, "%s has no such port and does not make one",
                      o->calls->provider);
    else if (!state.exists)
        nm_port_error(o->error, o->size, o->spec, "there is no network interface '%s'%s", interface,
                      is_kernel(o) ? "" : "; without a kernel netmap there are VALE ports and pipes");
    else if (!is_kernel(o))
        nm_port_error(o->error, o->size, o->spec,
                      "the kernel has no netmap, and %s has only VALE ports and pipes: %s, or use xdp:%s or "
                      "packet:%s",
                      o->calls->provider, nm_kernel_load_cure, interface, interface);
    else
        nm_port_error(o->error, o->size, o->spec, "netmap cannot use the interface '%s'", interface);
}

static void not_valid(const struct netmap_opening *o, const struct nmreq_register *wish)
{
    bool software = o->name.vale || o->name.pipe;
    bool host =
        wish->nr_mode == NR_REG_SW || wish->nr_mode == NR_REG_NIC_SW || wish->nr_mode == NR_REG_ONE_SW;
    if (host && software)
        nm_port_error(o->error, o->size, o->spec,
                      "host rings belong to network interfaces; this is a port in software");
    else if (o->name.request.nr_mode == NR_REG_ONE_NIC || wish->nr_mode == NR_REG_ONE_SW)
        nm_port_error(o->error, o->size, o->spec, "there is no %sring %u", host ? "host " : "",
                      wish->nr_ringid);
    else if (o->name.request.nr_mem_id)
        nm_port_error(o->error, o->size, o->spec, "netmap cannot put it in memory region %u",
                      o->name.request.nr_mem_id);
    else if (o->name.offset.wanted)
        nm_port_error(o->error, o->size, o->spec, "netmap refuses packets that start at %u in %u bits",
                      o->name.offset.initial, o->name.offset.bits);
    else
        nm_port_error(o->error, o->size, o->spec, "netmap refuses such a port");
}

void netmap_cannot_register(const struct netmap_opening *o, const struct nmreq_register *wish, int err)
{
    switch (err) {
    case ENXIO:
    case ENOENT:
    case ENODEV:
        no_such_port(o);
        break;
    case EINVAL:
        not_valid(o, wish);
        break;
    case EBUSY:
        nm_port_error(o->error, o->size, o->spec,
                      wish->nr_flags & NR_EXCLUSIVE ? "another program has it open; '/x' wants it alone"
                      : o->calls == &nm_user_calls  ? "it is open elsewhere: in user space a port belongs to "
                                                      "one process, and with '/x' to one user of it"
                                                    : "another program has it open for itself alone");
        break;
    case ETIMEDOUT:
        netmap_cannot_open(o, err);
        break;
    case ENOMEM:
        nm_port_error(
            o->error, o->size, o->spec,
            "netmap's memory is used up: wish for fewer slots (@conf:slots=256), fewer --buffers, or "
            "make it larger (parameters buf_num and ring_num)");
        break;
    case EOPNOTSUPP:
        nm_port_error(o->error, o->size, o->spec, "%s does not offer %s here", o->calls->provider,
                      o->name.offset.wanted      ? "offsets (@offset)"
                      : o->name.external.file[0] ? "memory of a file (@extmem)"
                                                 : "such ports");
        break;
    case ENAMETOOLONG:
        nm_port_error(o->error, o->size, o->spec, "this netmap takes names up to %d characters",
                      NETMAP_NAME_SIZE - 1);
        break;
    default:
        nm_port_error(o->error, o->size, o->spec, "%s: %s", o->calls->provider, strerror(err));
    }
}

void netmap_advise(struct nm_port *port, const char *format, ...)
{
    struct netmap_port *netmap = port->priv;
    size_t used = strlen(netmap->advice), room = sizeof netmap->advice - used;
    if (used && room > 1) {
        memcpy(netmap->advice + used++, "\n", 2);
        room--;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(netmap->advice + used, room, format, arguments);
    va_end(arguments);
    port->advice = netmap->advice;
}

void netmap_look_at_interface(struct nm_port *port)
{
    struct netmap_port *netmap = port->priv;
    const struct nm_netmap_name *name = &netmap->name;
    struct nm_interface state;
    uint32_t mode = name->request.nr_mode;
    if (name->vale || name->pipe)
        return;
    interface_name(name, netmap->interface, sizeof netmap->interface);
    nm_kernel_interface(netmap->interface, &state);
    netmap->hardware = nm_netmap_has_hardware_rings(name) && !nm_netmap_is_monitor(name);
    netmap->host = mode == NR_REG_SW || mode == NR_REG_ONE_SW || mode == NR_REG_NIC_SW;
    if (!state.exists)
        return;
    if (!state.up)
        netmap_advise(port, "%s is down: %s", netmap->interface, state.up_cure);
    if (*state.offload_cure)
        netmap_advise(port, "%s leaves checksums or segmentation to hardware that netmap goes past: %s",
                      netmap->interface, state.offload_cure);
    snprintf(netmap->address, sizeof netmap->address, "%s", state.address);
}

/* Host rings pass packets only while the hardware rings are in netmap mode, and then the system's own packets
 * come to them and nowhere else. */
void netmap_review(struct nm_port *port, struct nm_port *const *all, unsigned n)
{
    struct netmap_port *netmap = port->priv;
    bool hardware = false, host_read = false;
    for (unsigned i = 0; i < n; i++) {
        struct nm_port *other = nm_bridge_inner(all[i]);
        const struct netmap_port *its = other->priv;
        if (other->ops != &nm_netmap_ops || strcmp(its->interface, netmap->interface) != 0)
            continue;
        hardware |= its->hardware;
        host_read |= its->host && other->n_rx_rings;
    }
    if (netmap->host && !hardware)
        netmap_advise(
            port,
            "nothing here opens the hardware rings of %s: unless another program does, its host rings "
            "carry nothing; open netmap:%s, too",
            netmap->interface, netmap->interface);
    if (hardware && !host_read && *netmap->address)
        netmap_advise(
            port,
            "%s has the address %s, but nothing reads its host rings: what this machine sends there "
            "is lost; read netmap:%s^",
            netmap->interface, netmap->address, netmap->interface);
}
