/* The requests of NIOCCTRL. */
#include "provider.h"

static int port_info(const struct provider *provider, const char *name, struct nmreq_port_info_get *info)
{
    const struct port *port = port_find(provider, name);
    if (!port)
        return strncmp(name, "vale", 4) == 0 || strpbrk(name, "{}") ? EINVAL : ENXIO;
    *info = (struct nmreq_port_info_get){.nr_memsize = port->memory->region.size,
                                         .nr_tx_slots = port->tx_slots,
                                         .nr_rx_slots = port->rx_slots,
                                         .nr_tx_rings = port->n_tx,
                                         .nr_rx_rings = port->n_rx,
                                         .nr_mem_id = port->memory->id};
    return 0;
}

static int pools_info(struct provider *provider, const struct client *client, const char *name,
                      struct nmreq_pools_info *info)
{
    const struct port *port = port_find(provider, name);
    const struct memory *memory = port ? port->memory : client_memory(provider, client->pid, info->nr_mem_id);
    if (!memory)
        return EINVAL;
    *info = (struct nmreq_pools_info){
        .nr_memsize = memory->region.size,
        .nr_mem_id = memory->id,
        .nr_if_pool_objtotal = memory->plan.n_interfaces,
        .nr_if_pool_objsize = memory->plan.interface_size,
        .nr_ring_pool_offset = (uint64_t)(memory->rings.base - memory->region.base),
        .nr_ring_pool_objtotal = memory->plan.n_rings,
        .nr_ring_pool_objsize = memory->plan.ring_size,
        .nr_buf_pool_offset = (uint64_t)(memory->region.buffers - memory->region.base),
        .nr_buf_pool_objtotal = memory->region.n_buffers,
        .nr_buf_pool_objsize = memory->region.buffer_size,
    };
    return 0;
}

/* There are no virtio-net headers. */
static int port_header(const struct provider *provider, const char *name, bool set,
                       struct nmreq_port_hdr *header)
{
    const struct port *port = port_find(provider, name);
    if (!port)
        return ENXIO;
    if (port->kind != NM_PORT_VALE || (set && header->nr_hdr_len))
        return EINVAL;
    header->nr_hdr_len = 0;
    return 0;
}

void request_control(struct provider *provider, struct client *client, const struct nm_ask *ask,
                     struct nm_answer *answer, int *fds)
{
    *answer = (struct nm_answer){.version = NM_USER_VERSION, .body = ask->body, .offsets = ask->offsets};
    memcpy(answer->name, ask->name, sizeof answer->name);
    answer->name[sizeof answer->name - 1] = 0;
    switch (ask->reqtype) {
    case NETMAP_REQ_REGISTER:
        answer->error =
            register_port(provider, client, answer, ask->has_offsets ? &answer->offsets : NULL, fds);
        break;
    case NETMAP_REQ_PORT_INFO_GET:
        answer->error = port_info(provider, answer->name, &answer->body.info);
        break;
    case NETMAP_REQ_VALE_LIST:
        answer->error = vale_list(provider, &answer->body.list, answer->name);
        break;
    case NETMAP_REQ_POOLS_INFO_GET:
        answer->error = pools_info(provider, client, answer->name, &answer->body.pools);
        break;
    case NETMAP_REQ_PORT_HDR_SET:
    case NETMAP_REQ_PORT_HDR_GET:
        answer->error = port_header(provider, answer->name, ask->reqtype == NETMAP_REQ_PORT_HDR_SET,
                                    &answer->body.port_hdr);
        break;
    default:
        answer->error = EOPNOTSUPP;
    }
    memories_sweep(provider);
}
