#include "io/kernel.h"

struct KernelTun {
    struct kernel_device device;
};

static inline int KernelTun_init(struct KernelTun *self, const struct KernelTun_args *args, struct context *c)
{
    const struct nm_interface wanted = {
        .address = args->addr,
        .mask = args->addr_mask,
        .gateway = args->gateway,
        .ether = args->has_ether ? args->ether : NULL,
    };
    return kernel_init(&self->device, c->worker->ports[args->port], c->instance->n_inputs, &wanted, c);
}

static inline int KernelTun_packet(struct KernelTun *self, const struct KernelTun_args *args,
                                   struct packet *p, struct context *c)
{
    enum kernel_refusal refusal = kernel_prepare(p, args->tap, args->mtu);
    if (unlikely(refusal != KERNEL_FINE)) {
        kernel_say(&self->device, p, refusal, args->mtu, c);
        return DROP(short) - (int)refusal;
    }
    if (unlikely(self->device.out.failed))
        return DROP(write);
    return transmitter_put(&self->device.out, p, DROP(full), c);
}

static inline void KernelTun_flush(struct KernelTun *self, const struct KernelTun_args *args,
                                   struct context *c)
{
    (void)args;
    transmitter_flush(&self->device.out, DROP(write), c);
}

/* Where the input is pull. */
static inline void KernelTun_draw(struct KernelTun *self, const struct KernelTun_args *args,
                                  struct packet *packets, unsigned max, struct context *c)
{
    unsigned n = transmitter_draw(&self->device.out, packets, max, c);
    transmitter_lock(&self->device.out);
    transmitter_keep_promise(&self->device.out, n);
    transmitter_unlock(&self->device.out);
    for (unsigned i = 0; i < n; i++) {
        int code = KernelTun_packet(self, args, &packets[i], c);
        if (code != KEPT)
            drop(c, &packets[i], code);
    }
    if (n) {
        KernelTun_flush(self, args, c);
        c->worker->busy = true;
    }
}

static inline unsigned KernelTun_task(struct KernelTun *self, const struct KernelTun_args *args,
                                      struct packet *packets, unsigned max, struct context *c)
{
    if (c->instance->pull && c->instance->pull[0])
        KernelTun_draw(self, args, packets, max, c);
    return kernel_receive(&self->device, c->worker->ports[args->port], args->burst, args->tap, packets, max,
                          DROP(not_ip), DROP(invalid), DROP(no_buffer), c);
}

static inline long KernelTun_call_dev_name(struct KernelTun *self, const struct KernelTun_args *args,
                                           const void *in, size_t n, void *out, size_t room,
                                           struct context *c)
{
    (void)self, (void)in, (void)n;
    return kernel_tell_name(c->worker->ports[args->port], out, room);
}
