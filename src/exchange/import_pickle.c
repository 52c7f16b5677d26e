/* Pickles, as PyTorch saves by itself, are refused: reading one runs what it says. */
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "exchange/import_format.h"
#include "io/archive_member.h"

/* "archive/data.pkl" */
static bool is_pickle_member(const char *name)
{
    return strcmp(file_name(name), "data.pkl") == 0;
}

static int is_pickle(bool *out, const import_file *f)
{
    *out = f->start[0] == '\x80' && f->start[1] >= 2 && f->start[1] <= 5;
    return import_is_zip(f) ? archive_member_any(out, f->path, is_pickle_member) : LS_OK;
}

static int refuse(import_file *f)
{
    return error_set(LS_EUSAGE,
                     "%s: is a pickle, which can run programs when it is read; make a safetensors file of its weights: "
                     "python3 -c \"import torch, safetensors.torch as s; s.save_file(torch.load('%s', "
                     "map_location='cpu', weights_only=True), 'weights.safetensors')\"",
                     f->path, file_name(f->path));
}

const import_format import_pickle = {.is = is_pickle, .open = refuse};
