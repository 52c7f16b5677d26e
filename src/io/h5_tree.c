#include "io/h5_private.h"
#include "io/h5_remote.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

int h5_walk(const h5_file *f, const char *name)
{
    int found = 1;
    H5L_info_t link;
    char *path = strdup(name);
    if (path == NULL) {
        return 0;
    }
    for (char *at = path; found > 0 && *at != '\0';) {
        at += strspn(at, "/");
        if (*at == '\0') {
            break;
        }
        at += strcspn(at, "/");
        const char saved = *at;
        *at = '\0';
        found = H5Lexists(f->id, path, H5P_DEFAULT) > 0 && H5Lget_info(f->id, path, &link, H5P_DEFAULT) >= 0;
        if (found && link.type != H5L_TYPE_HARD) {
            found = -1;
        } else if (found) {
            found = H5Oexists_by_name(f->id, path, H5P_DEFAULT) > 0;
        }
        *at = saved;
    }
    free(path);
    return found;
}

int h5_exists(h5_file *f, const char *name)
{
    if (f->remote != NULL) {
        return h5_ask_number(f, H5_ASK_EXISTS, name, NULL);
    }
    h5_enter();
    const int found = h5_walk(f, name) > 0;
    h5_leave();
    return found;
}

int h5_make_group(h5_file *f, const char *name)
{
    int code = LS_OK;
    h5_enter();
    if (h5_walk(f, name) <= 0) {
        const hid_t group = H5Gcreate2(f->id, name, h5_with_parents(), H5P_DEFAULT, H5P_DEFAULT);
        if (group < 0) {
            code = h5_fail_io(f, name, "cannot make the group");
        }
        h5_drop(group);
    }
    h5_leave();
    return code;
}

int h5_hard_link(h5_file *f, const char *existing, const char *name)
{
    int code = LS_OK;
    h5_enter();
    if (H5Lcreate_hard(f->id, existing, f->id, name, h5_with_parents(), H5P_DEFAULT) < 0) {
        code = h5_fail_io(f, name, "cannot make the link");
    }
    h5_leave();
    return code;
}

/* The name of a group's member, with its zero. */
static int add_name(text_builder *names, const h5_file *f, const char *group, hid_t id, hsize_t i)
{
    const ssize_t length = H5Lget_name_by_idx(id, ".", H5_INDEX_NAME, H5_ITER_INC, i, NULL, 0, H5P_DEFAULT);
    const size_t size = (size_t)length + 1;
    char *const name = length < 0 ? NULL : text_room(names, size);
    if (length >= 0 && name == NULL) {
        return h5_fail(f, group, LS_ENOMEM, "out of memory");
    }
    if (length < 0 || H5Lget_name_by_idx(id, ".", H5_INDEX_NAME, H5_ITER_INC, i, name, size, H5P_DEFAULT) != length) {
        return h5_fail(f, group, LS_EFORMAT, "the group's names cannot be read");
    }
    return LS_OK;
}

int h5_list(h5_file *f, const char *group, char ***out, size_t *count)
{
    if (f->remote != NULL) {
        return h5_ask_texts(f, H5_ASK_LIST, group, NULL, out, count);
    }
    int code = LS_OK;
    H5G_info_t info = {0};
    text_builder names = {0};
    *out = NULL;
    *count = 0;
    h5_enter();
    const hid_t id = h5_walk(f, group) > 0 ? H5Gopen2(f->id, group, H5P_DEFAULT) : -1;
    if (id < 0) {
        code = h5_fail(f, group, LS_ENOTFOUND, "no such group");
    } else if (H5Gget_info(id, &info) < 0) {
        code = h5_fail(f, group, LS_EFORMAT, "the group cannot be read");
    }
    for (hsize_t i = 0; code == LS_OK && i < info.nlinks; i++) {
        code = add_name(&names, f, group, id, i);
    }
    if (code == LS_OK) {
        *out = text_take_list(&names, count);
        code = *out == NULL ? h5_fail(f, group, LS_ENOMEM, "out of memory") : LS_OK;
    }
    text_release(&names);
    h5_drop(id);
    h5_leave();
    return code;
}
