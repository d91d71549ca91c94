/* NIOCCTRL and the legacy requests: checked here as the kernel does, carried out by the switch process. */
#include "user.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MOST_BYTES 4096u /* body and options */
#define OPTIONS 6u

static size_t body_size(uint16_t type)
{
    switch (type) {
    case NETMAP_REQ_REGISTER:
        return sizeof(struct nmreq_register);
    case NETMAP_REQ_PORT_INFO_GET:
        return sizeof(struct nmreq_port_info_get);
    case NETMAP_REQ_VALE_ATTACH:
        return sizeof(struct nmreq_vale_attach);
    case NETMAP_REQ_VALE_DETACH:
    case NETMAP_REQ_VALE_LIST:
    case NETMAP_REQ_PORT_HDR_SET:
    case NETMAP_REQ_PORT_HDR_GET:
    case NETMAP_REQ_SYNC_KLOOP_START:
        return 8;
    case NETMAP_REQ_VALE_NEWIF:
    case NETMAP_REQ_VALE_POLLING_ENABLE:
    case NETMAP_REQ_VALE_POLLING_DISABLE:
        return 16;
    case NETMAP_REQ_POOLS_INFO_GET:
        return sizeof(struct nmreq_pools_info);
    default:
        return 0;
    }
}

static size_t option_size(const struct nmreq_option *option)
{
    switch (option->nro_reqtype) {
    case NETMAP_OPT_EXTMEM:
        return 96;
    case NETMAP_OPT_SYNC_KLOOP_EVENTFDS:
        return sizeof *option + option->nro_size;
    case NETMAP_OPT_CSB:
        return 40;
    case NETMAP_OPT_SYNC_KLOOP_MODE:
        return 32;
    case NETMAP_OPT_OFFSETS:
        return sizeof(struct nmreq_opt_offsets);
    default:
        return sizeof *option;
    }
}

static struct nmreq_option *option_at(uint64_t address)
{
    return (struct nmreq_option *)(uintptr_t)address;
}

/* The options as the kernel would read them: 0 or an errno; `offsets` is that one, if it is there. */
static int read_options(const struct nmreq_header *header, struct nmreq_opt_offsets **offsets)
{
    struct nmreq_option *seen[OPTIONS] = {NULL};
    size_t bytes = body_size(header->nr_reqtype);
    for (struct nmreq_option *option = option_at(header->nr_options); option;
         option = option_at(option->nro_next)) {
        const uint32_t type = option->nro_reqtype;
        bytes += sizeof *option;
        if (bytes > MOST_BYTES)
            return EMSGSIZE; /* or the list is a ring */
        option->nro_status = type < 1 ? EINVAL : EOPNOTSUPP;
        if (type < 1)
            return EINVAL;
        if (type >= OPTIONS)
            continue;
        if (seen[type]) {
            option->nro_status = seen[type]->nro_status = EINVAL;
            return EINVAL;
        }
        seen[type] = option;
        if (option->nro_size > MOST_BYTES || bytes + option_size(option) - sizeof *option > MOST_BYTES)
            return EMSGSIZE;
        bytes += option_size(option) - sizeof *option;
    }
    *offsets = (struct nmreq_opt_offsets *)seen[NETMAP_OPT_OFFSETS];
    return 0;
}

/* Is there an option that this request does not know? */
static bool has_strange_option(const struct nmreq_header *header)
{
    for (struct nmreq_option *option = option_at(header->nr_options); option;
         option = option_at(option->nro_next))
        if (header->nr_reqtype != NETMAP_REQ_REGISTER || option->nro_reqtype != NETMAP_OPT_OFFSETS)
            return true;
    return false;
}

static int ask_switch(struct nm_user *user, const struct nm_ask *ask, struct nm_answer *answer)
{
    int fds[NM_FDS] = {-1, -1, -1, -1};
    if (user->dead)
        return ENXIO;
    int err = nm_user_ask(user->fd, ask, answer, fds);
    if (err == 0 && ask->reqtype == NETMAP_REQ_REGISTER)
        err = nm_user_bind(user, answer, fds, ask->body.reg.nr_flags);
    return err;
}

static bool is_offered(uint16_t type)
{
    return type == NETMAP_REQ_REGISTER || type == NETMAP_REQ_PORT_INFO_GET || type == NETMAP_REQ_VALE_LIST ||
           type == NETMAP_REQ_POOLS_INFO_GET || type == NETMAP_REQ_PORT_HDR_SET ||
           type == NETMAP_REQ_PORT_HDR_GET;
}

int nm_user_control(struct nm_user *user, struct nmreq_header *header)
{
    if (header->nr_version < NETMAP_LEAST_API || header->nr_version > NETMAP_MOST_API || header->nr_reserved)
        return EINVAL;
    const size_t size = body_size(header->nr_reqtype);
    if (!size != !header->nr_body)
        return EINVAL;
    struct nmreq_opt_offsets *offsets = NULL;
    int err = read_options(header, &offsets);
    if (err)
        return err;
    if (header->nr_reqtype < NETMAP_REQ_REGISTER || header->nr_reqtype > NETMAP_REQ_CSB_ENABLE)
        return EINVAL;
    if (has_strange_option(header) || !is_offered(header->nr_reqtype))
        return EOPNOTSUPP;
    if (header->nr_reqtype == NETMAP_REQ_REGISTER && user->bound)
        return EBUSY;
    struct nm_ask ask = {
        .kind = NM_ASK_CONTROL, .reqtype = header->nr_reqtype, .has_offsets = offsets != NULL};
    struct nm_answer answer = {0};
    header->nr_name[sizeof header->nr_name - 1] = 0;
    memcpy(ask.name, header->nr_name, sizeof ask.name);
    memcpy(&ask.body, (const void *)(uintptr_t)header->nr_body, size);
    if (offsets)
        ask.offsets = *offsets;
    err = ask_switch(user, &ask, &answer);
    if (offsets)
        offsets->nro_opt.nro_status = answer.offsets.nro_opt.nro_status;
    if (err)
        return err;
    memcpy(header->nr_name, answer.name, sizeof header->nr_name);
    memcpy((void *)(uintptr_t)header->nr_body, &answer.body, size);
    if (offsets)
        offsets->nro_max_offset = answer.offsets.nro_max_offset;
    return 0;
}

/* What nr_ringid and nr_cmd of the legacy request hold besides. */
#define LEGACY_SW_RING 0x2000u
#define LEGACY_HW_RING 0x4000u
#define LEGACY_NO_TX_POLL 0x1000u
#define LEGACY_DO_RX_POLL 0x8000u
#define LEGACY_RING_MASK 0xfffu
#define LEGACY_MODE_MASK 0xfu
#define LEGACY_LIST 4u

static int register_from_legacy(const struct nmreq *old, struct nmreq_header *header,
                                struct nmreq_register *reg)
{
    uint32_t mode = old->nr_flags & LEGACY_MODE_MASK;
    *reg = (struct nmreq_register){.nr_tx_slots = old->nr_tx_slots,
                                   .nr_rx_slots = old->nr_rx_slots,
                                   .nr_tx_rings = old->nr_tx_rings,
                                   .nr_rx_rings = old->nr_rx_rings,
                                   .nr_mem_id = old->nr_arg2,
                                   .nr_ringid = old->nr_ringid & LEGACY_RING_MASK,
                                   .nr_extra_bufs = old->nr_arg3,
                                   .nr_flags = old->nr_flags & ~LEGACY_MODE_MASK};
    if (mode == NR_REG_DEFAULT)
        mode = old->nr_ringid & LEGACY_SW_RING   ? NR_REG_SW
               : old->nr_ringid & LEGACY_HW_RING ? NR_REG_ONE_NIC
                                                 : NR_REG_ALL_NIC;
    if (mode == NR_REG_PIPE_MASTER || mode == NR_REG_PIPE_SLAVE) {
        size_t length = strlen(header->nr_name);
        snprintf(header->nr_name + length, sizeof header->nr_name - length, "%c%u",
                 mode == NR_REG_PIPE_MASTER ? '{' : '}', reg->nr_ringid);
        mode = NR_REG_ALL_NIC;
        reg->nr_ringid = 0;
    }
    reg->nr_mode = mode;
    reg->nr_flags |= (old->nr_ringid & LEGACY_NO_TX_POLL ? NR_NO_TX_POLL : 0) |
                     (old->nr_ringid & LEGACY_DO_RX_POLL ? NR_DO_RX_POLL : 0);
    return 0;
}

static int legacy_register(struct nm_user *user, struct nmreq_header *header, struct nmreq *old)
{
    struct nmreq_register reg;
    if (old->nr_cmd)
        return EOPNOTSUPP;
    register_from_legacy(old, header, &reg);
    header->nr_reqtype = NETMAP_REQ_REGISTER;
    header->nr_body = (uintptr_t)&reg;
    int err = nm_user_control(user, header);
    if (err)
        return err;
    old->nr_offset = (uint32_t)reg.nr_offset;
    old->nr_memsize = (uint32_t)reg.nr_memsize;
    old->nr_tx_slots = reg.nr_tx_slots;
    old->nr_rx_slots = reg.nr_rx_slots;
    old->nr_tx_rings = reg.nr_tx_rings;
    old->nr_rx_rings = reg.nr_rx_rings;
    old->nr_arg2 = reg.nr_mem_id;
    old->nr_arg3 = reg.nr_extra_bufs;
    return 0;
}

static int legacy_list(struct nm_user *user, struct nmreq_header *header, struct nmreq *old)
{
    struct nmreq_vale_list list = {.nr_bridge_idx = old->nr_arg1, .nr_port_idx = old->nr_arg2};
    header->nr_reqtype = NETMAP_REQ_VALE_LIST;
    header->nr_body = (uintptr_t)&list;
    int err = nm_user_control(user, header);
    if (err)
        return err;
    snprintf(old->nr_name, sizeof old->nr_name, "%.15s", header->nr_name);
    old->nr_arg1 = list.nr_bridge_idx;
    old->nr_arg2 = (uint16_t)list.nr_port_idx;
    return 0;
}

static int legacy_info(struct nm_user *user, struct nmreq_header *header, struct nmreq *old)
{
    struct nmreq_port_info_get info = {.nr_mem_id = old->nr_arg2};
    header->nr_reqtype = NETMAP_REQ_PORT_INFO_GET;
    header->nr_body = (uintptr_t)&info;
    int err = nm_user_control(user, header);
    if (err)
        return err;
    old->nr_memsize = (uint32_t)info.nr_memsize;
    old->nr_tx_slots = info.nr_tx_slots;
    old->nr_rx_slots = info.nr_rx_slots;
    old->nr_tx_rings = info.nr_tx_rings;
    old->nr_rx_rings = info.nr_rx_rings;
    old->nr_arg2 = info.nr_mem_id;
    return 0;
}

int nm_user_legacy(struct nm_user *user, bool info, struct nmreq *old)
{
    struct nmreq_header header = {.nr_version = NETMAP_LEAST_API};
    if (old->nr_version < NETMAP_LEAST_API)
        return EINVAL;
    old->nr_name[sizeof old->nr_name - 1] = 0;
    snprintf(header.nr_name, sizeof header.nr_name, "%s", old->nr_name);
    if (!info)
        return legacy_register(user, &header, old);
    return old->nr_cmd == LEGACY_LIST ? legacy_list(user, &header, old) : legacy_info(user, &header, old);
}
