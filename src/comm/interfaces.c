#include "comm/interfaces.h"

#include <arpa/inet.h>
#include <fnmatch.h>
#include <ifaddrs.h>
#include <mpi.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { MOST_SHOWN = 8 };

typedef struct finding {
    char list[512];
    size_t used;
    int count;
    const struct ifaddrs *use; /* the first that may lead to other hosts */
} finding;

/* Names of bridges and cables inside a host. */
static bool is_inner(const char *name)
{
    static const char *const inner[] = {"docker*", "br-*", "virbr*", "veth*",   "cni*",  "flannel*",
                                        "lxc*",    "lxd*", "cali*",  "podman*", "vmnet*"};
    for (size_t i = 0; i < sizeof inner / sizeof *inner; i++) {
        if (fnmatch(inner[i], name, 0) == 0) {
            return true;
        }
    }
    return false;
}

static void add(finding *f, const struct ifaddrs *i)
{
    char address[INET_ADDRSTRLEN] = "?";
    const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)i->ifa_addr;
    (void)inet_ntop(AF_INET, &in->sin_addr, address, sizeof address);
    if (f->count < MOST_SHOWN && f->used < sizeof f->list) {
        const int n = snprintf(f->list + f->used, sizeof f->list - f->used, "%s%s %s", f->count > 0 ? ", " : "",
                               i->ifa_name, address);
        f->used += n > 0 ? (size_t)n : 0;
    }
    f->count++;
    f->use = f->use == NULL && !is_inner(i->ifa_name) ? i : f->use;
}

/* What makes MPI use this interface. */
#ifdef OPEN_MPI
/* By its network, as "10.0.0.0/24": interfaces may be called otherwise on other hosts. */
static void write_command(char *out, size_t size, const struct ifaddrs *i)
{
    char text[INET_ADDRSTRLEN] = "?";
    char use[sizeof text + sizeof "/32"] = "NETWORK/BITS";
    if (i != NULL && i->ifa_netmask != NULL) {
        const struct sockaddr_in *address = (const struct sockaddr_in *)(const void *)i->ifa_addr;
        const struct sockaddr_in *mask = (const struct sockaddr_in *)(const void *)i->ifa_netmask;
        const struct in_addr network = {address->sin_addr.s_addr & mask->sin_addr.s_addr};
        (void)inet_ntop(AF_INET, &network, text, sizeof text);
        (void)snprintf(use, sizeof use, "%s/%d", text, __builtin_popcount(mask->sin_addr.s_addr));
    }
    (void)snprintf(out, size, "mpirun --mca btl_tcp_if_include %s --mca oob_tcp_if_include %s", use, use);
}
#else
static void write_command(char *out, size_t size, const struct ifaddrs *i)
{
    (void)snprintf(out, size, "mpiexec -iface %s", i == NULL ? "INTERFACE" : i->ifa_name);
}
#endif

void interfaces_advice(char *out, size_t size)
{
    struct ifaddrs *all = NULL;
    finding f = {0};
    out[0] = '\0';
    if (getifaddrs(&all) != 0) {
        return;
    }
    for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next) {
        if (i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_INET && (i->ifa_flags & IFF_UP) != 0 &&
            (i->ifa_flags & IFF_LOOPBACK) == 0) {
            add(&f, i);
        }
    }
    char command[160];
    write_command(command, sizeof command, f.use);
    if (f.count > 1) {
        (void)snprintf(out, size,
                       "this host has %s%s: where several hosts have one and the same address, name the network to "
                       "use: %s",
                       f.list, f.count > MOST_SHOWN ? ", ..." : "", command);
    }
    freeifaddrs(all);
}
