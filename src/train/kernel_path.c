#include "train/kernel_path.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/real.h"
#include "kernels/kernels.h"

/* Whether all ranks can, and are free to, use this path; *out. Collective. */
static int all_can_use(bool *out, comm *c, const char *path)
{
    const kernels *k = NULL;
    const bool can = !kernels_asked() && kernels_select(&k, KERNEL_STORE_REAL, path) == LS_OK;
    const int code = comm_agree(c, can ? LS_OK : error_set(LS_ENOTFOUND, "no kernel path %s", path));
    *out = code == LS_OK;
    return code == LS_ENOTFOUND ? LS_OK : code;
}

int kernel_path_same(comm *c, const char *name)
{
    char first[ORIGIN_NAME_SIZE] = "";
    (void)snprintf(first, sizeof first, "%s", name);
    int code = comm_broadcast(c, first, sizeof first);
    if (code == LS_OK && strcmp(first, name) != 0) {
        code = error_set(LS_EUSAGE,
                         "kernel path %s here, but %s on rank 0, so results would depend on where ranks run; set "
                         "LOCKSTEP_ISA to one that all processors have, such as generic or avx2",
                         name, first);
    }
    return comm_agree(c, code);
}

static bool is_as_before(const origin_span *last, const char *name)
{
    return strcmp(last->kernels, name) == 0 && strcmp(last->numbers, REAL_NAME) == 0;
}

static int refuse_others(const kernel_path_request *request, const origin_span *last, const char *name)
{
    if (!request->same_bits || (last != NULL && is_as_before(last, name))) {
        return LS_OK;
    }
    if (last == NULL) {
        return error_set(LS_EUSAGE,
                         "%s: does not say which kernel path computed it, so that --same-bits has nothing to go by; "
                         "resume without it",
                         request->checkpoint);
    }
    return error_set(LS_EUSAGE,
                     "%s: was computed with kernels %s in %s, and %s in " REAL_NAME
                     " gives other bits; resume on a processor and with a build that have the former, or without "
                     "--same-bits",
                     request->checkpoint, last->kernels, last->numbers, name);
}

static const origin_span *last_of(const kernel_path_request *request)
{
    return request->checkpoint == NULL ? NULL : origin_last(request->origin);
}

int kernel_path_settle(char out[ORIGIN_NAME_SIZE], comm *c, const kernel_path_request *request)
{
    const kernels *k = NULL;
    const origin_span *last = last_of(request);
    bool as_before = false;
    int code = comm_agree(c, kernels_select(&k, KERNEL_STORE_REAL, NULL));
    if (code == LS_OK && last != NULL) {
        code = all_can_use(&as_before, c, last->kernels);
    }
    if (code != LS_OK) {
        return code;
    }
    (void)snprintf(out, ORIGIN_NAME_SIZE, "%s", as_before ? last->kernels : k->name);
    code = kernel_path_same(c, out);
    if (code == LS_OK && request->checkpoint != NULL) {
        code = comm_agree(c, refuse_others(request, last, out));
    }
    return code;
}

void kernel_path_report(const kernel_path_request *request, const char *name)
{
    const kernels *best = NULL;
    const origin_span *last = last_of(request);
    if (last == NULL) {
        if (request->checkpoint != NULL) {
            log_warn("%s: does not say which kernel path computed it, and goes on with %s: if it was another, the bits "
                     "are others from here on",
                     request->checkpoint, name);
        }
        return;
    }
    if (!is_as_before(last, name)) {
        log_warn("%s: was computed with kernels %s in %s and goes on with %s in " REAL_NAME
                 ": from here on its bits are others than without this change",
                 request->checkpoint, last->kernels, last->numbers, name);
    } else if (kernels_select(&best, KERNEL_STORE_REAL, NULL) == LS_OK && strcmp(name, best->name) != 0) {
        log_info("kernels     %s, as before, so that the bits go on; LOCKSTEP_ISA=%s asks for what this processor "
                 "does best, with other bits",
                 name, best->name);
    }
}
