#include "data/pack_pipe.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cpus.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/thread.h"
#include "data/likeness.h"
#include "data/orientation.h"
#include "data/pack_list.h"
#include "data/profile.h"

/* A picture's file may have this many bytes; memory for larger ones than KEPT is given back. */
#define MAX_FILE_BYTES ((size_t)256 << 20)
#define KEPT           ((size_t)16 << 20)

enum { A_THREAD = 4 }; /* pictures under way for each thread */

typedef enum slot_state { SLOT_FREE, SLOT_WAITING, SLOT_BUSY, SLOT_DONE } slot_state;

typedef struct slot {
    slot_state state;
    pack_picture picture;
} slot;

struct pack_pipe {
    pack_taker *take;
    void *context;
    const pack_storing *storing; /* not owned */
    const pack_resume *resume;   /* not owned; NULL: none */
    pthread_mutex_t lock;
    pthread_cond_t wanted, done;
    slot *slots; /* a ring: pictures are put at `last`, looked into at `next` and taken at `first` */
    size_t count, first, next, last;
    size_t under_way;    /* put and not taken yet */
    size_t waiting;      /* put and not looked into yet */
    const slot *awaited; /* the one whose end `done` tells; NULL: nobody waits */
    bool ends;
    pthread_t *threads;
    int started;
};

/* This thread's message without the path that it begins with. */
static const char *reason_of(const char *path)
{
    const char *message = error_message();
    const size_t n = strlen(path) < 600 ? strlen(path) : 600; /* as dataset_read_file shows it */
    return strlen(message) > n + 2 && message[n] == ':' ? message + n + 2 : message;
}

static void fail(pack_picture *p, int code, pack_reason reason, const char *what)
{
    p->code = code;
    p->reason = reason;
    (void)snprintf(p->what, sizeof p->what, "%s", what);
}

/* What a thread works with. */
typedef struct worker {
    image decoded;
    likeness_space likeness;
    pack_store_space storing;
    dataset_buffer kept; /* for a picture of an interrupted packing, until it is known to be whole */
} worker;

/* A PNG file in place of pixels. */
static int encode(pack_picture *p)
{
    uint8_t *png = NULL;
    const int code = image_encode_png(&png, &p->item.size, p->file.bytes, p->raw.width, p->raw.height, p->raw.channels);
    if (code == LS_OK) {
        free(p->file.bytes);
        p->file = (dataset_buffer){png, p->item.size};
    }
    return code == LS_EUSAGE ? LS_EFORMAT : code;
}

static uint64_t hash_of(const pack_picture *p, size_t size)
{
    return hash_bytes(HASH_START, p->file.bytes, size);
}

/* What it is made of, 0 where that is not known. */
static uint64_t mark_of(const pack_picture *p, const pack_storing *how)
{
    struct stat info;
    const pack_raw *raw = &p->raw;
    if (p->path != NULL) {
        return stat(p->path, &info) == 0 ? pack_resume_mark_file(p->path, &info, how) : 0;
    }
    const size_t size = raw->width > 0 ? raw->width * raw->height * raw->channels : p->item.size;
    return pack_resume_mark_bytes(p->item.name, hash_of(p, size),
                                  raw->width > 0 ? raw->width * 4 + raw->channels : size, how);
}

/* Its file's bytes are read, and it is decoded; *reason: why not. */
static int decode(pack_picture *p, image *decoded, pack_reason *reason, const char **what)
{
    *reason = PACK_NOT_PICTURE;
    int code = LS_OK;
    if (p->raw.width > 0) {
        return image_of_pixels(decoded, p->file.bytes, p->raw.width, p->raw.height, p->raw.channels, false);
    }
    if (p->path != NULL) {
        code = dataset_read_file(&p->file, &p->item.size, p->path, MAX_FILE_BYTES);
        if (code != LS_OK) {
            *reason = code == LS_EIO ? PACK_UNREADABLE : PACK_NOT_PICTURE;
            *what = reason_of(p->path);
            return code;
        }
    }
    return image_decode(decoded, p->file.bytes, p->item.size);
}

/* The picture in the form in which it is stored. */
static int store(pack_picture *p, worker *w, const pack_storing *how)
{
    bool anew = false;
    p->item.profiled = p->raw.width == 0 && profile_of(p->file.bytes, p->item.size) == PROFILE_OTHER;
    const bool turned = w->decoded.orientation != ORIENTATION_UPRIGHT;
    const int code = pack_store(&p->file, &p->item.size, &anew, &w->decoded, how, &w->storing);
    p->item.turned = turned && !anew;
    return code == LS_OK && p->raw.width > 0 && !anew ? encode(p) : code;
}

/* What it is compared with others by, before it is stored in another form. */
static int compare(dataset_item *item, worker *w)
{
    const image *i = &w->decoded;
    pack_measure(item, i);
    return likeness_of(&item->likeness, i->pixels, i->width, i->height, i->orientation, &w->likeness);
}

static void look_into(pack_picture *p, worker *w, const pack_storing *how)
{
    pack_reason reason = PACK_NOT_PICTURE;
    const char *what = NULL;
    int code = decode(p, &w->decoded, &reason, &what);
    if (code == LS_OK) {
        (void)snprintf(p->note, sizeof p->note, "%s", w->decoded.note);
        code = compare(&p->item, w);
    }
    if (code == LS_OK) {
        code = store(p, w, how);
    }
    if (code != LS_OK) {
        fail(p, code, reason, what != NULL ? what : error_message());
        return;
    }
    p->code = LS_OK;
    p->item.hash = hash_of(p, p->item.size);
}

/* From an interrupted packing, or else by looking into it. One with a note is to be said again, so it has no mark. */
static void find(pack_picture *p, worker *w, const pack_pipe *pipe)
{
    const pack_resume *resume = pipe->resume;
    p->item.mark = resume != NULL ? mark_of(p, pipe->storing) : 0;
    p->resumed = resume != NULL && pack_resume_get(resume, &p->item, &w->kept);
    if (p->resumed) {
        const dataset_buffer own = p->file;
        p->file = w->kept;
        w->kept = own;
        p->code = LS_OK;
        return;
    }
    look_into(p, w, pipe->storing);
    p->item.mark = p->note[0] == '\0' ? p->item.mark : 0;
}

static void *work(void *context)
{
    pack_pipe *p = context;
    worker w = {0};
    (void)pthread_mutex_lock(&p->lock);
    while (!p->ends) {
        if (p->waiting == 0) {
            (void)pthread_cond_wait(&p->wanted, &p->lock);
            continue;
        }
        slot *s = &p->slots[p->next];
        p->next = (p->next + 1) % p->count;
        p->waiting--;
        s->state = SLOT_BUSY;
        (void)pthread_mutex_unlock(&p->lock);
        find(&s->picture, &w, p);
        (void)pthread_mutex_lock(&p->lock);
        s->state = SLOT_DONE;
        if (s == p->awaited) {
            (void)pthread_cond_signal(&p->done);
        }
    }
    (void)pthread_mutex_unlock(&p->lock);
    image_release(&w.decoded);
    likeness_space_release(&w.likeness);
    pack_store_space_release(&w.storing);
    free(w.kept.bytes);
    return NULL;
}

static int start(pack_pipe *p, int threads)
{
    int code = LS_OK;
    while (code == LS_OK && p->started < threads) {
        code = thread_start(&p->threads[p->started], work, p, "looking into pictures");
        p->started += code == LS_OK;
    }
    return code;
}

int pack_pipe_create(pack_pipe **out, int threads, const pack_storing *storing, pack_taker *take, void *context,
                     const pack_resume *resume)
{
    const int n = threads > 0 ? threads : cpus_count();
    *out = NULL;
    pack_pipe *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return error_set(LS_ENOMEM, "pack: no memory for threads");
    }
    p->take = take;
    p->context = context;
    p->storing = storing;
    p->resume = resume;
    p->count = (size_t)n * A_THREAD;
    (void)pthread_mutex_init(&p->lock, NULL);
    (void)pthread_cond_init(&p->wanted, NULL);
    (void)pthread_cond_init(&p->done, NULL);
    p->slots = calloc(p->count, sizeof *p->slots);
    p->threads = calloc((size_t)n, sizeof *p->threads);
    const int code =
        p->slots == NULL || p->threads == NULL ? error_set(LS_ENOMEM, "pack: no memory for threads") : start(p, n);
    if (code != LS_OK) {
        pack_pipe_free(p);
        return code;
    }
    *out = p;
    return LS_OK;
}

/* Give back the oldest, which is done. */
static int take_first(pack_pipe *p)
{
    slot *s = &p->slots[p->first];
    pack_picture *picture = &s->picture;
    const int code = p->take(p->context, picture);
    dataset_buffer file = picture->file;
    free(picture->path);
    if (file.capacity > KEPT) {
        free(file.bytes);
        file = (dataset_buffer){0};
    }
    *picture = (pack_picture){.file = file};
    s->state = SLOT_FREE;
    p->first = (p->first + 1) % p->count;
    p->under_way--;
    return code;
}

/* The `number`th of those under way, from 1. */
static void wait_for(pack_pipe *p, size_t number)
{
    const slot *s = &p->slots[(p->first + number - 1) % p->count];
    (void)pthread_mutex_lock(&p->lock);
    p->awaited = s;
    while (s->state != SLOT_DONE) {
        (void)pthread_cond_wait(&p->done, &p->lock);
    }
    p->awaited = NULL;
    (void)pthread_mutex_unlock(&p->lock);
}

/* Take the oldest until no more than `most` are under way. The last of them is waited for first, so that this thread
 * wakes up once for all, mostly. */
static int take_until(pack_pipe *p, size_t most)
{
    int code = LS_OK;
    if (p->under_way > most) {
        wait_for(p, p->under_way - most);
    }
    while (code == LS_OK && p->under_way > most) {
        wait_for(p, 1);
        code = take_first(p);
    }
    return code;
}

int pack_pipe_room(pack_pipe *p, pack_picture **out)
{
    const int code = p->under_way == p->count ? take_until(p, p->count / 2) : LS_OK;
    *out = code == LS_OK ? &p->slots[p->last].picture : NULL;
    return code;
}

void pack_pipe_put(pack_pipe *p)
{
    (void)pthread_mutex_lock(&p->lock);
    p->slots[p->last].state = SLOT_WAITING;
    p->last = (p->last + 1) % p->count;
    p->waiting++;
    (void)pthread_cond_signal(&p->wanted);
    (void)pthread_mutex_unlock(&p->lock);
    p->under_way++;
}

int pack_pipe_finish(pack_pipe *p)
{
    return take_until(p, 0);
}

void pack_pipe_free(pack_pipe *p)
{
    if (p == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&p->lock);
    p->ends = true;
    (void)pthread_cond_broadcast(&p->wanted);
    (void)pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->started; i++) {
        (void)pthread_join(p->threads[i], NULL);
    }
    for (size_t i = 0; p->slots != NULL && i < p->count; i++) {
        pack_item_release(&p->slots[i].picture.item);
        free(p->slots[i].picture.path);
        free(p->slots[i].picture.file.bytes);
    }
    (void)pthread_cond_destroy(&p->wanted);
    (void)pthread_cond_destroy(&p->done);
    (void)pthread_mutex_destroy(&p->lock);
    free(p->slots);
    free(p->threads);
    free(p);
}
