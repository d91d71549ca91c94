#include "nmclick/socket_port.h"

#include "io/receive.h"
#include "io/transmit.h"

struct Socket {
    struct receiver in;
    struct transmitter out;
    /* For the port's questions. */
    struct worker *worker;
    uint32_t element;
};

static bool Socket_allows(void *owner, uint32_t address)
{
    const struct Socket *self = owner;
    return worker_upcall(self->worker, self->element, 1, address);
}

static void Socket_say(void *owner, const char *text)
{
    const struct Socket *self = owner;
    worker_log(self->worker, self->element, "%s", text);
}

static inline int Socket_start(struct Socket *self, const struct Socket_args *args, struct nm_port *port,
                               struct context *c)
{
    struct nm_socket_config config = {
        .family = args->family,
        .type = args->socket_type,
        .protocol = args->protocol,
        .local.length = args->local_length,
        .remote.length = args->remote_length,
        .client = args->client,
        .no_delay = args->nodelay,
        .each_its_own = args->each_its_own,
        .send_buffer = args->sndbuf,
        .receive_buffer = args->rcvbuf,
        .snap_length = args->snaplen,
        .allows = args->asks ? Socket_allows : NULL,
        .say = args->verbose ? Socket_say : NULL,
        .owner = self,
    };
    memcpy(config.local.bytes, args->local, sizeof args->local);
    memcpy(config.remote.bytes, args->remote, sizeof args->remote);
    char error[256];
    return nm_socket_start(port, &config, error, sizeof error) ? init_error(c, "%s", error) : 0;
}

static inline int Socket_init(struct Socket *self, const struct Socket_args *args, struct context *c)
{
    struct nm_port *port = c->worker->ports[args->port];
    self->worker = c->worker;
    self->element = c->instance->number;
    if ((c->instance->n_outputs || !args->client) && receiver_init(&self->in, port, true, 0, c))
        return -1;
    if (c->instance->n_inputs && transmitter_init(&self->out, port, 0, c))
        return -1;
    return nm_socket_is(port) ? Socket_start(self, args, port, c) : 0;
}

static always_inline bool Socket_ready(const struct nm_port *port)
{
    return !nm_socket_is(port) || nm_socket_connected(port);
}

static inline int Socket_packet(struct Socket *self, const struct Socket_args *args, struct packet *p,
                                struct context *c)
{
    struct nm_port *port = c->worker->ports[args->port];
    if (unlikely(!Socket_ready(port) || self->out.failed))
        return DROP(unconnected);
    if (args->each_its_own) {
        uint32_t address = anno_u32(p, ANNO_DST_IP);
        if (unlikely(!packet_push(c->worker, p, sizeof address)))
            return DROP(full);
        store_u32(p->data, address);
    }
    return transmitter_put(&self->out, p, DROP(full), c);
}

static inline void Socket_flush(struct Socket *self, const struct Socket_args *args, struct context *c)
{
    (void)args;
    transmitter_flush(&self->out, DROP(write), c);
}

/* Where the input is pull. */
static inline void Socket_draw(struct Socket *self, const struct Socket_args *args, struct packet *packets,
                               unsigned max, struct context *c)
{
    struct nm_port *port = c->worker->ports[args->port];
    if (!Socket_ready(port))
        return;
    unsigned n = transmitter_draw(&self->out, packets, max, c);
    transmitter_lock(&self->out);
    transmitter_keep_promise(&self->out, n);
    transmitter_unlock(&self->out);
    for (unsigned i = 0; i < n; i++) {
        int code = Socket_packet(self, args, &packets[i], c);
        if (code != KEPT)
            drop(c, &packets[i], code);
    }
    c->worker->busy |= n != 0;
}

static inline unsigned Socket_receive(struct Socket *self, const struct Socket_args *args, struct packet *out,
                                      unsigned max, struct context *c)
{
    struct nm_port *port = c->worker->ports[args->port];
    struct ring_burst burst;
    unsigned n = receiver_burst(&self->in, port, 0, 0, &burst, max, c), kept = 0;
    if (!n)
        return 0;
    for (unsigned i = 0; i < n; i++)
        kept += ring_next(&burst, i, &out[kept]);
    receiver_done(&self->in, port, 0, &burst, DROP(invalid), DROP(no_buffer), c);
    for (unsigned i = 0; i < kept; i++)
        packet_set_timestamp(&out[i], args->timestamp ? now(c) : 0);
    c->worker->busy = true;
    return kept;
}

static inline unsigned Socket_task(struct Socket *self, const struct Socket_args *args,
                                   struct packet *packets, unsigned max, struct context *c)
{
    struct nm_port *port = c->worker->ports[args->port];
    if (c->instance->pull && c->instance->pull[0])
        Socket_draw(self, args, packets, max, c);
    /* What the peer could not take at once goes on its way. */
    if (c->instance->n_inputs && port->tx[0].hwcur != port->tx[0].ring->head)
        self->out.pending = true;
    if (c->instance->n_inputs)
        Socket_flush(self, args, c);
    if (!c->instance->n_outputs && args->client)
        return 0;
    unsigned n = Socket_receive(self, args, packets, max, c);
    if (c->instance->n_outputs)
        return n;
    for (unsigned i = 0; i < n; i++)
        packet_free(c->worker, &packets[i]);
    return 0;
}
