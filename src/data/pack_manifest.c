#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/output.h"
#include "base/text.h"
#include "data/pack_listing.h"
#include "data/pack_pipe.h"
#include "data/pack_place.h"
#include "io/named.h"

/* Lists are read first; then each picture is looked for, and looked into. */
typedef struct manifest_source {
    packing p;
    pack_listing rows;
    pack_pipe *pipe;
} manifest_source;

static int put(manifest_source *s, const pack_listed *row)
{
    pack_place place;
    pack_picture *p = NULL;
    if (row->again) {
        return pack_pass(&s->p.account, PACK_TWICE, row->listed, "is listed before");
    }
    const pack_reason reason = pack_place_find(&place, row->of->root, row->listed);
    if (reason != PACK_REASONS) { /* perhaps one of many, of which none comes back from the pipe */
        const int stopped = packing_stopped(&s->p);
        return stopped != LS_OK ? stopped
                                : pack_pass(&s->p.account, reason, place.path, "%s (line %zu of %s)", place.why,
                                            row->line, row->of->input->path);
    }
    if (output_is(s->p.out, &place.info)) {
        return error_set(LS_EUSAGE, "%s: is one of the files to be packed; name another output", s->p.out);
    }
    const int code = pack_pipe_room(s->pipe, &p);
    if (code != LS_OK) {
        return code;
    }
    p->item.label = pack_labels_class(&s->rows.labels, row->label);
    p->item.split = row->split;
    p->item.name = strdup(place.path + place.listed);
    p->path = strdup(place.path);
    if (p->item.name == NULL || p->path == NULL) {
        return error_set(LS_ENOMEM, "pack: no memory for a path");
    }
    pack_pipe_put(s->pipe);
    return LS_OK;
}

static int take(void *context, pack_picture *p)
{
    manifest_source *s = context;
    return packing_receive(&s->p, p, p->path);
}

static int put_all(manifest_source *s)
{
    int code = packing_pipe(&s->p, &s->pipe, take, s);
    for (size_t i = 0; i < s->rows.count && code == LS_OK; i++) {
        code = put(s, &s->rows.rows[i]);
        free(s->rows.rows[i].listed);
        s->rows.rows[i].listed = NULL;
        packing_show(&s->p, i, s->rows.count);
    }
    if (code == LS_OK) {
        code = pack_pipe_finish(s->pipe);
    }
    pack_pipe_free(s->pipe);
    log_progress_end();
    return code;
}

static int refuse_empty(const manifest_source *s)
{
    text_builder passed = {0};
    const pack_listing_file *first = &s->rows.lists[0];
    pack_account_rest(&s->p.account);
    pack_account_passed(&s->p.account, &passed);
    const int code = error_set(LS_EUSAGE, "%.600s: names no readable pictures in %.600s; %s%s", first->input->path,
                               first->root[0] == '\0' ? "." : first->root, text_of(&passed),
                               s->p.account.sum.passed[PACK_MISSING] > 0 ? "; --root DIR says where they lie" : "");
    text_release(&passed);
    return code;
}

static int gather(manifest_source *s, const pack_input *inputs, size_t count)
{
    int code = pack_listing_read(&s->rows, inputs, count);
    if (code == LS_OK) {
        code = put_all(s);
    }
    if (code == LS_OK && s->p.items.count == 0) {
        code = refuse_empty(s);
    }
    packing_settle_validation(&s->p, inputs[0].path, "there are validation pictures");
    return code;
}

static int begin(manifest_source *s, const char *out, const pack_manifest_options *options)
{
    int code = packing_begin(&s->p, out, "lines");
    s->rows.to = &s->p;
    s->rows.options = options;
    s->p.advice = "is the label in another column? --label says in which";
    if (code == LS_OK && options->root != NULL && !named_is_folder(options->root)) {
        code = error_set(LS_EUSAGE, "--root: %s: is no folder", options->root);
    }
    return code == LS_OK ? packing_use(&s->p, &options->common) : code;
}

int pack_manifests(const pack_input *inputs, size_t count, const char *out, const pack_manifest_options *options,
                   pack_result *result)
{
    manifest_source s = {0};
    int code = begin(&s, out, options);
    if (code == LS_OK) {
        code = gather(&s, inputs, count);
    }
    if (code == LS_OK) {
        code = packing_finish(&s.p, result);
    }
    pack_listing_release(&s.rows);
    packing_release(&s.p);
    return code;
}
