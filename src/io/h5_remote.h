#ifndef LOCKSTEP_IO_H5_REMOTE_H
#define LOCKSTEP_IO_H5_REMOTE_H

#include <stddef.h>
#include <stdint.h>

#include "io/h5.h"

/*
 * Reading a file in another process. HDF5 trusts what a file says of itself: on a damaged one it may crash, hang, take
 * all memory, or write where it should not. So the process that opens a file never gives it to HDF5. It asks a reader,
 * a process that has nothing to lose, and takes its answers for what they are: bytes from outside.
 *
 * One server is forked early, before MPI and threads, and forks a reader for each file. A reader has the file's
 * descriptor and one end of a socket pair; it answers requests in turn and ends when the other end is closed. It may
 * take memory in proportion to the file, and so much of a processor. Nobody outside io/ includes this file.
 */
typedef enum h5_ask {
    H5_ASK_OPEN,         /* name: what errors call the file; count 1: it may be packed; answer: int32, h5_is_followed */
    H5_ASK_EXISTS,       /* int32 */
    H5_ASK_LIST,         /* texts, each with its zero */
    H5_ASK_STAT,         /* h5_shape */
    H5_ASK_READ,         /* count elements of `type`: all of a data set; width: 1 */
    H5_ASK_SLICE,        /* rows from `start`, count of them, each of width elements */
    H5_ASK_PLACE,        /* h5_place, of a data set of numbers */
    H5_ASK_CHUNKS,       /* count uint64: where the first `count` of its chunks lie */
    H5_ASK_STRINGS,      /* texts */
    H5_ASK_ATTR_EXISTS,  /* int32 */
    H5_ASK_ATTR_NUMBER,  /* one of `type` */
    H5_ASK_ATTR_STRINGS, /* texts */
    H5_ASKS,
} h5_ask;

enum { H5_REMOTE_TEXT = 4096 }; /* bytes of a name, its zero included */

typedef struct h5_request {
    h5_ask ask;
    h5_type type;
    uint64_t start, count, width;
    const char *name, *attribute; /* NULL: "" */
} h5_request;

/* Where the numbers of a data set lie in the file as they are in memory; offset and chunk 0: they do not. */
typedef struct h5_place {
    uint64_t offset, bytes; /* of all of them, one after the other */
    uint64_t size;          /* elements */
    uint64_t row;           /* of each place along the first dimension; divides size */
    uint64_t chunk;         /* or: elements of a chunk, whole rows, each of which lies elsewhere */
} h5_place;

/* Chunks of a place. */
static inline uint64_t h5_place_chunks(const h5_place *p)
{
    return p->chunk == 0 ? 0 : p->size / p->chunk + (p->size % p->chunk != 0);
}

typedef struct h5_remote h5_remote;

/*
 * Have a reader open what `descriptor` (the caller's, and may be closed afterwards) is open on. Errors call it `name`,
 * which must outlive the reader.
 * Returns 0, LS_EFORMAT where HDF5 does not take it for a file of its own or dies of it, LS_ENOMEM, or LS_ERROR where
 * the system gives no process.
 */
int h5_remote_open(h5_remote **out, int descriptor, const char *name, int packed, int *followed);

/* Ask; the answer must have exactly `size` bytes. Returns 0 or the reader's code; LS_EFORMAT where it has died. */
int h5_remote_get(h5_remote *r, const h5_request *q, void *out, size_t size);

/* 0, or LS_EFORMAT where the reader has died. */
int h5_remote_check(h5_remote *r);

/* Let the reader end; NULL is fine. */
void h5_remote_close(h5_remote *r);

/* What functions of h5.h ask of a file that another process reads (f->remote is not NULL), with their errors. */
int h5_ask_number(const h5_file *f, h5_ask ask, const char *name, const char *attribute); /* 1: the answer is 1 */
int h5_ask_texts(const h5_file *f, h5_ask ask, const char *name, const char *attribute, char ***out, size_t *count);
int h5_ask_stat(const h5_file *f, const char *name, h5_shape *out);
int h5_ask_array(const h5_file *f, const h5_request *q, void *out); /* H5_ASK_READ, H5_ASK_SLICE */

/* Hand a file's descriptor and one end of a connection over to a new reader. Both stay the caller's. LS_ERROR. */
int h5_server_hand_over(int descriptor, int connection);

/*
 * The reader itself: answer what comes through the connection about what the descriptor is open on, until it ends.
 * Never returns.
 */
_Noreturn void h5_serve(int descriptor, int connection);

/* What travels: a request's head, then its name and attribute; an answer's head, then its bytes or an error's text. */
typedef struct h5_wire_request {
    uint32_t ask, type;
    uint64_t start, count, width;
    uint32_t name_size, attribute_size; /* their zeros included */
} h5_wire_request;

typedef enum h5_wire_kind {
    H5_WIRE_ALIVE,   /* it is still at work: about once a second, as long as it reads */
    H5_WIRE_ANSWER,  /* code 0 and the bytes, or an error's code and text */
    H5_WIRE_CRASHED, /* code: the signal */
} h5_wire_kind;

typedef struct h5_wire_answer {
    uint32_t kind;
    int32_t code;
    uint64_t size;
} h5_wire_answer;

/* Write or read all bytes of a connection: 0, or -1 where the other side is gone. No signal is raised. */
int h5_wire_send(int connection, const void *bytes, size_t size);
int h5_wire_receive(int connection, void *bytes, size_t size);

#endif
