/* Pipes: nothing copied, nothing lost, and no buffer gone. */
#include "client.h"

TEST(slots_correspond_one_to_one)
{
    struct client m = open_sized("p{1", 8), s = open_sized("p}1", 8);
    CHECK_EQUAL(m.reg.nr_mem_id, s.reg.nr_mem_id);
    CHECK(strcmp(m.nifp->ni_name, "p{1") == 0 && strcmp(s.nifp->ni_name, "p}1") == 0);
    for (unsigned i = 0; i < 8; i++) {
        CHECK_EQUAL(m.tx->slot[i].buf_idx, 2 + i);
        CHECK_EQUAL(s.rx->slot[i].buf_idx, 2 + i);
        CHECK_EQUAL(s.tx->slot[i].buf_idx, 10 + i);
        CHECK_EQUAL(m.rx->slot[i].buf_idx, 10 + i);
    }
    put_frame(&m, 1, 2, 7, 60, NS_REPORT | 0x4200);
    txsync(&m);
    rxsync(&s);
    CHECK_EQUAL(s.rx->slot[0].buf_idx, 2);
    CHECK_EQUAL(s.rx->slot[0].flags, NS_REPORT | 0x4200);
    CHECK_EQUAL(receive_frame(&s), 7);
    close_client(&m);
    close_client(&s);
}

TEST(nothing_is_lost_and_the_tail_waits_for_the_reader)
{
    struct client m = open_sized("p{1", 8), s = open_sized("p}1", 8);
    for (unsigned i = 0; i < 7; i++)
        put_frame(&m, 1, 2, i, 60, 0);
    txsync(&m);
    CHECK_EQUAL(ring_space(m.tx), 0);
    struct pollfd ready = {.fd = m.fd, .events = POLLOUT};
    CHECK_EQUAL(nm_user_calls.poll(&ready, 1, 20), 0);
    for (unsigned i = 0; i < 3; i++)
        CHECK_EQUAL(receive_frame(&s), i);
    txsync(&m);
    CHECK_EQUAL(ring_space(m.tx), 0); /* taken, but not yet given back */
    rxsync(&s);
    txsync(&m);
    CHECK_EQUAL(ring_space(m.tx), 3);
    for (unsigned i = 3; i < 7; i++)
        CHECK_EQUAL(receive_frame(&s), i);
    CHECK_EQUAL(receive_frame(&s), -1);
    close_client(&m);
    close_client(&s);
}

TEST(buffers_change_sides)
{
    struct client m = open_wished("p{1", (struct nmreq_register){.nr_tx_slots = 8, .nr_rx_slots = 8});
    struct client s =
        open_wished("p}1", (struct nmreq_register){.nr_tx_slots = 8, .nr_rx_slots = 8, .nr_extra_bufs = 1});
    uint32_t spare = s.nifp->ni_bufs_head;
    CHECK(spare != 0);
    send_frame(&m, 1, 2, 50);
    rxsync(&s);
    uint32_t got = s.rx->slot[0].buf_idx;
    s.rx->slot[0].buf_idx = spare;
    s.rx->slot[0].flags = NS_BUF_CHANGED;
    advance(s.rx);
    rxsync(&s);
    s.nifp->ni_bufs_head = got;
    *(uint32_t *)netmap_buffer(s.rx, got) = 0;
    txsync(&m);
    CHECK_EQUAL(m.tx->slot[0].buf_idx, spare);
    CHECK_EQUAL(m.tx->slot[0].flags & NS_BUF_CHANGED, NS_BUF_CHANGED);
    close_client(&m);
    close_client(&s);
}

TEST(packets_are_shown_when_they_are_complete)
{
    struct client m = open_sized("p{1", 8), s = open_sized("p}1", 8);
    put_frame(&m, 1, 2, 1, 60, NS_MOREFRAG);
    txsync(&m);
    CHECK_EQUAL(receive_frame(&s), -1);
    put_frame(&m, 1, 2, 2, 60, 0);
    txsync(&m);
    CHECK_EQUAL(receive_frame(&s), 1);
    CHECK_EQUAL(receive_frame(&s), 2);
    close_client(&m);
    close_client(&s);
}

TEST(a_buffer_that_is_not_the_senders_does_not_go_through)
{
    struct client m = open_sized("p{1", 8), s = open_sized("p}1", 8);
    const uint32_t indexes[] = {0, 1, 99999999, 4000};
    for (unsigned i = 0; i < 4; i++) {
        uint32_t head = m.tx->head;
        put_frame(&m, 1, 2, i, 60, 0);
        uint32_t right = m.tx->slot[head].buf_idx;
        m.tx->slot[head].buf_idx = indexes[i];
        txsync(&m);
        rxsync(&s);
        CHECK_EQUAL(s.rx->slot[head].buf_idx, right);
        CHECK_EQUAL(s.rx->slot[head].len, 0);
        s.rx->slot[head].buf_idx = indexes[i]; /* and back */
        advance(s.rx);
        rxsync(&s);
        txsync(&m);
        m.tx->slot[head].buf_idx = right;
    }
    put_frame(&m, 1, 2, 5, 3000, 0);
    txsync(&m);
    rxsync(&s);
    CHECK_EQUAL(s.rx->slot[s.rx->head].len, 0);
    close_client(&m);
    close_client(&s);
}

TEST(an_end_may_leave_and_come_again)
{
    struct client m = open_sized("p{1", 8);
    for (unsigned i = 0; i < 5; i++)
        send_frame(&m, 1, 2, i); /* nobody is there */
    struct client s = open_sized("p}1", 8);
    CHECK_EQUAL(receive_frame(&s), 0);
    CHECK_EQUAL(receive_frame(&s), 1);
    rxsync(&s);
    close_client(&s);
    CHECK_EQUAL(nm_user_calls.ioctl(m.fd, NIOCTXSYNC, NULL), 0);
    s = open_sized("p}1", 8);
    CHECK_EQUAL(receive_frame(&s), 2);
    close_client(&m); /* what it sent is there */
    CHECK_EQUAL(receive_frame(&s), 3);
    rxsync(&s);
    m = open_sized("p{1", 8);
    txsync(&m);
    CHECK_EQUAL(ring_space(m.tx), 6);
    send_frame(&m, 1, 2, 100);
    CHECK_EQUAL(receive_frame(&s), 4);
    CHECK_EQUAL(receive_frame(&s), 100);
    send_frame(&s, 1, 2, 200);
    CHECK_EQUAL(receive_frame(&m), 200);
    close_client(&m);
    close_client(&s);
}

TEST(under_a_vale_port_the_region_is_the_ports)
{
    struct client parent = open_sized("vale0:a", 64);
    struct client m = open_client("vale0:a{x"), s = open_client("vale0:a}x");
    CHECK_EQUAL(m.reg.nr_mem_id, parent.reg.nr_mem_id);
    CHECK_EQUAL(m.reg.nr_tx_slots, 64);
    send_frame(&m, 1, 2, 9);
    CHECK_EQUAL(receive_frame(&s), 9);
    close_client(&parent);
    send_frame(&s, 1, 2, 10);
    CHECK_EQUAL(receive_frame(&m), 10);
    close_client(&m);
    close_client(&s);
}

TEST(pipes_have_monitors)
{
    struct client m = open_sized("p{1", 8), s = open_sized("p}1", 8);
    struct client monitor = open_wished("p}1", (struct nmreq_register){.nr_flags = NR_MONITOR_RX});
    for (unsigned i = 0; i < 30; i++) {
        send_frame(&m, 1, 2, i);
        CHECK_EQUAL(receive_frame(&s), i);
        rxsync(&s);
        CHECK_EQUAL(receive_frame(&monitor), i);
    }
    close_client(&monitor);
    close_client(&m);
    close_client(&s);
}

int main(int argc, char **argv)
{
    return run_test(argc, argv);
}
