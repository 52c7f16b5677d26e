#include "io/h5_remote.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/size.h"
#include "base/text.h"
#include "base/watch.h"
#include "io/h5_private.h"

struct h5_remote {
    const char *name; /* not owned; what errors call the file */
    int connection;
    pthread_mutex_t lock; /* one request at a time */
    int dead;             /* the reader: it has crashed, or was given up */
    int signal;           /* that it died of; 0: not known */
};

static unsigned patience; /* seconds; 0: for ever */

void h5_set_patience(unsigned seconds)
{
    patience = seconds;
}

static int crashed(h5_remote *r, int number)
{
    r->dead = 1;
    r->signal = number;
    if (number == SIGXCPU) {
        return error_set(LS_EFORMAT, "%s: reading it does not end: the file is damaged", r->name);
    }
    if (number > 0) {
        return error_set(LS_EFORMAT, "%s: reading it crashed (signal %d, %s): the file is damaged", r->name, number,
                         strsignal(number));
    }
    return error_set(LS_EFORMAT, "%s: reading it crashed: the file is damaged", r->name);
}

/* Wait for the next bytes: 0, or -1 when none come for as long as anybody wants to wait. */
static int wait_for_answer(const h5_remote *r)
{
    const double end = patience > 0 ? clock_seconds() + patience : 0;
    for (;;) {
        struct pollfd wait = {.fd = r->connection, .events = POLLIN};
        const double left = end - clock_seconds();
        const int ready = poll(&wait, 1, patience == 0 ? -1 : left > 0 ? (int)(left * 1000) + 1 : 0);
        if (ready > 0) {
            return 0;
        }
        if (ready == 0 || errno != EINTR) {
            return -1;
        }
    }
}

/* The answer's head, signs of life passed over. LS_EFORMAT where the reader is dead. */
static int receive_head(h5_remote *r, h5_wire_answer *out)
{
    do {
        if (wait_for_answer(r) != 0) {
            r->dead = 1;
            return error_set(LS_EFORMAT, "%s: reading it does not end (no sign of life for %u seconds)", r->name,
                             patience);
        }
        if (h5_wire_receive(r->connection, out, sizeof *out) != 0) {
            return crashed(r, 0);
        }
        watch_beat();
    } while (out->kind == H5_WIRE_ALIVE);
    return out->kind == H5_WIRE_CRASHED ? crashed(r, out->code) : LS_OK;
}

/* The reader's error becomes this process' own. It is as little to be trusted as the rest. */
static int receive_error(h5_remote *r, const h5_wire_answer *head)
{
    char text[H5_REMOTE_TEXT] = "";
    const int known = head->code < 0 && head->code >= LS_ECOMM;
    if (head->size == 0 || head->size > sizeof text || h5_wire_receive(r->connection, text, (size_t)head->size) != 0) {
        return crashed(r, 0);
    }
    text[sizeof text - 1] = '\0';
    return error_set(known ? head->code : LS_EFORMAT, "%s", text);
}

static int send_request(h5_remote *r, const h5_request *q)
{
    const char *name = q->name == NULL ? "" : q->name;
    const char *attribute = q->attribute == NULL ? "" : q->attribute;
    const h5_wire_request head = {
        .ask = q->ask,
        .type = q->type,
        .start = q->start,
        .count = q->count,
        .width = q->width,
        .name_size = (uint32_t)strnlen(name, H5_REMOTE_TEXT) + 1,
        .attribute_size = (uint32_t)strnlen(attribute, H5_REMOTE_TEXT) + 1,
    };
    if (head.name_size > H5_REMOTE_TEXT || head.attribute_size > H5_REMOTE_TEXT) {
        return error_set(LS_EFORMAT, "%s: a name in it is too long", r->name);
    }
    if (r->dead) {
        return crashed(r, r->signal);
    }
    if (h5_wire_send(r->connection, &head, sizeof head) != 0 ||
        h5_wire_send(r->connection, name, head.name_size) != 0 ||
        h5_wire_send(r->connection, attribute, head.attribute_size) != 0) {
        return crashed(r, 0);
    }
    return LS_OK;
}

/* Under the lock: up to the answer's bytes. */
static int ask(h5_remote *r, const h5_request *q, h5_wire_answer *head)
{
    int code = send_request(r, q);
    if (code == LS_OK) {
        code = receive_head(r, head);
    }
    return code == LS_OK && head->code != LS_OK ? receive_error(r, head) : code;
}

/* An answer that does not fit the request cannot be followed by another. */
static int odd_answer(h5_remote *r)
{
    r->dead = 1;
    return error_set(LS_EFORMAT, "%s: reading it went wrong: the file is damaged", r->name);
}

int h5_remote_get(h5_remote *r, const h5_request *q, void *out, size_t size)
{
    h5_wire_answer head;
    (void)pthread_mutex_lock(&r->lock);
    int code = ask(r, q, &head);
    if (code == LS_OK && head.size != size) {
        code = odd_answer(r);
    }
    if (code == LS_OK && h5_wire_receive(r->connection, out, size) != 0) {
        code = crashed(r, 0);
    }
    (void)pthread_mutex_unlock(&r->lock);
    return code;
}

/* Texts, in one block for free(). most: bytes that they may have together. */
static int get_texts(h5_remote *r, const h5_request *q, char ***out, size_t *count, uint64_t most)
{
    h5_wire_answer head;
    text_builder text = {0};
    (void)pthread_mutex_lock(&r->lock);
    int code = ask(r, q, &head);
    if (code != LS_OK) {
        goto cleanup;
    }
    if (head.size > most) {
        code = odd_answer(r);
        goto cleanup;
    }
    char *const bytes = text_room(&text, (size_t)head.size);
    if (bytes == NULL) {
        r->dead = 1;
        code = error_set(LS_ENOMEM, "%s: out of memory for its texts", r->name);
    } else if (h5_wire_receive(r->connection, bytes, (size_t)head.size) != 0) {
        code = crashed(r, 0);
    } else if (head.size > 0 && bytes[head.size - 1] != '\0') {
        code = odd_answer(r);
    } else {
        *out = text_take_list(&text, count);
        code = *out != NULL ? LS_OK : error_set(LS_ENOMEM, "%s: out of memory for its texts", r->name);
    }
cleanup:
    (void)pthread_mutex_unlock(&r->lock);
    text_release(&text);
    return code;
}

static int connect_reader(h5_remote *r, int descriptor)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return error_set(LS_ERROR, "%s: no connection to a process that reads it: %m", r->name);
    }
    r->connection = ends[0];
    const int code = h5_server_hand_over(descriptor, ends[1]);
    (void)close(ends[1]);
    return code;
}

int h5_remote_open(h5_remote **out, int descriptor, const char *name, int packed, int *followed)
{
    int32_t marked = 0;
    *out = NULL;
    h5_remote *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory", name);
    }
    r->name = name;
    r->connection = -1;
    (void)pthread_mutex_init(&r->lock, NULL);
    int code = connect_reader(r, descriptor);
    if (code == LS_OK) {
        const h5_request q = {.ask = H5_ASK_OPEN, .count = (uint64_t)packed, .name = name};
        code = h5_remote_get(r, &q, &marked, sizeof marked);
    }
    if (code != LS_OK) {
        h5_remote_close(r);
        return code;
    }
    *followed = marked != 0;
    *out = r;
    return LS_OK;
}

int h5_remote_check(h5_remote *r)
{
    (void)pthread_mutex_lock(&r->lock);
    const int code = r->dead ? crashed(r, r->signal) : LS_OK;
    (void)pthread_mutex_unlock(&r->lock);
    return code;
}

void h5_remote_close(h5_remote *r)
{
    if (r == NULL) {
        return;
    }
    if (r->connection >= 0) {
        (void)close(r->connection);
    }
    (void)pthread_mutex_destroy(&r->lock);
    free(r);
}

int h5_ask_number(const h5_file *f, h5_ask ask, const char *name, const char *attribute)
{
    int32_t found = 0;
    const h5_request q = {.ask = ask, .name = name, .attribute = attribute};
    return h5_remote_get(f->remote, &q, &found, sizeof found) == LS_OK && found == 1;
}

int h5_ask_texts(const h5_file *f, h5_ask ask, const char *name, const char *attribute, char ***out, size_t *count)
{
    const h5_request q = {.ask = ask, .name = name, .attribute = attribute};
    /* Texts may be padded in the file, or lie in it once for several; they are not many times as long as the file. */
    const uint64_t most = 2 * f->size + (1 << 20);
    *out = NULL;
    *count = 0;
    return get_texts(f->remote, &q, out, count, most);
}

/* A shape that agrees with itself; the reader's sums are not relied on. */
static int check_shape(const h5_file *f, const char *name, h5_shape *s)
{
    size_t size = 1;
    if (s->rank < 0 || s->rank > H5_MAX_RANK || (unsigned)s->type > H5_OTHER) {
        return h5_fail(f, name, LS_EFORMAT, "the data set's shape cannot be read");
    }
    for (int i = 0; i < s->rank; i++) {
        if (size_mul(&size, size, s->dims[i]) != 0) {
            return h5_fail(f, name, LS_EFORMAT, "the data set's size is impossible");
        }
    }
    s->size = s->size == 0 ? 0 : size; /* 0: there is no space at all, or a dimension of none */
    return LS_OK;
}

int h5_ask_stat(const h5_file *f, const char *name, h5_shape *out)
{
    const h5_request q = {.ask = H5_ASK_STAT, .name = name};
    const int code = h5_remote_get(f->remote, &q, out, sizeof *out);
    return code == LS_OK ? check_shape(f, name, out) : code;
}

int h5_ask_array(const h5_file *f, const h5_request *q, void *out)
{
    size_t bytes = 0;
    if (size_mul(&bytes, (size_t)q->count, (size_t)q->width) != 0 || size_mul(&bytes, bytes, h5_width(q->type)) != 0) {
        return h5_fail(f, q->name, LS_EFORMAT, "the data set's size is impossible");
    }
    return h5_remote_get(f->remote, q, out, bytes);
}
