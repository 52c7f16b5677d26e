#include "cli/predict_batch.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/pictures.h"
#include "data/augment_sample.h"
#include "data/image.h"
#include "data/orientation.h"

enum { LARGEST_FILE = 1 << 28 }; /* bytes */

/* Memory of a thread that reads pictures. */
typedef struct reading {
    dataset_buffer encoded;
    image picture, turned;
} reading;

/* What has become of a file of the batch. */
typedef struct outcome {
    saved_error error;
    char note[IMAGE_NOTE_SIZE]; /* what is odd about it, for a warning */
} outcome;

struct predict_batch {
    predict_batch_options o;
    predictor *network;
    reading *readings;     /* owned, as what follows; [threads] */
    outcome *outcomes;     /* [batch] */
    double *probabilities; /* [batch][classes] */
    size_t *order;         /* [top] */
    const char *const *paths;
};

int predict_batch_create(predict_batch **out, const char *checkpoint, const predict_batch_options *o)
{
    *out = NULL;
    predict_batch *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return error_set(LS_ENOMEM, "out of memory for pictures");
    }
    p->o = *o;
    p->o.top = o->top < o->network.classes ? o->top : o->network.classes;
    p->readings = calloc((size_t)o->network.threads, sizeof *p->readings);
    p->outcomes = calloc(o->network.batch, sizeof *p->outcomes);
    p->probabilities = calloc(o->network.batch * o->network.classes, sizeof *p->probabilities);
    p->order = calloc(p->o.top + 1, sizeof *p->order);
    const int code = p->readings == NULL || p->outcomes == NULL || p->probabilities == NULL || p->order == NULL
                         ? error_set(LS_ENOMEM, "out of memory for %zu pictures at once", o->network.batch)
                         : predictor_create(&p->network, checkpoint, &o->network);
    if (code != LS_OK) {
        predict_batch_free(p);
        return code;
    }
    *out = p;
    return LS_OK;
}

void predict_batch_free(predict_batch *p)
{
    if (p == NULL) {
        return;
    }
    predictor_free(p->network);
    for (int i = 0; p->readings != NULL && i < p->o.network.threads; i++) {
        free(p->readings[i].encoded.bytes);
        image_release(&p->readings[i].picture);
        image_release(&p->readings[i].turned);
    }
    free(p->readings);
    free(p->outcomes);
    free(p->probabilities);
    free(p->order);
    free(p);
}

static int put_picture(predict_batch *p, size_t at, int thread)
{
    reading *r = &p->readings[thread];
    const char *path = p->paths[at];
    size_t size = 0;
    int code = pictures_read(&r->encoded, &size, path, LARGEST_FILE);
    if (code != LS_OK) {
        return code;
    }
    const augment_wish use = {.options = predictor_input(p->network), .turn = p->o.turn};
    const image_wish wish = augment_wish_of(&use);
    r->picture.background = use.options->background;
    code = image_decode_reduced(&r->picture, r->encoded.bytes, size, &wish);
    if (code == LS_OK) {
        (void)snprintf(p->outcomes[at].note, sizeof p->outcomes[at].note, "%s", r->picture.note);
    }
    if (code == LS_OK && p->o.turn) {
        code = orientation_turn(&r->picture, &r->turned);
    }
    if (code == LS_OK) {
        code = predict_put(p->network, at, &r->picture, thread);
    }
    return code == LS_OK ? LS_OK : error_prefix(code, "%s", path);
}

static void put_one(void *context, size_t index, int thread)
{
    predict_batch *p = context;
    p->outcomes[index] = (outcome){0};
    error_save(&p->outcomes[index].error, put_picture(p, index, thread));
}

static void print_lines(const predict_batch *p, const char *path, const double *probabilities)
{
    for (size_t i = 0; i < p->o.top; i++) {
        log_info("%s: %s %.4f", path, p->o.classes[p->order[i]], probabilities[p->order[i]]);
    }
}

/* error: why there is no answer, or NULL. */
static void print_json(const predict_batch *p, const char *path, const double *probabilities, const char *error)
{
    char *text = NULL;
    size_t size = 0;
    json j = {.to = open_memstream(&text, &size), .line = 1};
    if (j.to == NULL) {
        return;
    }
    json_open(&j, NULL, '{');
    json_text(&j, "file", path);
    if (error != NULL) {
        json_text(&j, "error", error);
    } else {
        json_open(&j, "classes", '[');
        for (size_t i = 0; i < p->o.top; i++) {
            json_open(&j, NULL, '{');
            json_text(&j, "class", p->o.classes[p->order[i]]);
            json_number(&j, "probability", probabilities[p->order[i]]);
            json_close(&j, '}');
        }
        json_close(&j, ']');
    }
    json_close(&j, '}');
    if (fclose(j.to) == 0) {
        log_info("%s", text);
    }
    free(text);
}

static void print_picture(predict_batch *p, size_t at, size_t *bad)
{
    const char *path = p->paths[at];
    const outcome *of = &p->outcomes[at];
    const double *probabilities = p->probabilities + at * p->o.network.classes;
    if (of->note[0] != '\0') {
        log_warn("%s: %s", path, of->note);
    }
    if (of->error.code != LS_OK) {
        log_error("%s", of->error.message);
        *bad += 1;
    } else {
        predict_rank(p->order, p->o.top, probabilities, p->o.network.classes);
    }
    if (p->o.json) {
        print_json(p, path, probabilities, of->error.code != LS_OK ? of->error.message : NULL);
    } else if (of->error.code == LS_OK) {
        print_lines(p, path, probabilities);
    }
}

int predict_batch_all(predict_batch *p, const char *const *paths, size_t count, size_t *bad)
{
    int code = LS_OK;
    *bad = 0;
    for (size_t done = 0; code == LS_OK && done < count;) {
        const size_t n = count - done < p->o.network.batch ? count - done : p->o.network.batch;
        p->paths = paths + done;
        pool_run(predictor_threads(p->network), put_one, p, n);
        code = predict_run(p->network, n, p->probabilities);
        for (size_t i = 0; code == LS_OK && i < n; i++) {
            print_picture(p, i, bad);
        }
        done += n;
        if (count > n) {
            log_progress("%zu of %zu pictures", done, count);
        }
    }
    log_progress_end();
    return code;
}
