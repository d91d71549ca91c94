"""The router graph: element instances, their connections, push and pull, and what can be proved about them."""
