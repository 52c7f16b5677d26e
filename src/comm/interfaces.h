#ifndef LOCKSTEP_COMM_INTERFACES_H
#define LOCKSTEP_COMM_INTERFACES_H

#include <stddef.h>

enum { INTERFACES_ADVICE_SIZE = 1024 };

/*
 * For a message about ranks that cannot reach each other: "" where this host has one network, else its interfaces with
 * their addresses (IPv4, up, without the loopback) and the option of mpirun that chooses one. Bridges of containers and
 * virtual machines have the same address on every host, and Open MPI then takes another host for its own.
 */
void interfaces_advice(char *out, size_t size);

#endif
