// An IP router between four networks.
//
//     nmclick run configs/ip-router.click --stats
//
// As it stands, the router is fed with what a Linux router received on its four ports (tests/data/capture.py tells how
// that was recorded), again and again for three seconds, and what it sends is thrown away. Say otherwise behind the
// file's name:
//
//     SECONDS=10                          run longer
//     IN0=pcap:some.pcap                  read port 0's packets from a file, once
//     OUT0=pcap:sent.pcap                 write to a file what port 0 sends
//     PORT0=NAME                          use a port that receives and sends
//
//       10.0.0.0/24 -- port 0 +--------+ port 2 -- 10.0.2.0/24, packets of at most 600 bytes
//       10.0.1.0/24 -- port 1 | router | port 3 -- 10.0.3.0/24, where 10.0.3.2 knows the way to the rest of the world

define($SECONDS 3);
define($IN0 ${PORT0-"replay:tests/data/lan0-in.pcap,time=$SECONDS"}, $OUT0 ${PORT0-null:});
define($IN1 ${PORT1-"replay:tests/data/lan1-in.pcap,time=$SECONDS"}, $OUT1 ${PORT1-null:});
define($IN2 ${PORT2-"replay:tests/data/lan2-in.pcap,time=$SECONDS"}, $OUT2 ${PORT2-null:});
define($IN3 ${PORT3-"replay:tests/data/lan3-in.pcap,time=$SECONDS"}, $OUT3 ${PORT3-null:});

// The router's own addresses, one name for each port: lan0:ip is 10.0.0.1, lan0:eth its Ethernet address.
AddressInfo(
    lan0 10.0.0.1/24 02:00:00:00:00:01,
    lan1 10.0.1.1/24 02:00:00:00:01:01,
    lan2 10.0.2.1/24 02:00:00:00:02:01,
    lan3 10.0.3.1/24 02:00:00:00:03:01);

// What every port does. $lan is its name above, $color a number of its own, $mtu the longest IP packet of its network.
//
//     input 0: frames from the network         output 0: frames for the network
//     input 1: IP packets to send here         output 1: IP packets that need a route
elementclass RouterPort { $lan, $color, $mtu |

    // Whose Ethernet address is it? Packets wait here until ARP has told.
    arp :: ARPQuerier($lan:ip, $lan:eth);

    // Towards the route table. Sort the frames that are meant for us by their Ethernet type.
    input [0]
        -> HostEtherFilter($lan:eth)
        -> sort :: Classifier(12/0806 20/0001,          // ARP: somebody asks for an address
                              12/0806 20/0002,          // ARP: somebody answers us
                              12/0800,                  // IP version 4
                              -);                       // anything else
    sort [0] -> ARPResponder($lan:ip $lan:eth) -> [0] output;
    sort [1] -> [1] arp;
    sort [2]
        -> Paint($color)                                // remember where it came in
        -> Strip(14)                                    // take the Ethernet header off
        -> CheckIPHeader(INTERFACES $lan)               // drop it if its header makes no sense
        -> [1] output;
    sort [3] -> other :: Discard;

    // From the route table.
    input [1]
        -> DropBroadcasts                               // what was sent to everybody is not passed on
        -> back :: PaintTee($color)                     // it leaves where it came in: tell the sender of the short way
        -> options :: IPGWOptions($lan:ip)              // record route, timestamps
        -> FixIPSrc($lan:ip)                            // our own errors carry the address of the port they leave by
        -> ttl :: DecIPTTL                              // one hop less to live
        -> fragment :: IPFragmenter($mtu)               // cut it if it is too long for this network
        -> arp                                          // the Ethernet header for its next stop
        -> [0] output;

    // What goes wrong is reported to the sender: the report is a packet that needs a route, too.
    back [1] -> ICMPError($lan:ip, redirect, host) -> [1] output;
    options [1] -> ICMPError($lan:ip, parameterproblem) -> [1] output;
    ttl [1] -> ICMPError($lan:ip, timeexceeded) -> [1] output;
    fragment [1] -> ICMPError($lan:ip, unreachable, needfrag, PMTU $mtu) -> [1] output;
}

port0 :: RouterPort(lan0, 1, 1500);
port1 :: RouterPort(lan1, 2, 1500);
port2 :: RouterPort(lan2, 3, 600);
port3 :: RouterPort(lan3, 4, 1500);

// Where packets go: destination, the next router on the way if there is one, output. The longest match wins.
routes :: StaticIPLookup(
    10.0.0.1/32 4, 10.0.0.255/32 4, 10.0.0.0/24 0,
    10.0.1.1/32 4, 10.0.1.255/32 4, 10.0.1.0/24 1,
    10.0.2.1/32 4, 10.0.2.255/32 4, 10.0.2.0/24 2,
    10.0.3.1/32 4, 10.0.3.255/32 4, 10.0.3.0/24 3,
    0.0.0.0/0 10.0.3.2 3);

in0 :: FromNetmap($IN0, STOP true) -> port0 -> out0 :: ToNetmap($OUT0);
in1 :: FromNetmap($IN1, STOP true) -> port1 -> out1 :: ToNetmap($OUT1);
in2 :: FromNetmap($IN2, STOP true) -> port2 -> out2 :: ToNetmap($OUT2);
in3 :: FromNetmap($IN3, STOP true) -> port3 -> out3 :: ToNetmap($OUT3);

port0 [1] -> routes [0] -> [1] port0;
port1 [1] -> routes [1] -> [1] port1;
port2 [1] -> routes [2] -> [1] port2;
port3 [1] -> routes [3] -> [1] port3;

// Packets to the router itself: nobody lives here.
routes [4] -> local :: Discard;

// Each FromNetmap that comes to its end makes one `pause` return: the run is over when all four have.
DriverManager(pause, pause, pause, pause, stop);
