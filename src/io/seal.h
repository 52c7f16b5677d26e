#ifndef LOCKSTEP_IO_SEAL_H
#define LOCKSTEP_IO_SEAL_H

#include <stdint.h>

/*
 * A seal: one line of text after a finished file's last byte, with the length and a hash of all bytes before it, and a
 * hash of the line itself. `tail -c 96 FILE` shows it:
 *
 *   lockstep seal 1: 00000000000009123456 bytes, hash 0123456789abcdef, line hash 0123456789abcdef
 *
 * Any damage to a sealed file is noticed by reading it once, before a library has to make sense of its content. HDF5
 * ignores bytes after the end that its file's first block gives, so a sealed HDF5 file is an HDF5 file. The hash is
 * hash_bytes over blocks of SEAL_BLOCK bytes, the last may be short.
 */
enum { SEAL_SIZE = 96, SEAL_BLOCK = 65536 };

/* Append a seal to a closed file. Not synced: h5_commit does that. LS_EIO, LS_ENOTFOUND, LS_EFORMAT as seal_check. */
int seal_append(const char *path);

typedef enum seal_verdict {
    SEAL_GOOD,    /* as it was sealed */
    SEAL_CUT,     /* it is shorter than it was */
    SEAL_DAMAGED, /* sealed once; its bytes are not those of then, or the seal is not */
    SEAL_NONE,    /* no sign of a seal */
} seal_verdict;

typedef struct seal_state {
    seal_verdict verdict;
    uint64_t bytes;  /* of the file */
    uint64_t sealed; /* bytes that it should have, seal included; 0: not known */
} seal_state;

/*
 * Read the file once, and say what its seal is. Of a file without a readable seal, the length comes from HDF5's first
 * block, so a file of another program that was cut short counts as cut too. Returns 0, whatever the verdict;
 * LS_ENOTFOUND; LS_EFORMAT when path is no regular file (it is not waited for); LS_EIO.
 */
int seal_check(seal_state *out, const char *path);

/*
 * Whether `text` (up to 64 bytes) occurs in the file: 1, 0, or LS_EIO and the like. The file is searched as bytes; no
 * reader of its format is involved.
 */
int seal_holds_text(const char *path, const char *text);

#endif
