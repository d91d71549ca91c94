/* NETMAP_REQ_REGISTER: which rings, and what the program gets to see of them. */
#include "provider.h"

static int choose_rings(const struct port *port, const struct nmreq_register *reg, bool tx,
                        struct nm_span_of_rings *span)
{
    const uint16_t n = tx ? port->n_tx : port->n_rx;
    *span = (struct nm_span_of_rings){0, 0};
    if (reg->nr_flags & (tx ? NR_RX_RINGS_ONLY : NR_TX_RINGS_ONLY))
        return 0;
    switch (reg->nr_mode) {
    case NR_REG_ALL_NIC:
    case NR_REG_NULL:
        span->end = n;
        return 0;
    case NR_REG_ONE_NIC:
        if (reg->nr_ringid >= port->n_tx && reg->nr_ringid >= port->n_rx)
            return EINVAL;
        span->first = reg->nr_ringid < n ? reg->nr_ringid : 0;
        span->end = span->first + 1;
        return 0;
    default: /* there are no host rings */
        return EINVAL;
    }
}

static int choose(const struct port *port, const struct nmreq_register *reg, struct nm_span_of_rings *tx,
                  struct nm_span_of_rings *rx)
{
    int err = choose_rings(port, reg, false, rx);
    return err ? err : choose_rings(port, reg, true, tx);
}

static bool set_offset(struct ring *ring, uint64_t mask, struct nmreq_opt_offsets *offsets)
{
    if (ring->offset_mask) {
        if ((ring->offset_mask & mask) != mask || ring->most_offset < offsets->nro_max_offset)
            return false;
        offsets->nro_max_offset = ring->most_offset;
    } else {
        ring->offset_mask = mask;
        ring->most_offset = (uint32_t)offsets->nro_max_offset;
        ring->nm.ring->offset_mask = mask;
    }
    if (offsets->nro_initial_offset && ring->users == 1)
        for (uint32_t i = 0; i < ring->nm.n_slots; i++)
            ring->nm.ring->slot[i].ptr = offsets->nro_initial_offset;
    return true;
}

static int set_offsets(struct binding *binding, struct nmreq_opt_offsets *offsets)
{
    const uint64_t bits = offsets->nro_offset_bits;
    const uint64_t mask = bits && bits < 64 ? (UINT64_C(1) << bits) - 1 : UINT64_MAX;
    if (bits > 64 || offsets->nro_max_offset > BUFFER_SIZE ||
        (offsets->nro_max_offset & mask) != offsets->nro_max_offset ||
        offsets->nro_initial_offset > offsets->nro_max_offset)
        return EINVAL;
    for (unsigned i = binding->rx.first; i < binding->rx.end; i++)
        if (!set_offset(&binding->port->rx[i], mask, offsets))
            return EBUSY;
    for (unsigned i = binding->tx.first; i < binding->tx.end; i++)
        if (!set_offset(&binding->port->tx[i], mask, offsets))
            return EBUSY;
    return 0;
}

static int make_interface(struct binding *binding)
{
    const struct port *port = binding->port;
    struct memory *memory = port->memory;
    const uint32_t n_tx = port->n_tx, n_rx = port->n_rx;
    struct netmap_if *nifp =
        nm_pool_take(&memory->interfaces, sizeof *nifp + (n_tx + 1 + n_rx + 1) * sizeof(int64_t));
    if (!nifp)
        return ENOMEM;
    size_t length = strlen(port->name);
    memcpy(nifp->ni_name, port->name, length < NETMAP_NAME_SIZE ? length : NETMAP_NAME_SIZE - 1);
    nifp->ni_flags = memory->id == GLOBAL_ID ? 0 : NI_PRIV_MEM;
    nifp->ni_tx_rings = n_tx;
    nifp->ni_rx_rings = n_rx;
    nifp->ni_host_tx_rings = 1; /* a host ring that is not there */
    nifp->ni_host_rx_rings = 1;
    for (unsigned i = binding->tx.first; i < binding->tx.end; i++)
        nifp->ring_ofs[i] = (uint8_t *)port->tx[i].nm.ring - (uint8_t *)nifp;
    for (unsigned i = binding->rx.first; i < binding->rx.end; i++)
        nifp->ring_ofs[n_tx + 1 + i] = (uint8_t *)port->rx[i].nm.ring - (uint8_t *)nifp;
    binding->nifp = nifp;
    return 0;
}

static void tell(struct provider *provider, const struct binding *binding, struct nm_answer *answer, int *fds)
{
    const struct port *port = binding->port;
    const struct memory *memory = port->memory;
    struct nmreq_register *reg = &answer->body.reg;
    reg->nr_offset = (uint64_t)((uint8_t *)binding->nifp - memory->region.base);
    reg->nr_memsize = memory->region.size;
    reg->nr_tx_slots = port->tx_slots;
    reg->nr_rx_slots = port->rx_slots;
    reg->nr_tx_rings = port->n_tx;
    reg->nr_rx_rings = port->n_rx;
    reg->nr_mem_id = memory->id;
    reg->nr_extra_bufs = binding->n_extra;
    answer->region_size = memory->region.size;
    answer->rings_size = (uint64_t)(memory->region.buffers - memory->region.base);
    answer->n_buffers = memory->region.n_buffers;
    answer->buffer_size = memory->region.buffer_size;
    answer->waiter = binding->waiter;
    answer->n_tx = port->n_tx;
    answer->n_rx = port->n_rx;
    answer->tx = binding->tx;
    answer->rx = binding->rx;
    answer->kind = (uint8_t)port->kind;
    fds[NM_FD_REGION] = memory->fd;
    fds[NM_FD_MAIL] = port->mail_fd;
    fds[NM_FD_STATE] = provider->state_fd;
}

static int fill_binding(struct provider *provider, struct binding *binding, const struct nmreq_register *reg,
                        struct nmreq_opt_offsets *offsets, int *fds)
{
    struct memory *memory = binding->port->memory;
    int err = 0;
    if (offsets)
        offsets->nro_opt.nro_status = (uint32_t)(err = set_offsets(binding, offsets));
    if (!err)
        err = make_interface(binding);
    if (!err)
        err = client_new_bell(provider, binding, &fds[NM_FD_BELL]);
    if (!err)
        binding->nifp->ni_bufs_head =
            memory_make_list(memory, binding->port->domain, reg->nr_extra_bufs, &binding->n_extra);
    return err;
}

int register_port(struct provider *provider, struct client *client, struct nm_answer *answer,
                  struct nmreq_opt_offsets *offsets, int *fds)
{
    struct nmreq_register *reg = &answer->body.reg;
    struct port *port = NULL;
    struct binding *binding = NULL;
    struct nm_span_of_rings tx, rx;
    if (client->binding)
        return EBUSY;
    if (reg->nr_mode == NR_REG_DEFAULT || reg->nr_mode == NR_REG_PIPE_MASTER ||
        reg->nr_mode == NR_REG_PIPE_SLAVE || reg->nr_mode > NR_REG_ONE_SW)
        return EINVAL;
    int err = open_port(provider, client, answer->name, reg, &port);
    if (err) {
        memories_sweep(provider);
        return err;
    }
    struct nm_span_of_rings watched_tx = {0}, watched_rx = {0};
    if (port->kind == NM_PORT_MONITOR)
        err = choose(port->watched, reg, &watched_tx, &watched_rx);
    if (!err && port->kind == NM_PORT_MONITOR && reg->nr_mode == NR_REG_ONE_NIC &&
        reg->nr_ringid >= port->n_rx)
        err = EINVAL;
    if (!err)
        err = choose(port, reg, &tx, &rx);
    if (!err)
        err = bind_rings(client, port, reg, tx, rx, &binding);
    if (!err)
        err = fill_binding(provider, binding, reg, offsets, fds);
    if (!err && port->kind == NM_PORT_MONITOR)
        err = monitor_start(port, reg, watched_tx, watched_rx);
    if (err) {
        if (binding)
            unregister(provider, binding);
        else
            port_free_unused(provider, port);
        return err;
    }
    provider->changed = true;
    tell(provider, binding, answer, fds);
    return 0;
}
