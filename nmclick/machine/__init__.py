"""What this machine has, as its kernel tells: network interfaces, a netmap device, capabilities."""
