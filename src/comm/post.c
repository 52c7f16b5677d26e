#include "comm/post.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

int post_open(void)
{
    /* Room for a datagram of every rank of a large job; the system gives what it allows. */
    const int room = 4 << 20;
    const struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
    const int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s < 0) {
        return -1;
    }
    (void)setsockopt(s, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (bind(s, (const struct sockaddr *)&any, sizeof any) != 0) {
        (void)close(s);
        return -1;
    }
    return s;
}

static void add_interfaces(post_place *out)
{
    struct ifaddrs *all = NULL;
    if (getifaddrs(&all) != 0) {
        return;
    }
    for (const struct ifaddrs *i = all; i != NULL && out->count < BEACON_MOST_ADDRESSES; i = i->ifa_next) {
        if (i->ifa_addr == NULL || i->ifa_addr->sa_family != AF_INET || (i->ifa_flags & IFF_UP) == 0 ||
            (i->ifa_flags & IFF_LOOPBACK) != 0) {
            continue;
        }
        struct sockaddr_in address;
        memcpy(&address, i->ifa_addr, sizeof address);
        out->addresses[out->count++] = address.sin_addr.s_addr;
    }
    freeifaddrs(all);
}

void post_describe(post_place *out, int socket)
{
    struct sockaddr_in own = {0};
    socklen_t size = sizeof own;
    *out = (post_place){.count = 1, .addresses = {htonl(INADDR_LOOPBACK)}};
    add_interfaces(out);
    if (socket >= 0 && getrandom(&out->token, sizeof out->token, 0) == (ssize_t)sizeof out->token &&
        getsockname(socket, (struct sockaddr *)&own, &size) == 0) {
        out->port = own.sin_port;
    }
}

struct sockaddr_in post_address(const post_place *place, uint32_t index)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = place->port, .sin_addr.s_addr = place->addresses[index]};
}

void post_send(int socket, const beacon *b, const beacon_token *token, const struct sockaddr_in *to)
{
    uint8_t bytes[BEACON_SIZE];
    beacon_write(bytes, b, token);
    (void)sendto(socket, bytes, sizeof bytes, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)to, sizeof *to);
}

int post_take(int socket, beacon *out, struct sockaddr_in *from, const beacon_token *token, int ranks)
{
    uint8_t bytes[BEACON_SIZE + 1]; /* a longer one shows */
    socklen_t size = sizeof *from;
    const ssize_t n = recvfrom(socket, bytes, sizeof bytes, MSG_DONTWAIT, (struct sockaddr *)from, &size);
    if (n < 0) {
        return -1;
    }
    return size == sizeof *from && beacon_read(out, bytes, (size_t)n, token, ranks);
}
