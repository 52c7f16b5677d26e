#ifndef LOCKSTEP_BASE_STORAGE_H
#define LOCKSTEP_BASE_STORAGE_H

#include <stdbool.h>

/*
 * What kind of file system a file or folder lies on, as the system says: "nfs", "lustre", "gpfs", "beegfs", "ceph",
 * "smb", "afs", "9p" and others that several machines share; "fuse", which may be any of them; "overlay" (a
 * container's layers), "tmpfs" (memory), "local" (a disk of this machine); "unknown" where the path leads nowhere or
 * the file system has no name here. Static.
 */
const char *storage_kind(const char *path);

/* The name of a kind by the number that statfs gives, "unknown" for others. For storage_kind and its test. Static. */
const char *storage_kind_of(unsigned long type);

/* Whether reading from a kind crosses a network, or may: what many ranks read at once is better copied first. */
bool storage_is_shared(const char *kind);

#endif
