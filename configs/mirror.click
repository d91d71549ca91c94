// A traffic mirror: a cable with a tap. Frames pass between two ports, and a copy of each goes to a third one, where
// somebody watches.
//
//     nmclick run configs/mirror.click MIRROR=pcap:out/seen.pcap && tcpdump -n -r out/seen.pcap
//
// As it stands, the cable is the one between the captured network's port 0 and its host (tests/data/capture.py), and
// all that comes out is thrown away, the copies too.

define($LEFT_IN ${LEFT-pcap:tests/data/lan0-in.pcap}, $LEFT_OUT ${LEFT-null:});
define($RIGHT_IN ${RIGHT-pcap:tests/data/lan0-out.pcap}, $RIGHT_OUT ${RIGHT-null:});
define($MIRROR null:);

// Tee sends every packet out of all its outputs. What looks like a copy costs one buffer, and only where it is needed.
FromNetmap($LEFT_IN, STOP true) -> from_left :: Tee -> ToNetmap($RIGHT_OUT);
FromNetmap($RIGHT_IN, STOP true) -> from_right :: Tee -> ToNetmap($LEFT_OUT);

from_left [1] -> mirror :: Counter -> ToNetmap($MIRROR);
from_right [1] -> mirror;

DriverManager(pause, pause, stop);
