// Send every frame back to where it came from.
//
//     nmclick run configs/echo.click -h received.count

define($IN ${PORT-pcap:tests/data/lan0-in.pcap}, $OUT ${PORT-null:});

FromNetmap($IN, STOP true)      // a source: packets enter here
    -> received :: Counter      // an element called "received", of the class Counter
    -> EtherMirror              // swap the two Ethernet addresses
    -> ToNetmap($OUT);          // a sink: packets leave here
