/* The few calls of bpf(2) that ports need, without a library. Each returns a file descriptor, or -1 with
 * errno set. */
#ifndef NMCLICK_PORTS_BPF_H
#define NMCLICK_PORTS_BPF_H

#include <linux/bpf.h>
#include <stdint.h>

#define NM_BPF_TCX_INGRESS 46 /* enum bpf_attach_type since Linux 6.6 */

/* Instructions (linux/bpf_common.h; kernel documentation, BPF Instruction Set Architecture). */
#define BPF_SET_IMMEDIATE(to, value)                                                                         \
    {                                                                                                        \
        .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = (to), .imm = (value)                                 \
    }
#define BPF_LOAD_WORD(to, from, offset)                                                                      \
    {                                                                                                        \
        .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = (to), .src_reg = (from), .off = (offset)               \
    }
/* Two instructions. */
#define BPF_LOAD_MAP(to, map)                                                                                \
    {.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = (to), .src_reg = BPF_PSEUDO_MAP_FD, .imm = (map)},        \
    {                                                                                                        \
        .code = 0                                                                                            \
    }
#define BPF_CALL_HELPER(function)                                                                            \
    {                                                                                                        \
        .code = BPF_JMP | BPF_CALL, .imm = (function)                                                        \
    }
#define BPF_RETURN                                                                                           \
    {                                                                                                        \
        .code = BPF_JMP | BPF_EXIT                                                                           \
    }

int nm_bpf_load(enum bpf_prog_type type, const struct bpf_insn *program, unsigned n_instructions);
/* A map from queue numbers below n_queues to AF_XDP sockets. */
int nm_bpf_socket_map(uint32_t n_queues);
int nm_bpf_set_socket(int map, uint32_t queue, int socket);
/* Runs the program at a hook of the interface until the descriptor is closed or the process ends. */
int nm_bpf_attach(int program, int interface, unsigned hook, uint32_t flags);

#endif
