#include "data/pack_account.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"

/* Of one reason, so many are named. */
enum { NAMED = 20 };

/* After a number, 1 or another one. */
static const struct {
    const char *one, *many;
} words[PACK_REASONS] = {
    [PACK_HIDDEN] = {"hidden", "hidden"},
    [PACK_SYSTEM] = {"system", "system"},
    [PACK_OUTPUT] = {"output", "output"},
    [PACK_HEADER] = {"header", "header"},
    [PACK_EMPTY] = {"empty", "empty"},
    [PACK_NOT_PICTURE] = {"not a readable picture", "not readable pictures"},
    [PACK_UNREADABLE] = {"that cannot be opened", "that cannot be opened"},
    [PACK_CLASS] = {"of a class that is left out", "of classes that are left out"},
    [PACK_LIMIT] = {"beyond the limit of its class", "beyond the limit of their class"},
    [PACK_SIDECAR] = {"beside its picture", "beside their pictures"},
    [PACK_TWICE] = {"listed before", "listed before"},
    [PACK_MISSING] = {"that is not there", "that are not there"},
    [PACK_UNLABELLED] = {"picture without a label", "pictures without a label"},
    [PACK_BESIDE] = {"beside the class folders", "beside the class folders"},
    [PACK_OUTSIDE] = {"of no split", "of no split"},
    [PACK_BROKEN_LINK] = {"broken link", "broken links"},
    [PACK_REPEATED] = {"link to a folder taken already", "links to folders taken already"},
    [PACK_SPECIAL] = {"pipe, socket or device", "pipes, sockets or devices"},
    [PACK_LONG_PATH] = {"with too long a path", "with too long a path"},
};

static const char *words_of(size_t reason, size_t count)
{
    return count == 1 ? words[reason].one : words[reason].many;
}

const char *pack_shown(char out[PACK_SHOWN], const char *path)
{
    const size_t n = strlen(path);
    const bool fits = n < PACK_SHOWN;
    (void)snprintf(out, PACK_SHOWN, "%s%s", fits ? "" : "...", fits ? path : path + n - (PACK_SHOWN - 4));
    return out;
}

int pack_pass(pack_account *a, pack_reason reason, const char *path, const char *format, ...)
{
    char shown[PACK_SHOWN];
    char what[512];
    va_list args;
    const size_t before = a->sum.passed[reason]++;
    a->sum.entries++;
    if (reason <= PACK_SILENT) {
        return LS_OK;
    }
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    if (a->strict) {
        return error_set(LS_EFORMAT, "%s: %s", pack_shown(shown, path), what);
    }
    if (before < NAMED) {
        log_warn("%s: %s; passed over", pack_shown(shown, path), what);
    }
    return LS_OK;
}

void pack_note(pack_account *a, const char *path, const char *note)
{
    char shown[PACK_SHOWN];
    if (a->sum.noted++ < NAMED) {
        log_warn("%s: %s; taken", pack_shown(shown, path), note);
    }
}

void pack_account_rest(const pack_account *a)
{
    text_builder rest = {0};
    for (size_t i = PACK_SILENT + 1; i < PACK_REASONS; i++) {
        const size_t n = a->sum.passed[i] > NAMED ? a->sum.passed[i] - NAMED : 0;
        if (n > 0) {
            text_add(&rest, "%s%zu %s", rest.length == 0 ? "" : ", ", n, words_of(i, n));
        }
    }
    if (rest.length > 0) {
        log_warn("passed over and not named above: %s", text_of(&rest));
    }
    if (a->sum.noted > NAMED) {
        log_warn("taken with such a note and not named above: %zu pictures", a->sum.noted - NAMED);
    }
    text_release(&rest);
}

/* "100 training, 10 validation and 10 test pictures": test ones only where there are some. */
static void add_taken(text_builder *line, const size_t taken[DATASET_SPLITS])
{
    text_add(line, "%zu training%s%zu validation", taken[DATASET_TRAIN], taken[DATASET_TEST] > 0 ? ", " : " and ",
             taken[DATASET_VAL]);
    if (taken[DATASET_TEST] > 0) {
        text_add(line, " and %zu test", taken[DATASET_TEST]);
    }
    text_add(line, " pictures taken");
}

void pack_account_passed(const pack_account *a, text_builder *line)
{
    size_t passed = 0;
    for (size_t i = 0; i < PACK_REASONS; i++) {
        passed += a->sum.passed[i];
    }
    text_add(line, "%zu passed over", passed);
    const char *divider = " (";
    for (size_t i = PACK_REASONS; i-- > 0;) { /* the silent ones last */
        const size_t n = a->sum.passed[i];
        if (n > 0) {
            text_add(line, "%s%zu %s", divider, n, words_of(i, n));
            divider = ", ";
        }
    }
    text_add(line, "%s", passed > 0 ? ")" : "");
}

void pack_account_sum(const pack_account *a, const char *out)
{
    text_builder line = {0};
    text_add(&line, "%s: %zu %s: ", out, a->sum.entries, a->unit);
    add_taken(&line, a->sum.taken);
    text_add(&line, "; ");
    pack_account_passed(a, &line);
    log_info("%s", text_of(&line));
    text_release(&line);
}
