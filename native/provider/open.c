/* From the name in a registration to a port: netmap's cascade of NULL ports, monitors, pipes and VALE. */
#include "provider.h"

#define LEAST_BUFFERS 4098u /* netmap's priv_buf_num, priv_if_size, priv_ring_size */
#define INTERFACE_SIZE 1024u
#define N_INTERFACES 64u
#define RING_SIZE 20480u
#define ROOM_FOR_PIPES 2u
#define MOST_EXTRA_BUFFERS 524288u

static const struct memory_plan global_plan = {100, 1024, 200, 36864, 163840};

static uint32_t bound(uint32_t wished, uint32_t usual, uint32_t most)
{
    return !wished ? usual : wished < most ? wished : most;
}

static uint32_t at_least(uint32_t value, uint32_t least)
{
    return value > least ? value : least;
}

/* As netmap sizes a private region: the fake host rings count, and every pipe twice. */
static struct memory_plan plan_for(uint32_t n_tx, uint32_t n_rx, uint32_t tx_slots, uint32_t rx_slots,
                                   uint32_t n_extra, uint32_t n_pipes)
{
    const uint32_t most = tx_slots > rx_slots ? tx_slots : rx_slots;
    n_tx++;
    n_rx++;
    return (struct memory_plan){
        .n_interfaces = N_INTERFACES,
        .interface_size = at_least(
            (uint32_t)sizeof(struct netmap_if) + (n_tx + n_rx) * (uint32_t)sizeof(int64_t), INTERFACE_SIZE),
        .n_rings = at_least(n_tx + n_rx + 8 * n_pipes, 4),
        .ring_size = at_least(
            (uint32_t)sizeof(struct netmap_ring) + most * (uint32_t)sizeof(struct netmap_slot), RING_SIZE),
        .n_buffers = at_least((4 * n_pipes + n_rx) * rx_slots + (4 * n_pipes + n_tx) * tx_slots + 2 + n_extra,
                              LEAST_BUFFERS),
    };
}

static bool id_is_used(const struct provider *provider, uint16_t id)
{
    const struct memory *memory = provider->memories;
    while (memory && memory->id != id)
        memory = memory->next;
    return memory;
}

static struct memory *new_memory(struct provider *provider, uint16_t id, pid_t pid,
                                 const struct memory_plan *plan)
{
    if (!id)
        for (id = GLOBAL_ID + 1; id && id_is_used(provider, id);)
            id++;
    struct memory *memory = id ? memory_create(id, pid, plan) : NULL;
    if (memory) {
        memory->next = provider->memories;
        provider->memories = memory;
    }
    return memory;
}

bool client_may_share(const struct memory *memory, pid_t pid)
{
    return memory->pid == pid || memory_domain(memory, pid);
}

struct memory *client_memory(struct provider *provider, pid_t pid, uint16_t id)
{
    for (struct memory *memory = provider->memories; memory; memory = memory->next)
        if (memory->id == id && client_may_share(memory, pid))
            return memory;
    return id == GLOBAL_ID ? new_memory(provider, id, pid, &global_plan) : NULL;
}

static int open_null(struct provider *provider, const char *name, const struct nmreq_register *reg,
                     struct memory *memory, struct port **port)
{
    char own[NETMAP_REQUEST_NAME_SIZE];
    if (!memory)
        return EINVAL;
    if (reg->nr_tx_rings > NM_USER_MOST_RINGS || reg->nr_rx_rings > NM_USER_MOST_RINGS)
        return EINVAL;
    snprintf(own, sizeof own, "null:%.58s", name);
    *port = port_create(provider, NM_PORT_NULL, own, memory, reg->nr_tx_rings, reg->nr_rx_rings,
                        bound(reg->nr_tx_slots, DEFAULT_SLOTS, MOST_SLOTS),
                        bound(reg->nr_rx_slots, DEFAULT_SLOTS, MOST_SLOTS));
    return *port ? 0 : ENOMEM;
}

static int open_vale(struct provider *provider, struct client *client, const char *name,
                     struct nmreq_register *reg, struct memory *memory, struct port **port)
{
    size_t prefix = strcspn(name, ":");
    if (!name[prefix])
        return EINVAL;
    for (const char *at = name; at < name + prefix; at++)
        if (!((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9') ||
              *at == '_'))
            return EINVAL;
    if ((*port = port_find(provider, name)))
        return 0;
    reg->nr_tx_rings = (uint16_t)bound(reg->nr_tx_rings, 1, MOST_VALE_RINGS);
    reg->nr_rx_rings = (uint16_t)bound(reg->nr_rx_rings, 1, MOST_VALE_RINGS);
    reg->nr_tx_slots = bound(reg->nr_tx_slots, DEFAULT_SLOTS, MOST_SLOTS);
    reg->nr_rx_slots = bound(reg->nr_rx_slots, DEFAULT_SLOTS, MOST_SLOTS);
    reg->nr_extra_bufs = bound(reg->nr_extra_bufs, 0, MOST_EXTRA_BUFFERS);
    if (reg->nr_tx_slots < NM_MIN_SLOTS || reg->nr_rx_slots < NM_MIN_SLOTS)
        return EINVAL;
    struct memory_plan plan = plan_for(reg->nr_tx_rings, reg->nr_rx_rings, reg->nr_tx_slots, reg->nr_rx_slots,
                                       reg->nr_extra_bufs, ROOM_FOR_PIPES);
    if (!memory && !(memory = new_memory(provider, 0, client->pid, &plan)))
        return ENOMEM;
    *port = port_create(provider, NM_PORT_VALE, name, memory, reg->nr_tx_rings, reg->nr_rx_rings,
                        reg->nr_tx_slots, reg->nr_rx_slots);
    if (!*port)
        return ENOMEM;
    int err = ENOMEM;
    if (vale_attach(provider, *port, &err))
        return 0;
    port_destroy(provider, *port);
    return err;
}

/* Both ends; the one that is asked for is `*port`. */
static int make_pipe(struct provider *provider, const char *base, const char *id, bool master,
                     const struct nmreq_register *reg, struct memory *memory, const uint32_t slots[2],
                     struct port **port)
{
    char names[2][NETMAP_REQUEST_NAME_SIZE];
    snprintf(names[0], sizeof names[0], "%.31s{%.31s", base, id);
    snprintf(names[1], sizeof names[1], "%.31s}%.31s", base, id);
    const uint16_t n_tx = (uint16_t)bound(reg->nr_tx_rings, 1, NM_USER_MOST_RINGS),
                   n_rx = (uint16_t)bound(reg->nr_rx_rings, 1, NM_USER_MOST_RINGS);
    /* The wishes are the master's, as in netmap. */
    struct port *ends[2];
    ends[0] = port_create(provider, NM_PORT_PIPE, names[0], memory, n_tx, n_rx, slots[0], slots[1]);
    ends[1] = ends[0] ? port_create(provider, NM_PORT_PIPE, names[1], memory, n_rx, n_tx, slots[1], slots[0])
                      : NULL;
    if (!ends[1]) {
        if (ends[0])
            port_destroy(provider, ends[0]);
        return ENOMEM;
    }
    ends[0]->peer = ends[1];
    ends[1]->peer = ends[0];
    *port = ends[master ? 0 : 1];
    return 0;
}

static int open_pipe(struct provider *provider, struct client *client, const char *name, const char *mark,
                     struct nmreq_register *reg, struct memory *memory, struct port **port)
{
    if (!mark[1] || mark == name)
        return EINVAL;
    if (reg->nr_mode != NR_REG_ALL_NIC && reg->nr_mode != NR_REG_ONE_NIC)
        return EINVAL;
    if ((*port = port_find(provider, name)))
        return 0;
    char base[NETMAP_REQUEST_NAME_SIZE];
    snprintf(base, sizeof base, "%.*s", (int)(mark - name), name);
    if (strlen(base) > 31 || strlen(mark + 1) > 31)
        return EINVAL;
    const struct port *parent = port_find(provider, base);
    const uint32_t slots[2] = {
        bound(reg->nr_tx_slots, parent ? parent->tx_slots : DEFAULT_SLOTS, MOST_SLOTS),
        bound(reg->nr_rx_slots, parent ? parent->rx_slots : DEFAULT_SLOTS, MOST_SLOTS)};
    if (slots[0] < NM_MIN_SLOTS || slots[1] < NM_MIN_SLOTS)
        return EINVAL;
    /* Another process's packets are none of the pipe's business. */
    if (!memory && parent && parent->bindings && parent->pid == client->pid)
        memory = parent->memory;
    struct memory_plan plan = plan_for(bound(reg->nr_tx_rings, 1, NM_USER_MOST_RINGS),
                                       bound(reg->nr_rx_rings, 1, NM_USER_MOST_RINGS), slots[0], slots[1],
                                       bound(reg->nr_extra_bufs, 0, MOST_EXTRA_BUFFERS), ROOM_FOR_PIPES);
    if (!memory && !(memory = new_memory(provider, 0, client->pid, &plan)))
        return ENOMEM;
    return make_pipe(provider, base, mark + 1, *mark == '{', reg, memory, slots, port);
}

static int open_monitor(struct provider *provider, struct client *client, const char *name,
                        struct nmreq_register *reg, struct port **port)
{
    struct port *watched = port_find(provider, name);
    if (!watched || !watched->bindings || watched->kind == NM_PORT_MONITOR)
        return EINVAL;
    char own[NETMAP_REQUEST_NAME_SIZE];
    snprintf(own, sizeof own, "%.40s/%s%s%s#%u", watched->name, reg->nr_flags & NR_ZCOPY_MON ? "z" : "",
             reg->nr_flags & NR_MONITOR_RX ? "r" : "", reg->nr_flags & NR_MONITOR_TX ? "t" : "",
             watched->n_monitors++);
    const uint16_t n_rx = watched->n_tx > watched->n_rx ? watched->n_tx : watched->n_rx;
    const uint32_t tx_slots = bound(reg->nr_tx_slots, watched->tx_slots, MOST_SLOTS),
                   rx_slots = bound(reg->nr_rx_slots, watched->rx_slots, MOST_SLOTS);
    if (tx_slots < NM_MIN_SLOTS || rx_slots < NM_MIN_SLOTS)
        return EINVAL;
    struct memory_plan plan = plan_for(1, n_rx, tx_slots, rx_slots, 0, 0);
    struct memory *memory = new_memory(provider, 0, client->pid, &plan);
    if (!memory)
        return ENOMEM;
    *port = port_create(provider, NM_PORT_MONITOR, own, memory, 1, n_rx, tx_slots, rx_slots);
    if (!*port)
        return ENOMEM;
    (*port)->watched = watched;
    return 0;
}

int open_port(struct provider *provider, struct client *client, const char *name, struct nmreq_register *reg,
              struct port **port)
{
    struct memory *memory = NULL;
    if (reg->nr_mem_id && !(memory = client_memory(provider, client->pid, reg->nr_mem_id)))
        return EINVAL;
    int err;
    const char *mark = strrchr(name, '{');
    if (!mark)
        mark = strrchr(name, '}');
    if (reg->nr_flags & NR_ZCOPY_MON)
        reg->nr_flags |= NR_MONITOR_TX | NR_MONITOR_RX;
    if (reg->nr_mode == NR_REG_NULL)
        err = open_null(provider, name, reg, memory, port);
    else if (reg->nr_flags & (NR_MONITOR_TX | NR_MONITOR_RX))
        err = open_monitor(provider, client, name, reg, port);
    else if (mark)
        err = open_pipe(provider, client, name, mark, reg, memory, port);
    else if (strncmp(name, "vale", 4) == 0)
        err = open_vale(provider, client, name, reg, memory, port);
    else
        err = ENXIO;
    return !err && memory && (*port)->bindings && (*port)->memory != memory ? EINVAL : err;
}
