#include "store/checkpoint_private.h"

#include <inttypes.h>

#include "base/error.h"
#include "io/seal.h"

/*
 * A whole HDF5 file without a seal: one of ours that lost it, one of format 1, or another program's. Found out by names
 * that lie in the file as text, not by opening it.
 */
static int name_unsealed(const char *path)
{
    switch (checkpoint_seal_kind(path)) {
    case CHECKPOINT_SEAL_BROKEN:
        return error_set(LS_EFORMAT, "%s: cut short: its seal is missing; use another checkpoint", path);
    case CHECKPOINT_SEAL_OLDER:
        return error_set(LS_EFORMAT,
                         "%s: checkpoint format 1, without a seal, made by an older program; this one reads format %d",
                         path, (int)CHECKPOINT_FORMAT);
    case CHECKPOINT_SEAL_UNKNOWN: return error_set(LS_EIO, "%s: cannot be read", path);
    default: return error_set(LS_EFORMAT, "%s: not a checkpoint of lockstep (it has no seal)", path);
    }
}

checkpoint_seal checkpoint_seal_kind(const char *path)
{
    seal_state seal;
    if (seal_check(&seal, path) != LS_OK) {
        return CHECKPOINT_SEAL_UNKNOWN;
    }
    if (seal.verdict != SEAL_NONE) {
        return seal.verdict == SEAL_GOOD ? CHECKPOINT_SEAL_GOOD : CHECKPOINT_SEAL_BROKEN;
    }
    if (seal_holds_text(path, CHECKPOINT_SEAL_NOTE) > 0) {
        return CHECKPOINT_SEAL_BROKEN;
    }
    return seal_holds_text(path, "data_checksum") > 0 ? CHECKPOINT_SEAL_OLDER : CHECKPOINT_SEAL_NONE;
}

int checkpoint_check_seal(const char *path)
{
    seal_state seal;
    const int code = seal_check(&seal, path);
    if (code != LS_OK) {
        return code;
    }
    switch (seal.verdict) {
    case SEAL_GOOD: return LS_OK;
    case SEAL_NONE: return name_unsealed(path);
    case SEAL_DAMAGED:
        if (seal.bytes != seal.sealed) {
            return error_set(LS_EFORMAT,
                             "%s: damaged (%" PRIu64 " bytes where its seal tells of %" PRIu64
                             "); use another checkpoint",
                             path, seal.bytes, seal.sealed);
        }
        return error_set(LS_EFORMAT, "%s: damaged (its checksum is wrong); use another checkpoint", path);
    default: break;
    }
    if (seal.sealed == 0) {
        return error_set(LS_EFORMAT, "%s: cut short: %" PRIu64 " bytes are left; use another checkpoint", path,
                         seal.bytes);
    }
    return error_set(LS_EFORMAT, "%s: cut short: %" PRIu64 " bytes of %" PRIu64 "; use another checkpoint", path,
                     seal.bytes, seal.sealed);
}
