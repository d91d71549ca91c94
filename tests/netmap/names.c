/* netmap's port names, as libnetmap's nmport_open reads them. */
#include "../../native/ports/netmap/name.h"
#include "../native/check.h"

struct good {
    const char *spec, *name;
    uint32_t mode, ring;
    uint64_t flags;
    uint16_t memory;
    bool vale, pipe;
};

TEST(names_give_the_request_that_libnetmap_makes)
{
    static const struct good table[] = {
        {"netmap:eth0", "eth0", NR_REG_ALL_NIC, 0, 0, 0, false, false},
        {"netmap:eth0^", "eth0", NR_REG_SW, 0, 0, 0, false, false},
        {"netmap:eth0^3", "eth0", NR_REG_ONE_SW, 3, 0, 0, false, false},
        {"netmap:eth0*", "eth0", NR_REG_NIC_SW, 0, 0, 0, false, false},
        {"netmap:eth0-2", "eth0", NR_REG_ONE_NIC, 2, 0, 0, false, false},
        {"netmap:eth0-0", "eth0", NR_REG_ONE_NIC, 0, 0, 0, false, false},
        {"netmap:eth0-4094", "eth0", NR_REG_ONE_NIC, 4094, 0, 0, false, false},
        {"netmap:eth0/x", "eth0", NR_REG_ALL_NIC, 0, NR_EXCLUSIVE, 0, false, false},
        {"netmap:eth0/zt", "eth0", NR_REG_ALL_NIC, 0, NR_ZCOPY_MON | NR_MONITOR_TX, 0, false, false},
        {"netmap:eth0/zr", "eth0", NR_REG_ALL_NIC, 0, NR_ZCOPY_MON | NR_MONITOR_RX, 0, false, false},
        {"netmap:eth0/RT", "eth0", NR_REG_ALL_NIC, 0, NR_RX_RINGS_ONLY | NR_TX_RINGS_ONLY, 0, false, false},
        {"netmap:eth0-1/Rx@3", "eth0", NR_REG_ONE_NIC, 1, NR_RX_RINGS_ONLY | NR_EXCLUSIVE, 3, false, false},
        {"netmap:eth0@5/x", "eth0", NR_REG_ALL_NIC, 0, NR_EXCLUSIVE, 5, false, false},
        {"netmap:eth0*/x@65535", "eth0", NR_REG_NIC_SW, 0, NR_EXCLUSIVE, 65535, false, false},
        {"netmap:eth0@5@5", "eth0", NR_REG_ALL_NIC, 0, 0, 5, false, false},
        {"netmap:eth0+", "eth0+", NR_REG_ALL_NIC, 0, 0, 0, false, false},
        {"netmap:eth0.7:1", "eth0.7:1", NR_REG_ALL_NIC, 0, 0, 0, false, false},
        {"netmap:x{1", "x{1", NR_REG_ALL_NIC, 0, 0, 0, false, true},
        {"netmap:x}left_2/R", "x}left_2", NR_REG_ALL_NIC, 0, NR_RX_RINGS_ONLY, 0, false, true},
        {"netmap:eth0{a-0", "eth0{a", NR_REG_ONE_NIC, 0, 0, 0, false, true},
        {"vale0:1", "vale0:1", NR_REG_ALL_NIC, 0, 0, 0, true, false},
        {"vale:a", "vale:a", NR_REG_ALL_NIC, 0, 0, 0, true, false},
        {"valeLan_2:host{3@7", "valeLan_2:host{3", NR_REG_ALL_NIC, 0, 0, 7, true, true},
        {"vale0:a^", "vale0:a", NR_REG_SW, 0, 0, 0, true, false},
        {"netmap:a12345678901234567890123456789012345678901234567890123456789012",
         "a12345678901234567890123456789012345678901234567890123456789012", NR_REG_ALL_NIC, 0, 0, 0, false,
         false},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct nm_netmap_name name;
        char error[256] = "";
        const struct good *want = &table[i];
        if (!nm_netmap_parse(want->spec, &name, error, sizeof error)) {
            fprintf(stderr, "%s: %s\n", want->spec, error);
            exit(1);
        }
        if (strcmp(name.name, want->name) != 0 || name.request.nr_mode != want->mode ||
            name.request.nr_ringid != want->ring || name.request.nr_flags != want->flags ||
            name.request.nr_mem_id != want->memory || name.vale != want->vale || name.pipe != want->pipe) {
            fprintf(stderr, "%s: name %s mode %u ring %u flags %llx memory %u vale %d pipe %d\n", want->spec,
                    name.name, name.request.nr_mode, name.request.nr_ringid,
                    (unsigned long long)name.request.nr_flags, name.request.nr_mem_id, name.vale, name.pipe);
            exit(1);
        }
    }
}

TEST(wrong_names_are_refused_with_what_is_wrong)
{
    static const struct {
        const char *spec, *error;
    } table[] = {
        {"eth0", "a netmap port is written netmap:NAME or valeID:PORT"},
        {"xdp:eth0", "a netmap port is written netmap:NAME or valeID:PORT"},
        {"netmap0:eth0", "'0' stands between 'netmap' and ':'"},
        {"vale-0:a", "the switch '-0' may have only letters, digits and _ in its name"},
        {"netmap:", "the name of the port is missing"},
        {"netmap:^", "the name of the port is missing"},
        {"netmap:a123456789012345678901234567890123456789012345678901234567890123",
         "the name has 64 characters, 63 is the most"},
        {"netmap:x{", "the name of the pipe is missing behind '{'"},
        {"netmap:x}a.b", "the pipe 'a.b' may have only letters, digits and _ in its name"},
        {"netmap:x{1{2", "the pipe '1{2' may have only letters, digits and _ in its name"},
        {"netmap:br-lan", "the number of a ring is expected at 'lan'"},
        {"netmap:eth0-", "the number of a ring is missing at the end"},
        {"netmap:eth0-4095", "the number of a ring is 4095, it can be 0 to 4094"},
        {"netmap:eth0^4095", "the number of a ring is 4095, it can be 0 to 4094"},
        {"netmap:eth0-99999999999999999999",
         "the number of a ring is 99999999999999999999, it can be 0 to 4094"},
        {"netmap:eth0-2^", "'^' is not expected at '^'"},
        {"netmap:eth0*2", "'2' is not expected at '2'"},
        {"netmap:eth0^x", "'x' is not expected at 'x'"},
        {"netmap:eth0/", "flags are missing behind '/': x, z, t, r, R or T"},
        {"netmap:eth0/xq", "'q' is no flag; there are x, z, t, r, R and T"},
        {"netmap:eth0/x/z", "'/' is no flag; there are x, z, t, r, R and T"},
        {"netmap:eth0@", "a memory region or an option is missing behind '@'"},
        {"netmap:eth0@0", "the number of a memory region is 0, it can be 1 to 65535"},
        {"netmap:eth0@65536", "the number of a memory region is 65536, it can be 1 to 65535"},
        {"netmap:eth0@1@2", "the memory regions 1 and 2 are both asked for"},
        {"netmap:eth0@3x", "'x' is not expected at 'x'"},
        {"netmap:eth0@fast",
         "there is no option '@fast'; there are @N (a memory region), @share, @conf, @extmem and @offset"},
        {"netmap:eth0@conf:rings=2@5",
         "there is no option '@5'; there are @N (a memory region), @share, @conf, @extmem and @offset"},
        {"netmap:eth0@conf", "@conf is followed by ':' and key=value"},
        {"netmap:eth0@conf=2", "@conf is followed by ':' and key=value"},
        {"netmap:eth0@conf:ring=2", "@conf has no key 'ring'"},
        {"netmap:eth0@conf:rings", "@conf: a value is missing for rings"},
        {"netmap:eth0@conf:rings=", "@conf: a value is missing for rings"},
        {"netmap:eth0@conf:rings=x", "@conf: 'x' is no number up to 65535 for rings"},
        {"netmap:eth0@conf:rings=65536", "@conf: '65536' is no number up to 65535 for rings"},
        {"netmap:eth0@conf:rings=1,rings=2", "@conf: rings is given twice"},
        {"netmap:eth0@share", "@share: a value is missing for port"},
        {"netmap:eth0@share=", "@share: a value is missing for port"},
        {"netmap:eth0@extmem:buf-num=3", "@extmem: a value is missing for file"},
        {"netmap:eth0@offset:bits=8", "@offset: a value is missing for initial"},
        {"netmap:eth0@offset:initial=64,bits=65", "@offset: '65' is no number up to 64 for bits"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct nm_netmap_name name;
        char error[256] = "";
        if (nm_netmap_parse(table[i].spec, &name, error, sizeof error) ||
            strcmp(error, table[i].error) != 0) {
            fprintf(stderr, "%s: %s\n", table[i].spec, *error ? error : "(read)");
            exit(1);
        }
    }
}

static struct nm_netmap_name parsed(const char *spec)
{
    struct nm_netmap_name name;
    char error[256] = "";
    if (!nm_netmap_parse(spec, &name, error, sizeof error))
        fprintf(stderr, "%s: %s\n", spec, error);
    CHECK(!*error);
    return name;
}

TEST(sizes_are_wished_for_both_directions_or_for_each)
{
    struct nm_netmap_name name = parsed("vale0:a@conf:rx-rings=3,rings=2,slots=512,tx_slots=64");
    CHECK_EQUAL(name.request.nr_tx_rings, 2);
    CHECK_EQUAL(name.request.nr_rx_rings, 3);
    CHECK_EQUAL(name.request.nr_tx_slots, 64);
    CHECK_EQUAL(name.request.nr_rx_slots, 512);
    name = parsed("netmap:eth0^@conf:host-rings=4,host-rx-rings=1");
    CHECK_EQUAL(name.request.nr_host_tx_rings, 4);
    CHECK_EQUAL(name.request.nr_host_rx_rings, 1);
    CHECK_EQUAL(name.request.nr_tx_rings, 0);
}

TEST(memory_is_another_ports_or_in_a_file)
{
    CHECK(strcmp(parsed("vale0:a@share=netmap:eth0").share, "netmap:eth0") == 0);
    CHECK(strcmp(parsed("vale0:a@share:port=vale1:b@conf:rings=2").share, "vale1:b") == 0);
    struct nm_netmap_name name =
        parsed("netmap:eth0@extmem:file=/dev/hugepages/nm,buf-num=100,buf_size=4096");
    CHECK(strcmp(name.external.file, "/dev/hugepages/nm") == 0);
    CHECK_EQUAL(name.external.buf_num, 100);
    CHECK_EQUAL(name.external.buf_size, 4096);
    CHECK_EQUAL(name.external.if_num, 0);
    CHECK(strcmp(parsed("netmap:eth0@extmem=/tmp/m").external.file, "/tmp/m") == 0);
}

TEST(offsets_are_asked_for_by_option)
{
    CHECK(!parsed("vale0:a").offset.wanted);
    struct nm_netmap_name name = parsed("vale0:a@offset:initial=128,bits=16@conf:slots=8");
    CHECK(name.offset.wanted);
    CHECK_EQUAL(name.offset.initial, 128);
    CHECK_EQUAL(name.offset.bits, 16);
    CHECK_EQUAL(name.request.nr_tx_slots, 8);
    CHECK_EQUAL(parsed("vale0:a@offset=32").offset.initial, 32);
}
