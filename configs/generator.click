// A packet generator: UDP packets of 64 bytes at a steady rate.
//
//     nmclick run configs/generator.click --stats
//     nmclick run configs/generator.click OUT=pcap:out/made.pcap RATE=100 LIMIT=50
//
// RATE is in packets per second; LIMIT is how many to make, -1 for as long as nobody stops it.

define($OUT null:, $RATE 1000000, $LIMIT 3000000);

RatedSource(RATE $RATE, LIMIT $LIMIT, STOP true, DATA \<
        // IP version 4, 50 bytes in all
        45 00 00 32  00 00 00 00  40 11 65 B8
        0A 00 00 02                                     // from 10.0.0.2
        0A 00 01 02                                     // to 10.0.1.2
        // UDP from port 1234 to port 9 (discard), 30 bytes with this header, no checksum
        04 D2 00 09  00 1E 00 00
        // 22 bytes that nobody looks at
        00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F 10 11 12 13 14 15>)
    -> EtherEncap(0x0800, 02:00:00:00:00:02, 02:00:00:00:00:01)
    -> made :: Counter
    -> ToNetmap($OUT);
