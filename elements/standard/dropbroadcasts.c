#include "nmclick/element.h"

struct DropBroadcasts {
    uint64_t drops;
};

static inline int DropBroadcasts_packet(struct DropBroadcasts *self, const struct DropBroadcasts_args *args,
                                        struct packet *p, struct context *c)
{
    (void)args;
    enum packet_type type = packet_type(p);
    if (likely(type != PACKET_BROADCAST && type != PACKET_MULTICAST))
        return 0;
    if (unlikely(!self->drops++)) {
        static const char message[] = "DropBroadcasts: dropped a packet\n";
        worker_write(c->worker, message, sizeof message - 1);
    }
    return DROP(broadcast);
}
