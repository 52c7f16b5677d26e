#ifndef LOCKSTEP_BASE_HOLDER_H
#define LOCKSTEP_BASE_HOLDER_H

#include <stddef.h>

/*
 * Who has a file open for writing: other processes of this machine, as far as this one may see them, and whoever else
 * has a lock on it. 1 and "python3 (pid 4711)" in out, or "another program, perhaps on another machine" where only a
 * lock is known; 0 when nobody is found, which does not say that there is nobody.
 */
int holder_find(char *out, size_t size, const char *path);

#endif
