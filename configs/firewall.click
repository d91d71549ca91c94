// A firewall in the cable in front of a server: what passes the rules comes out on the other side unchanged.
//
//     nmclick run configs/firewall.click -h '*.count'
//
// As it stands, it sits before host 10.0.1.2 of the captured network (tests/data/capture.py), reads both sides' traffic
// once and throws away what passes. The line above prints how many packets each Counter saw. Say otherwise behind the
// file's name, as in
//
//     nmclick run configs/firewall.click OUTSIDE_OUT=pcap:from-server.pcap INSIDE_OUT=pcap:to-server.pcap
//
// The firewall keeps no state: each packet is judged alone.

define($OUTSIDE_IN ${OUTSIDE-pcap:tests/data/lan1-out.pcap}, $OUTSIDE_OUT ${OUTSIDE-null:});
define($INSIDE_IN ${INSIDE-pcap:tests/data/lan1-in.pcap}, $INSIDE_OUT ${INSIDE-null:});

// The server, and the network that may ask it for names.
AddressInfo(server 10.0.1.2, office 10.0.0.0/16);

// Rules are tried from the first to the last; the first that fits a packet decides. `allow` sends it to output 0,
// a number to that output. The last rule fits every packet.

to_server :: IPFilter(
    // The web for everybody, names for the office.
    allow dst server && tcp dst port 80,
    allow dst server && src net office && udp dst port 53,
    allow dst server && src net office && tcp dst port 53,
    // Ping, and the reports of other routers about what the server sent.
    allow dst server && icmp type echo,
    allow dst server && icmp type unreachable,
    allow dst server && icmp type timeexceeded,
    // Further fragments carry no ports and no ICMP type; without the first one they are worth nothing.
    allow dst server && ip frag && not (ip[6:2] & 0x1fff = 0),
    1 all);

from_server :: IPFilter(
    // Answers only: from the ports that may be asked, and never the first packet of a TCP connection.
    allow src server && tcp src port 80 && tcp opt ack,
    allow src server && udp src port 53,
    allow src server && tcp src port 53 && tcp opt ack,
    allow src server && icmp type echo-reply,
    allow src server && ip frag && not (ip[6:2] & 0x1fff = 0),
    1 all);

FromNetmap($OUTSIDE_IN, STOP true)
    -> outside :: Classifier(12/0806, 12/0800, -)       // ARP, IP version 4, anything else
    -> to_inside :: ToNetmap($INSIDE_OUT);              // ARP passes, or nobody would find the server
outside [1]
    -> CheckIPHeader(OFFSET 14)                         // the IP header stands behind 14 bytes of Ethernet
    -> to_server
    -> passed_in :: Counter
    -> to_inside;
to_server [1] -> refused_in :: Discard;
outside [2] -> other_in :: Discard;          // IPv6 among others

FromNetmap($INSIDE_IN, STOP true)
    -> inside :: Classifier(12/0806, 12/0800, -)
    -> to_outside :: ToNetmap($OUTSIDE_OUT);
inside [1]
    -> CheckIPHeader(OFFSET 14)
    -> from_server
    -> passed_out :: Counter
    -> to_outside;
from_server [1] -> refused_out :: Discard;
inside [2] -> other_out :: Discard;

// Both sides have come to their end: stop.
DriverManager(pause, pause, stop);
