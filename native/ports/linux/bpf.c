#define _GNU_SOURCE
#include "bpf.h"

#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int bpf(enum bpf_cmd command, union bpf_attr *attributes)
{
    return (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

/* All of it zero, padding included: the kernel refuses anything else. */
#define ATTRIBUTES(name)                                                                                     \
    union bpf_attr name;                                                                                     \
    memset(&name, 0, sizeof name)

int nm_bpf_load(enum bpf_prog_type type, const struct bpf_insn *program, unsigned n_instructions)
{
    ATTRIBUTES(load);
    load.prog_type = type;
    load.insns = (uintptr_t)program;
    load.insn_cnt = n_instructions;
    load.license = (uintptr_t) "Dual BSD/GPL";
    memcpy(load.prog_name, "nmclick", sizeof "nmclick");
    return bpf(BPF_PROG_LOAD, &load);
}

int nm_bpf_socket_map(uint32_t n_queues)
{
    ATTRIBUTES(map);
    map.map_type = BPF_MAP_TYPE_XSKMAP;
    map.key_size = sizeof(uint32_t);
    map.value_size = sizeof(uint32_t);
    map.max_entries = n_queues;
    memcpy(map.map_name, "nmclick", sizeof "nmclick");
    return bpf(BPF_MAP_CREATE, &map);
}

int nm_bpf_set_socket(int map, uint32_t queue, int socket)
{
    ATTRIBUTES(element);
    element.map_fd = (uint32_t)map;
    element.key = (uintptr_t)&queue;
    element.value = (uintptr_t)&socket;
    return bpf(BPF_MAP_UPDATE_ELEM, &element);
}

int nm_bpf_attach(int program, int interface, unsigned hook, uint32_t flags)
{
    ATTRIBUTES(link);
    link.link_create.prog_fd = (uint32_t)program;
    link.link_create.target_ifindex = (uint32_t)interface;
    link.link_create.attach_type = hook;
    link.link_create.flags = flags;
    return bpf(BPF_LINK_CREATE, &link);
}
