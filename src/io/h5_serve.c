/* The process that reads a file for another one, and may die of it. */
#include "io/h5_private.h"
#include "io/h5_remote.h"

#include <errno.h>
#include <fenv.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/machine.h"
#include "base/size.h"

typedef struct reader {
    int connection;
    int descriptor;
    h5_file *file; /* once it is open */
    char name[H5_REMOTE_TEXT], attribute[H5_REMOTE_TEXT];
    char label[H5_REMOTE_TEXT]; /* what errors call the file */
    double last;                /* when something was sent */
} reader;

static reader self; /* for the handlers of signals and of the driver */

/* --- Limits ------------------------------------------------------------------------------------------------------ */

static void send_head(uint32_t kind, int32_t code, uint64_t size)
{
    const h5_wire_answer head = {.kind = kind, .code = code, .size = size};
    if (h5_wire_send(self.connection, &head, sizeof head) != 0) {
        _exit(0); /* nobody wants to know */
    }
    self.last = clock_seconds();
}

static void crash(int number)
{
    const h5_wire_answer head = {.kind = H5_WIRE_CRASHED, .code = number};
    (void)h5_wire_send(self.connection, &head, sizeof head);
    _exit(1);
}

static void catch_crashes(void)
{
    static const int fatal[] = {SIGABRT, SIGXCPU, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    const size_t count = 2; /* the sanitizer has its own words for the others */
#else
    const size_t count = sizeof fatal / sizeof fatal[0];
#endif
    static unsigned char stack[65536]; /* the process' own may have overflowed */
    const stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
    (void)sigaltstack(&other, NULL);
    for (size_t i = 0; i < count; i++) {
        struct sigaction action = {.sa_handler = crash, .sa_flags = SA_ONSTACK | SA_RESETHAND};
        (void)sigemptyset(&action.sa_mask);
        (void)sigaction(fatal[i], &action, NULL);
    }
}

static void limit(int resource, uint64_t most)
{
    struct rlimit now;
    if (getrlimit(resource, &now) == 0 && (now.rlim_max == RLIM_INFINITY || most < now.rlim_max)) {
        const struct rlimit wanted = {(rlim_t)most, now.rlim_max};
        (void)setrlimit(resource, &wanted);
    }
}

/* What reading takes follows from the file's size: an array once, texts with a pointer each, packed data unpacked. */
static void limit_all(uint64_t file_size)
{
    enum { TIMES = 80, SPARE = 256 << 20 };
    (void)file_size;                                                /* where a sanitizer takes more than any limit */
    limit(RLIMIT_CORE, 0);                                          /* a crash is reported, not kept */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* these map far more than they use */
    uint64_t most = 0;
    const uint64_t mapped = machine_mapped("");
    const uint64_t taken = (mapped > 0 ? mapped : (uint64_t)4 << 30) + SPARE; /* a generous guess where it is unknown */
    if (!__builtin_mul_overflow(file_size, (uint64_t)TIMES, &most) && !__builtin_add_overflow(most, taken, &most)) {
        limit(RLIMIT_AS, most);
    }
#endif
}

/* Of a processor, for each answer: a training asks for compressed pictures again and again. */
static void limit_time(uint64_t file_size)
{
    enum { SECONDS = 120, BYTES_A_SECOND = 10 << 20 };
    struct rusage used = {0};
    (void)getrusage(RUSAGE_SELF, &used);
    const uint64_t so_far = (uint64_t)used.ru_utime.tv_sec + (uint64_t)used.ru_stime.tv_sec;
    limit(RLIMIT_CPU, so_far + SECONDS + file_size / BYTES_A_SECOND);
}

void h5_serve_alive(void)
{
    if (self.connection > 0 && clock_seconds() - self.last >= 1) {
        send_head(H5_WIRE_ALIVE, 0, 0);
    }
}

/* --- Answers ----------------------------------------------------------------------------------------------------- */

static void send_bytes(const void *bytes, size_t size)
{
    if (h5_wire_send(self.connection, bytes, size) != 0) {
        _exit(0);
    }
}

/* The bytes, or where there is a code the error that belongs to it. */
static void answer(int code, const void *bytes, uint64_t size)
{
    const char *text = error_message();
    send_head(H5_WIRE_ANSWER, code, code == LS_OK ? size : strlen(text) + 1);
    send_bytes(code == LS_OK ? bytes : text, code == LS_OK ? (size_t)size : strlen(text) + 1);
}

static void answer_number(int code, int32_t number)
{
    answer(code, &number, sizeof number);
}

/* Names of a group, or strings of a data set or an attribute: they lie one behind the other, each with its zero. */
static void answer_texts(h5_ask ask)
{
    char **texts = NULL;
    size_t count = 0;
    const int code = ask == H5_ASK_LIST ? h5_list(self.file, self.name, &texts, &count)
                     : ask == H5_ASK_STRINGS
                         ? h5_read_strings(self.file, self.name, &texts, &count)
                         : h5_read_attr_strings(self.file, self.name, self.attribute, &texts, &count);
    const char *last = code == LS_OK && count > 0 ? texts[count - 1] : NULL;
    answer(code, last == NULL ? "" : texts[0], last == NULL ? 0 : (size_t)(last - texts[0]) + strlen(last) + 1);
    free(texts);
}

/* All elements of a data set, or rows of it. */
static void answer_array(const h5_wire_request *q)
{
    const h5_type type = (h5_type)q->type;
    h5_shape shape = {0};
    size_t elements = 0;
    size_t bytes = 0;
    void *values = NULL;
    int code = h5_stat(self.file, self.name, &shape);
    if (code == LS_OK && (size_mul(&elements, (size_t)q->count, (size_t)q->width) != 0 ||
                          size_mul(&bytes, elements, h5_width(type)) != 0)) {
        code = h5_fail(self.file, self.name, LS_EFORMAT, "the data set's size is impossible");
    }
    if (code == LS_OK) { /* no memory for more than there is: reading that fails before it needs any */
        values = malloc(elements <= shape.size ? bytes + 1 : 1);
        code = values == NULL          ? h5_fail(self.file, self.name, LS_ENOMEM, "out of memory")
               : q->ask == H5_ASK_READ ? h5_read(self.file, self.name, type, elements, values)
                                       : h5_read_slice(self.file, self.name, type, (size_t)q->start, (size_t)q->count,
                                                       (size_t)q->width, values);
    }
    answer(code, values, bytes);
    free(values);
}

static void answer_place(const h5_wire_request *q)
{
    h5_place place = {0};
    const int code = h5_find_place(self.file, self.name, (h5_type)q->type, &place);
    answer(code, &place, sizeof place);
}

/* The asker has seen to it that the file has room for so many. */
static void answer_chunks(const h5_wire_request *q)
{
    uint64_t *offsets = calloc(q->count + 1, sizeof *offsets);
    const int code = offsets == NULL ? h5_fail(self.file, self.name, LS_ENOMEM, "out of memory")
                                     : h5_find_chunks(self.file, self.name, q->count, offsets);
    answer(code, offsets, q->count * sizeof *offsets);
    free(offsets);
}

static void answer_attribute(const h5_wire_request *q)
{
    uint64_t value = 0; /* all types that are asked for have 8 bytes */
    const int code = q->type == H5_INT64 || q->type == H5_UINT64 || q->type == H5_FLOAT64
                         ? h5_read_attr(self.file, self.name, self.attribute, (h5_type)q->type, &value)
                         : h5_fail(self.file, self.name, LS_ERROR, "an attribute of this type cannot be read");
    answer(code, &value, sizeof value);
}

static void answer_open(int packed)
{
    (void)snprintf(self.label, sizeof self.label, "%s", self.name);
    const int code = self.file != NULL ? error_set(LS_ERROR, "%s: is open already", self.label)
                                       : h5_open_local(&self.file, self.descriptor, self.label, packed);
    answer_number(code, code == LS_OK ? h5_is_followed(self.file) : 0);
}

static void answer_request(const h5_wire_request *q)
{
    h5_shape shape;
    int code = LS_OK;
    if (q->ask == H5_ASK_OPEN || self.file == NULL) {
        answer_open(q->count != 0);
        return;
    }
    switch ((h5_ask)q->ask) {
    case H5_ASK_EXISTS: answer_number(LS_OK, h5_exists(self.file, self.name)); break;
    case H5_ASK_ATTR_EXISTS: answer_number(LS_OK, h5_attr_exists(self.file, self.name, self.attribute)); break;
    case H5_ASK_STAT:
        memset(&shape, 0, sizeof shape);
        code = h5_stat(self.file, self.name, &shape);
        answer(code, &shape, sizeof shape);
        break;
    case H5_ASK_READ:
    case H5_ASK_SLICE: answer_array(q); break;
    case H5_ASK_PLACE: answer_place(q); break;
    case H5_ASK_CHUNKS: answer_chunks(q); break;
    case H5_ASK_ATTR_NUMBER: answer_attribute(q); break;
    default: answer_texts((h5_ask)q->ask); break;
    }
}

static int receive_text(char out[H5_REMOTE_TEXT], uint32_t size)
{
    if (size == 0 || size > H5_REMOTE_TEXT || h5_wire_receive(self.connection, out, size) != 0) {
        return -1;
    }
    out[size - 1] = '\0';
    return 0;
}

_Noreturn void h5_serve(int descriptor, int connection)
{
    struct stat status = {0};
    h5_wire_request q;
    self.connection = connection;
    self.descriptor = descriptor;
    (void)fesetenv(FE_DFL_ENV); /* numbers are read as they are, also those that computing takes for 0 */
    (void)fstat(descriptor, &status);
    const uint64_t size = (uint64_t)(status.st_size > 0 ? status.st_size : 0);
    limit_all(size);
    catch_crashes();
    while (h5_wire_receive(connection, &q, sizeof q) == 0 && q.ask < H5_ASKS &&
           receive_text(self.name, q.name_size) == 0 && receive_text(self.attribute, q.attribute_size) == 0) {
        limit_time(size);
        answer_request(&q);
    }
    _exit(0);
}
