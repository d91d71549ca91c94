#include "nmclick/element.h"
#include "nmclick/headers.h"

struct ARPResponder_entry {
    be32 address, mask;
    uint8_t ether[6];
    uint8_t pad[2];
};

struct ARPResponder {
    struct ARPResponder_entry *entries; /* longest prefixes first */
    uint32_t n;
};

static inline void ARPResponder_cleanup(struct ARPResponder *self, const struct ARPResponder_args *args,
                                        struct context *c)
{
    (void)args, (void)c;
    free(self->entries);
}

static inline long ARPResponder_call_table(struct ARPResponder *self, const struct ARPResponder_args *args,
                                           const void *in, size_t n, void *out, size_t room,
                                           struct context *c)
{
    (void)args, (void)out, (void)room, (void)c;
    struct ARPResponder_entry *entries = malloc(n + 1);
    if (!entries)
        return -1;
    if (n)
        memcpy(entries, in, n);
    free(self->entries);
    self->entries = entries;
    self->n = (uint32_t)(n / sizeof *entries);
    return 0;
}

static const uint8_t *ARPResponder_find(const struct ARPResponder *self, be32 address)
{
    for (uint32_t i = 0; i < self->n; i++)
        if ((address & self->entries[i].mask) == self->entries[i].address)
            return self->entries[i].ether;
    return NULL;
}

/* Turn the request into its reply, in place. */
static cold_path struct packet ARPResponder_reply(struct packet p, const uint8_t *ether)
{
    struct ether_header *e = (struct ether_header *)p.data;
    struct arp_header *arp = (struct arp_header *)(e + 1);
    be32 asked = arp->target_ip;
    memcpy(e->dst, arp->sender_ether, 6);
    memcpy(e->src, ether, 6);
    arp->operation = BE16(ARP_REPLY);
    memcpy(arp->target_ether, arp->sender_ether, 6);
    arp->target_ip = arp->sender_ip;
    memcpy(arp->sender_ether, ether, 6);
    arp->sender_ip = asked;
    struct packet reply = packet_make(p.buffer, p.data - p.headroom, p.headroom, sizeof *e + sizeof *arp);
    set_anno_u16(&reply, ANNO_VLAN_TCI, anno_u16(&p, ANNO_VLAN_TCI));
    packet_set_mac_header(&reply, reply.data);
    return reply;
}

static inline int ARPResponder_packet(struct ARPResponder *self, const struct ARPResponder_args *args,
                                      struct packet *p, struct context *c)
{
    (void)args, (void)c;
    const struct ether_header *e = (const struct ether_header *)p->data;
    const struct arp_header *arp = (const struct arp_header *)(e + 1);
    if (p->length < sizeof *e + sizeof *arp || e->type != BE16(ETHER_TYPE_ARP) || arp->hardware != BE16(1) ||
        arp->protocol != BE16(ETHER_TYPE_IP) || arp->operation != BE16(ARP_REQUEST))
        return DROP(not_asked);
    const uint8_t *ether = ARPResponder_find(self, arp->target_ip);
    if (!ether)
        return DROP(not_asked);
    *p = ARPResponder_reply(*p, ether);
    return 0;
}
