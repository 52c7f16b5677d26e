#include "train/kernel_path.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/real.h"
#include "kernels/kernels.h"

/* "in float64", "with kernels avx2 in float32" */
static char *how(char *out, size_t size, const origin_span *s)
{
    const bool any = strcmp(s->kernels, ORIGIN_ANY_PATH) == 0;
    (void)snprintf(out, size, "%s%s%sin %s", any ? "" : "with kernels ", any ? "" : s->kernels, any ? "" : " ",
                   s->numbers);
    return out;
}

enum { HOW_SIZE = 2 * ORIGIN_NAME_SIZE + 32 };

static bool is_as_before(const origin_span *last)
{
    return strcmp(last->kernels, ORIGIN_ANY_PATH) == 0 && strcmp(last->numbers, REAL_NAME) == 0;
}

static const origin_span *last_of(const kernel_path_request *request)
{
    return request->checkpoint == NULL ? NULL : origin_last(request->origin);
}

static int refuse_others(const kernel_path_request *request)
{
    char before[HOW_SIZE];
    const origin_span *last = last_of(request);
    if (request->checkpoint == NULL || !request->same_bits || (last != NULL && is_as_before(last))) {
        return LS_OK;
    }
    if (last == NULL) {
        return error_set(LS_EUSAGE,
                         "%s: does not say which arithmetic computed it, so that --same-bits has nothing to go by; "
                         "resume without it",
                         request->checkpoint);
    }
    return error_set(LS_EUSAGE,
                     "%s: was computed %s, and " REAL_NAME
                     " in this version gives other bits; resume with what computed it, or without --same-bits",
                     request->checkpoint, how(before, sizeof before, last));
}

int kernel_path_settle(comm *c, const kernel_path_request *request)
{
    const kernels *k = NULL;
    const int code = kernels_select(&k, KERNEL_STORE_REAL, NULL);
    return comm_agree(c, code == LS_OK ? refuse_others(request) : code);
}

void kernel_path_report(const kernel_path_request *request)
{
    char before[HOW_SIZE];
    const origin_span *last = last_of(request);
    if (request->checkpoint == NULL) {
        return;
    }
    if (last == NULL) {
        log_warn("%s: does not say which arithmetic computed it: if it was another than this version's " REAL_NAME
                 ", the bits are others from here on",
                 request->checkpoint);
    } else if (!is_as_before(last)) {
        log_warn("%s: was computed %s and goes on in this version's " REAL_NAME
                 ": from here on its bits are others than without this change",
                 request->checkpoint, how(before, sizeof before, last));
    }
}
