/* VALE: learning, flooding, fragments, full destinations, bad slots, monitors. */
#include "client.h"

/* Nothing there. */
static void expect_nothing(const struct client *client)
{
    CHECK_EQUAL(receive_frame(client), -1);
}

TEST(what_is_unknown_is_flooded_and_what_is_learned_is_not)
{
    struct client a = open_sized("vale0:a", 64), b = open_sized("vale0:b", 64), c = open_sized("vale0:c", 64);
    struct client other = open_sized("vale1:b", 64);
    send_frame(&a, 2, 1, 10);
    CHECK_EQUAL(receive_frame(&b), 10);
    CHECK_EQUAL(receive_frame(&c), 10);
    expect_nothing(&a);
    expect_nothing(&other);
    send_frame(&b, 1, 2, 11);
    CHECK_EQUAL(receive_frame(&a), 11);
    expect_nothing(&c);
    send_frame(&a, 2, 1, 12);
    CHECK_EQUAL(receive_frame(&b), 12);
    expect_nothing(&c);
    send_frame(&a, 0xff, 1, 13);
    CHECK_EQUAL(receive_frame(&b), 13);
    CHECK_EQUAL(receive_frame(&c), 13);
    send_frame(&c, 1, 2, 14); /* the station moved */
    CHECK_EQUAL(receive_frame(&a), 14);
    send_frame(&a, 2, 1, 15);
    CHECK_EQUAL(receive_frame(&c), 15);
    expect_nothing(&b);
    send_frame(&a, 1, 1, 16); /* to itself */
    expect_nothing(&a);
    expect_nothing(&b);
    expect_nothing(&c);
    CHECK_EQUAL(a.tx->tail, (a.tx->head + 63) % 64); /* all is done at the return */
    close_client(&c);
    send_frame(&a, 2, 1, 17); /* nobody knows it any more */
    CHECK_EQUAL(receive_frame(&b), 17);
    close_client(&a);
    close_client(&b);
    close_client(&other);
}

TEST(no_learn_is_not_learned)
{
    struct client a = open_sized("vale0:a", 64), b = open_sized("vale0:b", 64), c = open_sized("vale0:c", 64);
    put_frame(&b, 0xff, 2, 1, 60, NS_NO_LEARN);
    txsync(&b);
    CHECK_EQUAL(receive_frame(&a), 1);
    CHECK_EQUAL(receive_frame(&c), 1);
    send_frame(&a, 2, 1, 2);
    CHECK_EQUAL(receive_frame(&b), 2);
    CHECK_EQUAL(receive_frame(&c), 2);
    close_client(&a);
    close_client(&b);
    close_client(&c);
}

TEST(fragments_arrive_together_with_their_count)
{
    struct client a = open_sized("vale0:a", 64), b = open_sized("vale0:b", 64);
    put_frame(&a, 0xff, 1, 1, 100, NS_MOREFRAG);
    put_frame(&a, 0xff, 1, 2, 200, NS_MOREFRAG);
    put_frame(&a, 0xff, 1, 3, 40, 0);
    put_frame(&a, 0xff, 1, 4, 60, 0);
    txsync(&a);
    rxsync(&b);
    CHECK_EQUAL(b.rx->tail, 4);
    const uint16_t flags[] = {0x300 | NS_MOREFRAG, 0x300 | NS_MOREFRAG, 0x300, 0x100},
                   lengths[] = {100, 200, 40, 60};
    for (unsigned i = 0; i < 4; i++) {
        CHECK_EQUAL(b.rx->slot[i].flags, flags[i]);
        CHECK_EQUAL(b.rx->slot[i].len, lengths[i]);
        CHECK_EQUAL(receive_frame(&b), i + 1);
    }
    /* A packet whose end is missing ends where it ends, as in the kernel. */
    put_frame(&a, 0xff, 1, 5, 60, NS_MOREFRAG);
    txsync(&a);
    rxsync(&b);
    CHECK_EQUAL(b.rx->slot[4].flags, 0x100);
    close_client(&a);
    close_client(&b);
}

TEST(a_full_destination_drops_and_the_sender_goes_on)
{
    struct client a = open_sized("vale0:a", 1024), b = open_sized("vale0:b", 256);
    for (unsigned i = 0; i < 1000; i++)
        put_frame(&a, 0xff, 1, i, 60, 0);
    txsync(&a);
    CHECK_EQUAL(ring_space(a.tx), 1023);
    rxsync(&b);
    CHECK_EQUAL(ring_space(b.rx), 255);
    for (unsigned i = 0; i < 255; i++)
        CHECK_EQUAL(receive_frame(&b), i);
    rxsync(&b);
    send_frame(&a, 0xff, 1, 5000);
    CHECK_EQUAL(receive_frame(&b), 5000);
    /* A packet is delivered whole or not at all. */
    for (unsigned i = 0; i < 254; i++)
        put_frame(&a, 0xff, 1, i, 60, 0);
    put_frame(&a, 0xff, 1, 0, 60, NS_MOREFRAG);
    put_frame(&a, 0xff, 1, 0, 60, 0);
    rxsync(&b);
    txsync(&a);
    rxsync(&b);
    CHECK_EQUAL(ring_space(b.rx), 254);
    close_client(&a);
    close_client(&b);
}

TEST(slots_that_are_no_packets_are_dropped_alone)
{
    struct client a = open_sized("vale0:a", 64), b = open_sized("vale0:b", 64);
    const uint32_t indexes[] = {0, 1, 99999999, UINT32_MAX};
    for (unsigned i = 0; i < 4; i++) {
        uint32_t head = a.tx->head, kept = a.tx->slot[head].buf_idx;
        put_frame(&a, 0xff, 1, 1, 60, 0);
        a.tx->slot[head].buf_idx = indexes[i];
        put_frame(&a, 0xff, 1, 100 + i, 60, 0);
        txsync(&a);
        a.tx->slot[head].buf_idx = kept;
        CHECK_EQUAL(receive_frame(&b), 100 + i);
        expect_nothing(&b);
    }
    put_frame(&a, 0xff, 1, 1, 13, 0);
    put_frame(&a, 0xff, 1, 2, 2048, 0);
    put_frame(&a, 0xff, 1, 3, 60, NS_INDIRECT);
    put_frame(&a, 0xff, 1, 4, 60, 0);
    a.tx->slot[(a.tx->head + 63) % 64].len = 2049;
    txsync(&a);
    CHECK_EQUAL(receive_frame(&b), 2);
    expect_nothing(&b);
    /* A receiver that spoils its ring loses the packets that would have gone there. */
    rxsync(&b);
    b.rx->slot[b.rx->tail].buf_idx = 99999999;
    send_frame(&a, 0xff, 1, 1);
    send_frame(&a, 0xff, 1, 2);
    rxsync(&b);
    CHECK_EQUAL(b.rx->slot[b.rx->head].len, 0);
    advance(b.rx);
    CHECK_EQUAL(receive_frame(&b), 2);
    close_client(&a);
    close_client(&b);
}

TEST(positions_outside_are_put_back_and_inside_stay)
{
    struct client a = open_sized("vale0:a", 64), b = open_sized("vale0:b", 64);
    send_frame(&a, 0xff, 1, 1);
    a.tx->head = 64;
    txsync(&a);
    CHECK_EQUAL(a.tx->head, 1);
    CHECK_EQUAL(a.tx->cur, 1);
    a.tx->head = a.tx->cur = UINT32_MAX;
    txsync(&a);
    CHECK_EQUAL(a.tx->head, 1);
    struct client pipe = open_sized("p{1", 64);
    for (unsigned i = 0; i < 5; i++)
        send_frame(&pipe, 1, 2, i);
    pipe.tx->cur = 3; /* behind head */
    struct pollfd ready = {.fd = pipe.fd, .events = POLLOUT};
    CHECK_EQUAL(nm_user_calls.poll(&ready, 1, 0), 1);
    CHECK_EQUAL(ready.revents & POLLERR, POLLERR);
    CHECK_EQUAL(pipe.tx->cur, 3);
    CHECK_EQUAL(pipe.tx->head, 5);
    close_client(&pipe);
    send_frame(&a, 0xff, 1, 2);
    CHECK_EQUAL(receive_frame(&b), 1);
    CHECK_EQUAL(receive_frame(&b), 2);
    a.tx->tail = 7;
    txsync(&a);
    CHECK_EQUAL(ring_space(a.tx), 63);
    close_client(&a);
    close_client(&b);
}

TEST(a_switch_has_room_for_254_ports)
{
    static struct client clients[254];
    char name[32];
    struct nmreq_register reg = {.nr_tx_slots = 8, .nr_rx_slots = 8};
    for (unsigned i = 0; i < 254; i++) {
        snprintf(name, sizeof name, "vale0:p%u", i);
        clients[i] = open_sized(name, 8);
    }
    int fd = open_netmap();
    CHECK_EQUAL(try_register(fd, "vale0:one_more", &reg, NULL), ENOMEM);
    send_frame(&clients[7], 0xff, 7, 99);
    for (unsigned i = 0; i < 254; i++)
        CHECK_EQUAL(receive_frame(&clients[i]), i == 7 ? -1 : 99);
    for (unsigned i = 0; i < 254; i++)
        close_client(&clients[i]);
    nm_user_calls.close(fd);
}

TEST(rings_of_several_go_to_the_ring_of_the_same_number)
{
    struct nmreq_register wish = {.nr_tx_slots = 16, .nr_rx_slots = 16, .nr_tx_rings = 2, .nr_rx_rings = 2};
    struct client a = open_wished("vale0:a", wish), b = open_wished("vale0:b", wish);
    send_frame(&b, 0xff, 2, 1);
    a.tx = netmap_tx_ring(a.nifp, 1);
    send_frame(&a, 2, 1, 5);
    expect_nothing(&b);
    b.rx = netmap_rx_ring(b.nifp, 1);
    CHECK_EQUAL(receive_frame(&b), 5);
    send_frame(&a, 0xff, 1, 6); /* floods go to the first ring */
    b.rx = netmap_rx_ring(b.nifp, 0);
    CHECK_EQUAL(receive_frame(&b), 6);
    close_client(&a);
    close_client(&b);
}

TEST(monitors_see_what_passes)
{
    struct client a = open_sized("vale0:a", 64), b = open_sized("vale0:b", 64);
    struct client tx = open_wished("vale0:a", (struct nmreq_register){.nr_flags = NR_MONITOR_TX});
    struct client rx = open_wished("vale0:a", (struct nmreq_register){.nr_flags = NR_MONITOR_RX});
    struct client both = open_wished("vale0:a", (struct nmreq_register){.nr_flags = NR_ZCOPY_MON});
    send_frame(&a, 0xff, 1, 20);
    send_frame(&b, 0xff, 2, 21);
    CHECK_EQUAL(receive_frame(&tx), 20);
    CHECK_EQUAL(tx.rx->slot[0].flags & NS_TXMON, NS_TXMON);
    expect_nothing(&tx);
    CHECK_EQUAL(receive_frame(&rx), 21);
    expect_nothing(&rx);
    CHECK_EQUAL(receive_frame(&both), 20);
    CHECK_EQUAL(receive_frame(&both), 21);
    CHECK_EQUAL(receive_frame(&b), 20);
    CHECK_EQUAL(receive_frame(&a), 21);
    CHECK(nm_user_calls.ioctl(tx.fd, NIOCTXSYNC, NULL) < 0 && errno == EIO);
    close_client(&a);
    CHECK(nm_user_calls.ioctl(tx.fd, NIOCRXSYNC, NULL) < 0 && errno == EIO);
    struct pollfd ready = {.fd = rx.fd, .events = POLLIN};
    CHECK_EQUAL(nm_user_calls.poll(&ready, 1, 1000), 1);
    CHECK_EQUAL(ready.revents, POLLERR);
    close_client(&tx);
    close_client(&rx);
    close_client(&both);
    close_client(&b);
}

int main(int argc, char **argv)
{
    return run_test(argc, argv);
}
