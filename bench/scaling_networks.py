"""Networks that are simulated and modelled: what is assumed of each, in one place."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Network:
    """A cluster's network, seen by MPI. Seconds and bytes a second; each node has one link, as fast in both directions."""

    name: str
    bandwidth: float  # of a node's link, without headers
    latency: float  # from one rank to one of another node, both ends included
    overhead: float = 0.5e-6  # what each message holds up sender and receiver, each
    inner_bandwidth: float = 8e9  # between two ranks of a node
    inner_latency: float = 0.5e-6


# 94 % of a TCP link's bits are data: 1460 of 1538 bytes a frame, and acknowledgements.
TCP_SHARE = 0.94


def tcp(name, bits, latency=24e-6, overhead=0.5e-6):
    return Network(name, bits / 8 * TCP_SHARE, latency, overhead)


NETWORKS = {
    "10gbe": tcp("10 Gbit/s Ethernet", 10e9),
    "25gbe": tcp("25 Gbit/s Ethernet", 25e9),
    "ib100": Network("100 Gbit/s InfiniBand", 12e9, 1.5e-6, 0.25e-6),
}
