/* pcapng (draft-ietf-opsawg-pcapng): sections, interfaces and the three kinds of packet blocks. */
#include "capture.h"

#include <stdlib.h>

#define BLOCK_SECTION 0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_OBSOLETE_PACKET 2u
#define BLOCK_SIMPLE_PACKET 3u
#define BLOCK_ENHANCED_PACKET 6u
#define BYTE_ORDER_MAGIC 0x1a2b3c4du

#define OPTION_END 0u
#define OPTION_TSRESOL 9u
#define OPTION_TSOFFSET 14u

#define MICROSECONDS 6u /* the resolution when none is given */
#define MAX_INTERFACES 65536u

/* One block was used up and was no packet. */
#define CAPTURE_NO_PACKET ((enum capture_status)(CAPTURE_END + 1))

static uint64_t power_of_ten(unsigned n)
{
    uint64_t power = 1;
    while (n--)
        power *= 10;
    return power;
}

static uint64_t to_nanoseconds(const struct capture_interface *interface, uint64_t ticks)
{
    unsigned exponent = interface->resolution & 0x7f;
    uint64_t ns;
    if (interface->resolution & 0x80)
        ns = exponent < 64 ? (uint64_t)(((unsigned __int128)ticks * 1000000000u) >> exponent) : 0;
    else if (exponent <= 9)
        ns = ticks * power_of_ten(9 - exponent);
    else
        ns = exponent <= 28 ? ticks / power_of_ten(exponent - 9) : 0;
    return ns + interface->offset;
}

static enum capture_status damaged(struct capture *c, const char *what)
{
    return capture_broken(c, "the block after record %llu (byte %llu) is damaged: %s",
                          (unsigned long long)c->records,
                          (unsigned long long)(c->position - (c->end - c->start)), what);
}

static void read_options(const struct capture *c, const uint8_t *at, const uint8_t *end,
                         struct capture_interface *interface)
{
    while (end - at >= 4) {
        uint16_t code = capture_u16(c, at), length = capture_u16(c, at + 2);
        at += 4;
        if (code == OPTION_END || length > end - at)
            return;
        if (code == OPTION_TSRESOL && length == 1)
            interface->resolution = at[0];
        if (code == OPTION_TSOFFSET && length == 8) {
            uint64_t seconds = c->swapped ? __builtin_bswap64(load_u64(at)) : load_u64(at);
            interface->offset = seconds * UINT64_C(1000000000);
        }
        size_t padded = (length + 3u) & ~3u;
        if (padded > (size_t)(end - at))
            return;
        at += padded;
    }
}

static enum capture_status add_interface(struct capture *c, const uint8_t *block, uint32_t total)
{
    if (total < 20)
        return damaged(c, "an interface description of less than 20 bytes");
    if (c->n_interfaces == c->interface_room) {
        uint32_t room = c->interface_room ? c->interface_room * 2 : 4;
        struct capture_interface *interfaces =
            room <= MAX_INTERFACES ? realloc(c->interfaces, room * sizeof *interfaces) : NULL;
        if (!interfaces)
            return damaged(c, "too many interfaces");
        c->interfaces = interfaces;
        c->interface_room = room;
    }
    struct capture_interface *interface = &c->interfaces[c->n_interfaces++];
    *interface = (struct capture_interface){
        .link_type = capture_link_type(capture_u16(c, block + 8)),
        .snap_length = capture_u32(c, block + 12),
        .resolution = MICROSECONDS,
    };
    read_options(c, block + 16, block + total - 4, interface);
    if (c->link_type == UINT32_MAX)
        c->link_type = interface->link_type;
    return CAPTURE_NO_PACKET;
}

/* Byte order, version, and a fresh list of interfaces. The header stands in the window. */
static enum capture_status start_section(struct capture *c, const uint8_t *block)
{
    uint32_t magic = load_u32(block + 8);
    c->swapped = magic == __builtin_bswap32(BYTE_ORDER_MAGIC);
    if (!c->swapped && magic != BYTE_ORDER_MAGIC)
        return damaged(c, "no byte-order magic in a section header");
    uint16_t major = capture_u16(c, block + 12);
    if (major != 1)
        return capture_broken(c, "pcapng version %u.%u is not known; 1.0 is", major,
                              capture_u16(c, block + 14));
    c->n_interfaces = 0;
    return CAPTURE_NO_PACKET;
}

/* The fields of a packet block of any kind; `block` is whole. */
static enum capture_status read_packet(struct capture *c, const uint8_t *block, uint32_t type, uint32_t total,
                                       struct capture_record *record)
{
    uint32_t header = type == BLOCK_SIMPLE_PACKET ? 12 : 28;
    if (total < header + 4)
        return damaged(c, "too short for a packet");
    uint32_t number = type == BLOCK_ENHANCED_PACKET   ? capture_u32(c, block + 8)
                      : type == BLOCK_OBSOLETE_PACKET ? capture_u16(c, block + 8)
                                                      : 0;
    if (number >= c->n_interfaces)
        return damaged(c, "a packet of an interface that is not described");
    const struct capture_interface *interface = &c->interfaces[number];
    uint32_t room = total - header - 4;
    if (type == BLOCK_SIMPLE_PACKET) {
        record->timestamp = 0;
        record->wire_length = capture_u32(c, block + 8);
        record->length = record->wire_length < room ? record->wire_length : room;
        if (interface->snap_length && interface->snap_length < record->length)
            record->length = interface->snap_length;
    } else {
        uint64_t ticks = (uint64_t)capture_u32(c, block + 12) << 32 | capture_u32(c, block + 16);
        record->timestamp = to_nanoseconds(interface, ticks);
        record->length = capture_u32(c, block + 20);
        record->wire_length = capture_u32(c, block + 24);
        if (record->length > room)
            return damaged(c, "a packet longer than its block");
        if (record->length > record->wire_length)
            record->length = record->wire_length;
    }
    record->data = block + header;
    if (interface->link_type != c->link_type)
        return CAPTURE_LINK;
    return record->length > CAPTURE_FRAME_MAX ? CAPTURE_LONG : CAPTURE_RECORD;
}

static bool is_packet(uint32_t type)
{
    return type == BLOCK_ENHANCED_PACKET || type == BLOCK_SIMPLE_PACKET || type == BLOCK_OBSOLETE_PACKET;
}

/* Uses up one block. */
static enum capture_status next_block(struct capture *c, struct capture_record *record)
{
    enum capture_status status = capture_need(c, 12);
    if (status != CAPTURE_RECORD)
        return capture_finish(c, status);
    const uint8_t *block = c->window + c->start;
    uint32_t type = capture_u32(c, block);
    if (type == BLOCK_SECTION) {
        status = capture_need(c, 28);
        if (status != CAPTURE_RECORD)
            return capture_finish(c, status);
        block = c->window + c->start;
        if (start_section(c, block) == CAPTURE_END)
            return CAPTURE_END;
    }
    uint32_t total = capture_u32(c, block + 4);
    if (total < (type == BLOCK_SECTION ? 28 : 12) || total % 4 != 0)
        return damaged(c, "its length is impossible");
    if (total > CAPTURE_WINDOW) {
        capture_skip(c, total);
        c->records += is_packet(type);
        return is_packet(type) ? CAPTURE_LONG : CAPTURE_NO_PACKET;
    }
    status = capture_need(c, total);
    if (status != CAPTURE_RECORD)
        return capture_finish(c, status);
    block = c->window + c->start;
    if (capture_u32(c, block + total - 4) != total)
        return damaged(c, "its two lengths differ");
    status = CAPTURE_NO_PACKET;
    if (type == BLOCK_INTERFACE)
        status = add_interface(c, block, total);
    else if (is_packet(type))
        status = read_packet(c, block, type, total, record);
    if (status == CAPTURE_END)
        return status;
    c->start += total;
    c->records += is_packet(type);
    return status;
}

enum capture_status pcapng_next(struct capture *c, struct capture_record *record)
{
    enum capture_status status;
    do
        status = next_block(c, record);
    while (status == CAPTURE_NO_PACKET);
    return status;
}

bool pcapng_open(struct capture *c)
{
    if (load_u32(c->window + c->start) != BLOCK_SECTION)
        return false;
    c->pcapng = true;
    c->link_type = UINT32_MAX;
    struct capture_record record;
    while (c->link_type == UINT32_MAX && next_block(c, &record) == CAPTURE_NO_PACKET)
        continue;
    if (c->link_type == UINT32_MAX)
        c->link_type = NM_LINK_ETHERNET; /* no interface, and so no packet */
    return true;
}
