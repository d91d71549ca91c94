/* Registering and mapping: layouts, fresh states, error numbers. */
#include "client.h"

static int control(uint16_t version, uint16_t type, const char *name, void *body, void *options)
{
    struct nmreq_header header = {.nr_version = version,
                                  .nr_reqtype = type,
                                  .nr_options = (uintptr_t)options,
                                  .nr_body = (uintptr_t)body};
    snprintf(header.nr_name, sizeof header.nr_name, "%s", name);
    int fd = open_netmap();
    int err = nm_user_calls.ioctl(fd, NIOCCTRL, &header) == 0 ? 0 : errno;
    nm_user_calls.close(fd);
    return err;
}

static int refused(const char *name, struct nmreq_register reg)
{
    int fd = open_netmap();
    int err = try_register(fd, name, &reg, NULL);
    nm_user_calls.close(fd);
    return err;
}

TEST(a_fresh_vale_port_is_laid_out_as_netmaps)
{
    struct client a = open_sized("vale0:a", 64);
    CHECK_EQUAL(a.reg.nr_mem_id, 2);
    CHECK_EQUAL(a.reg.nr_tx_rings, 1);
    CHECK_EQUAL(a.reg.nr_rx_rings, 1);
    CHECK_EQUAL(a.reg.nr_tx_slots, 64);
    CHECK(strcmp(a.nifp->ni_name, "vale0:a") == 0);
    CHECK_EQUAL(a.nifp->ni_version, 0);
    CHECK_EQUAL(a.nifp->ni_flags, NI_PRIV_MEM);
    CHECK_EQUAL(a.nifp->ni_tx_rings, 1);
    CHECK_EQUAL(a.nifp->ni_host_tx_rings, 1);
    CHECK_EQUAL(a.nifp->ni_host_rx_rings, 1);
    CHECK_EQUAL(a.nifp->ni_bufs_head, 0);
    CHECK_EQUAL(a.nifp->ring_ofs[1], 0); /* host tx */
    CHECK_EQUAL(a.nifp->ring_ofs[3], 0);
    CHECK_EQUAL(a.tx->dir, 1);
    CHECK_EQUAL(a.rx->dir, 0);
    CHECK_EQUAL(a.tx->ringid, 0);
    CHECK_EQUAL(a.tx->num_slots, 64);
    CHECK_EQUAL(a.tx->nr_buf_size, 2048);
    CHECK_EQUAL(a.tx->offset_mask, 0);
    CHECK_EQUAL(a.tx->head, 0);
    CHECK_EQUAL(a.tx->cur, 0);
    CHECK_EQUAL(a.tx->tail, 63);
    CHECK_EQUAL(a.rx->head, 0);
    CHECK_EQUAL(a.rx->cur, 0);
    CHECK_EQUAL(a.rx->tail, 0);
    for (uint32_t i = 0; i < 64; i++) {
        CHECK_EQUAL(a.rx->slot[i].buf_idx, 2 + i);
        CHECK_EQUAL(a.tx->slot[i].buf_idx, 66 + i);
        CHECK_EQUAL(a.tx->slot[i].len, 2048);
        CHECK_EQUAL(a.tx->slot[i].flags, 0);
        CHECK_EQUAL(a.tx->slot[i].ptr, 0);
    }
    CHECK(netmap_buffer(a.tx, 65) == netmap_buffer(a.rx, 65));
    CHECK(netmap_buffer(a.tx, 0) > (uint8_t *)(a.tx + 1) &&
          netmap_buffer(a.tx, 0) < a.memory + a.reg.nr_memsize);
    close_client(&a);
}

TEST(sizes_are_as_wished_within_bounds)
{
    struct client a = open_wished(
        "vale0:a",
        (struct nmreq_register){.nr_tx_slots = 3, .nr_rx_slots = 9999, .nr_tx_rings = 2, .nr_rx_rings = 40});
    CHECK_EQUAL(a.reg.nr_tx_slots, 3);
    CHECK_EQUAL(a.reg.nr_rx_slots, 4096);
    CHECK_EQUAL(a.reg.nr_tx_rings, 2);
    CHECK_EQUAL(a.reg.nr_rx_rings, 16);
    struct client b = open_client("vale0:b");
    CHECK_EQUAL(b.reg.nr_tx_slots, 1024);
    CHECK(b.reg.nr_memsize > 41000000 && b.reg.nr_memsize < 46000000);
    CHECK_EQUAL(b.reg.nr_mem_id, 3);
    close_client(&a);
    close_client(&b);
}

TEST(ring_subsets_leave_the_other_offsets_zero)
{
    struct nmreq_register wish = {
        .nr_tx_rings = 2, .nr_rx_rings = 2, .nr_mode = NR_REG_ONE_NIC, .nr_ringid = 1};
    struct client one = open_wished("vale0:a", wish);
    CHECK_EQUAL(one.nifp->ring_ofs[0], 0);
    CHECK(one.nifp->ring_ofs[1] != 0);
    CHECK_EQUAL(one.nifp->ring_ofs[3], 0);
    CHECK(one.nifp->ring_ofs[4] != 0);
    CHECK_EQUAL(one.tx->ringid, 1);
    wish.nr_ringid = 0;
    struct client other = open_wished("vale0:a", wish);
    CHECK_EQUAL(other.reg.nr_mem_id, one.reg.nr_mem_id);
    CHECK(other.reg.nr_offset != one.reg.nr_offset);
    wish.nr_ringid = 2;
    CHECK_EQUAL(refused("vale0:a", wish), EINVAL);
    struct client rx = open_wished("vale0:b", (struct nmreq_register){.nr_flags = NR_RX_RINGS_ONLY});
    CHECK(!rx.tx && rx.rx);
    struct client tx = open_wished("vale0:c", (struct nmreq_register){.nr_flags = NR_TX_RINGS_ONLY});
    CHECK(tx.tx && !tx.rx);
    send_frame(&tx, 0xff, 3, 5);
    CHECK_EQUAL(receive_frame(&rx), 5);
    close_client(&one);
    close_client(&other);
    close_client(&rx);
    close_client(&tx);
}

TEST(exclusive_is_exclusive_both_ways)
{
    struct nmreq_register exclusive = {.nr_flags = NR_EXCLUSIVE};
    struct client a = open_wished("vale0:a", exclusive);
    CHECK_EQUAL(refused("vale0:a", (struct nmreq_register){0}), EBUSY);
    close_client(&a);
    a = open_client("vale0:a");
    struct client shared = open_client("vale0:a");
    CHECK_EQUAL(refused("vale0:a", exclusive), EBUSY);
    close_client(&a);
    close_client(&shared);
    a = open_wished("vale0:a", exclusive);
    close_client(&a);
}

TEST(extra_buffers_are_listed_in_descending_order)
{
    struct client a = open_wished(
        "vale0:a", (struct nmreq_register){.nr_tx_slots = 64, .nr_rx_slots = 64, .nr_extra_bufs = 10});
    CHECK_EQUAL(a.reg.nr_extra_bufs, 10);
    uint32_t buffer = a.nifp->ni_bufs_head, n = 0;
    CHECK_EQUAL(buffer, 2 + 128 + 9);
    for (; buffer; n++) {
        uint32_t next = *(uint32_t *)netmap_buffer(a.tx, buffer);
        CHECK_EQUAL(next, n < 9 ? buffer - 1 : 0);
        buffer = next;
    }
    CHECK_EQUAL(n, 10);
    close_client(&a);
}

TEST(extra_buffers_come_back_from_a_list_and_from_no_list)
{
    struct nmreq_register wish = {.nr_tx_slots = 64, .nr_rx_slots = 64, .nr_extra_bufs = 100};
    struct client keeper = open_sized("vale0:a", 64);
    wish.nr_mem_id = keeper.reg.nr_mem_id;
    uint32_t most = 0;
    for (unsigned round = 0; round < 300; round++) { /* 4098 buffers would be gone after 20 */
        struct client b = open_wished("vale0:b", wish);
        CHECK_EQUAL(b.reg.nr_extra_bufs, 100);
        most = b.nifp->ni_bufs_head > most ? b.nifp->ni_bufs_head : most;
        CHECK(b.nifp->ni_bufs_head < 1000);
        close_client(&b);
    }
    close_client(&keeper);
}

TEST(more_extra_buffers_than_there_are_is_no_error)
{
    struct client a = open_client("vale0:a");
    struct client b = open_wished("null", (struct nmreq_register){.nr_mode = NR_REG_NULL,
                                                                  .nr_mem_id = a.reg.nr_mem_id,
                                                                  .nr_extra_bufs = 1000000});
    CHECK(b.reg.nr_extra_bufs > 10000 && b.reg.nr_extra_bufs < 20000);
    CHECK(!b.tx && !b.rx);
    close_client(&b);
    close_client(&a);
}

TEST(regions_are_shared_within_a_process)
{
    struct client a = open_wished("vale0:a", (struct nmreq_register){.nr_mem_id = 1});
    struct client b = open_wished("vale0:b", (struct nmreq_register){.nr_mem_id = 1});
    CHECK_EQUAL(a.reg.nr_mem_id, 1);
    CHECK_EQUAL(a.reg.nr_memsize, b.reg.nr_memsize);
    CHECK_EQUAL(a.nifp->ni_flags, 0);
    CHECK(a.rx->slot[0].buf_idx != b.rx->slot[0].buf_idx);
    struct netmap_if *seen = (struct netmap_if *)(a.memory + b.reg.nr_offset);
    CHECK(strcmp(seen->ni_name, "vale0:b") == 0);
    CHECK_EQUAL(refused("vale0:c", (struct nmreq_register){.nr_mem_id = 77}), EINVAL);
    close_client(&a);
    close_client(&b);
}

TEST(offsets_start_where_wished)
{
    int fd = open_netmap();
    struct nmreq_opt_offsets offsets = {.nro_opt = {.nro_reqtype = NETMAP_OPT_OFFSETS},
                                        .nro_max_offset = 256,
                                        .nro_initial_offset = 64,
                                        .nro_offset_bits = 16};
    struct nmreq_register reg = {0};
    CHECK_EQUAL(try_register(fd, "vale0:a", &reg, &offsets), 0);
    CHECK_EQUAL(offsets.nro_opt.nro_status, 0);
    uint8_t *memory = nm_user_calls.map(fd, reg.nr_memsize);
    struct netmap_if *nifp = (struct netmap_if *)(memory + reg.nr_offset);
    struct client a = {fd, reg, memory, nifp, netmap_tx_ring(nifp, 0), netmap_rx_ring(nifp, 0)};
    CHECK_EQUAL(a.tx->offset_mask, 0xffff);
    CHECK_EQUAL(a.tx->slot[3].ptr, 64);
    struct client b = open_client("vale0:b");
    send_frame(&a, 0xff, 1, 1234);
    CHECK_EQUAL(receive_frame(&b), 1234);
    send_frame(&b, 0xff, 2, 77);
    CHECK_EQUAL(receive_frame(&a), 77);
    put_frame(&b, 0xff, 2, 1, 2000, 0); /* does not fit behind the offset */
    txsync(&b);
    rxsync(&a);
    CHECK_EQUAL(a.rx->slot[a.rx->head].len, 0);
    close_client(&a);
    close_client(&b);
}

TEST(errors_are_the_kernels)
{
    struct nmreq_register reg = {.nr_mode = NR_REG_ALL_NIC};
    struct nmreq_port_info_get info = {0};
    CHECK_EQUAL(control(13, NETMAP_REQ_REGISTER, "vale0:a", &reg, NULL), EINVAL);
    CHECK_EQUAL(control(16, NETMAP_REQ_REGISTER, "vale0:a", &reg, NULL), EINVAL);
    CHECK_EQUAL(control(15, NETMAP_REQ_REGISTER, "vale0:a", &reg, NULL), 0);
    CHECK_EQUAL(control(14, NETMAP_REQ_REGISTER, "vale0:a", NULL, NULL), EINVAL);
    CHECK_EQUAL(control(14, NETMAP_REQ_CSB_ENABLE, "vale0:a", &reg, NULL), EINVAL);
    CHECK_EQUAL(control(14, 99, "vale0:a", NULL, NULL), EINVAL);
    CHECK_EQUAL(control(14, NETMAP_REQ_PORT_INFO_GET, "eth99", &info, NULL), ENXIO);
    CHECK_EQUAL(refused("eth99", (struct nmreq_register){0}), ENXIO);
    CHECK_EQUAL(refused("vale0:a", (struct nmreq_register){.nr_mode = NR_REG_SW}), EINVAL);
    CHECK_EQUAL(refused("vale0:a", (struct nmreq_register){.nr_mode = NR_REG_NIC_SW}), EINVAL);
    CHECK_EQUAL(refused("vale0:a", (struct nmreq_register){.nr_mode = NR_REG_PIPE_MASTER}), EINVAL);
    CHECK_EQUAL(refused("vale0:a", (struct nmreq_register){.nr_mode = 9}), EINVAL);
    CHECK_EQUAL(refused("x", (struct nmreq_register){.nr_mode = NR_REG_NULL}), EINVAL);
    CHECK_EQUAL(refused("x{", (struct nmreq_register){0}), EINVAL);
    CHECK_EQUAL(refused("vale0:gone", (struct nmreq_register){.nr_flags = NR_MONITOR_TX}), EINVAL);
    struct nmreq_option again = {.nro_reqtype = NETMAP_OPT_CSB},
                        option = {(uintptr_t)&again, NETMAP_OPT_CSB, 0, 0};
    CHECK_EQUAL(control(14, NETMAP_REQ_REGISTER, "vale0:a", &reg, &option), EINVAL);
    option.nro_next = 0;
    CHECK_EQUAL(control(14, NETMAP_REQ_REGISTER, "vale0:a", &reg, &option), EOPNOTSUPP);
    CHECK_EQUAL(option.nro_status, EOPNOTSUPP);
    option.nro_reqtype = 0;
    CHECK_EQUAL(control(14, NETMAP_REQ_REGISTER, "vale0:a", &reg, &option), EINVAL);
    option = (struct nmreq_option){(uintptr_t)&option, 77, 0, 0};
    CHECK_EQUAL(control(14, NETMAP_REQ_REGISTER, "vale0:a", &reg, &option), EMSGSIZE);
}

TEST(an_unbound_descriptor_refuses_what_needs_a_port)
{
    int fd = open_netmap();
    struct pollfd ready = {.fd = fd, .events = POLLIN | POLLOUT};
    CHECK_EQUAL(nm_user_calls.poll(&ready, 1, 1000), 1);
    CHECK_EQUAL(ready.revents, POLLERR);
    CHECK(nm_user_calls.ioctl(fd, NIOCTXSYNC, NULL) < 0 && errno == ENXIO);
    CHECK(nm_user_calls.ioctl(fd, NIOCRXSYNC, NULL) < 0 && errno == ENXIO);
    CHECK(nm_user_calls.ioctl(fd, 0x1234, NULL) < 0 && errno == EOPNOTSUPP);
    CHECK(nm_user_calls.map(fd, 4096) == MAP_FAILED && errno == EINVAL);
    struct nmreq_register reg = {.nr_mode = NR_REG_SW};
    CHECK_EQUAL(try_register(fd, "vale0:a", &reg, NULL), EINVAL);
    reg = (struct nmreq_register){0};
    CHECK_EQUAL(try_register(fd, "vale0:a", &reg, NULL), 0);
    CHECK(nm_user_calls.map(fd, reg.nr_memsize + 1) == MAP_FAILED && errno == EINVAL);
    CHECK_EQUAL(try_register(fd, "vale0:b", &reg, NULL), EBUSY);
    nm_user_calls.close(fd);
}

TEST(legacy_requests_are_understood)
{
    int fd = open_netmap();
    struct nmreq old = {.nr_name = "vale0:a", .nr_version = 13, .nr_tx_slots = 128, .nr_rx_slots = 128};
    CHECK(nm_user_calls.ioctl(fd, NIOCREGIF, &old) < 0 && errno == EINVAL);
    old.nr_version = 16;
    old.nr_arg3 = 4;
    CHECK_EQUAL(nm_user_calls.ioctl(fd, NIOCREGIF, &old), 0);
    CHECK_EQUAL(old.nr_arg2, 2);
    CHECK_EQUAL(old.nr_arg3, 4);
    CHECK_EQUAL(old.nr_tx_slots, 128);
    CHECK(nm_user_calls.map(fd, old.nr_memsize) != MAP_FAILED);
    struct nmreq info = {.nr_name = "vale0:a", .nr_version = 14};
    CHECK_EQUAL(nm_user_calls.ioctl(fd, NIOCGINFO, &info), 0);
    CHECK_EQUAL(info.nr_rx_slots, 128);
    int end = open_netmap();
    struct nmreq pipe = {.nr_name = "p", .nr_version = 14, .nr_flags = NR_REG_PIPE_SLAVE, .nr_ringid = 7};
    CHECK_EQUAL(nm_user_calls.ioctl(end, NIOCREGIF, &pipe), 0);
    struct client master = open_client("p{7");
    send_frame(&master, 1, 2, 3);
    struct pollfd ready = {.fd = end, .events = POLLIN};
    CHECK_EQUAL(nm_user_calls.poll(&ready, 1, 1000), 1);
    close_client(&master);
    nm_user_calls.close(end);
    nm_user_calls.close(fd);
}

TEST(vale_ports_are_listed_one_after_another)
{
    struct client a = open_client("vale0:a"), b = open_client("vale0:b"), c = open_client("vale1:c");
    struct nmreq_vale_list list = {0};
    struct nmreq_header header = {
        .nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_VALE_LIST, .nr_body = (uintptr_t)&list};
    const char *names[] = {"vale0:a", "vale0:b", "vale1:c"};
    for (unsigned i = 0; i < 3; i++) {
        header.nr_name[0] = 0;
        CHECK_EQUAL(nm_user_calls.ioctl(a.fd, NIOCCTRL, &header), 0);
        CHECK(strcmp(header.nr_name, names[i]) == 0);
        list.nr_port_idx++;
    }
    header.nr_name[0] = 0;
    CHECK(nm_user_calls.ioctl(a.fd, NIOCCTRL, &header) < 0 && errno == ENOENT);
    close_client(&a);
    close_client(&b);
    close_client(&c);
}

int main(int argc, char **argv)
{
    return run_test(argc, argv);
}
