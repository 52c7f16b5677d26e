#include "data/pack_place.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "data/pack_names.h"
#include "data/pack_paths.h"

/* false: it is too long. */
static bool set_path(pack_place *p, const char *root, const char *listed, const char *ending)
{
    const bool absolute = listed[0] == '/';
    const bool slash = !absolute && root[0] != '\0' && root[strlen(root) - 1] != '/';
    const int n = absolute ? snprintf(p->path, sizeof p->path, "%s%s", listed, ending)
                           : snprintf(p->path, sizeof p->path, "%s%s%s%s", root, slash ? "/" : "", listed, ending);
    p->listed = absolute ? 0 : strlen(root) + slash;
    return n >= 0 && (size_t)n < sizeof p->path;
}

/* Of a path that stat refused. */
static pack_reason refusal(pack_place *p, int error)
{
    struct stat link;
    const bool linked = lstat(p->path, &link) == 0 && S_ISLNK(link.st_mode);
    p->why = strerror(error);
    if (error == ENAMETOOLONG) {
        p->why = "its path is too long";
        return PACK_LONG_PATH;
    }
    if (linked && error != EACCES) {
        p->why = "is a broken link";
        return PACK_BROKEN_LINK;
    }
    if (error == ENOENT || error == ENOTDIR) {
        p->why = "is not there";
        return PACK_MISSING;
    }
    return PACK_UNREADABLE;
}

static pack_reason look(pack_place *p)
{
    p->why = NULL;
    if (stat(p->path, &p->info) != 0) {
        return refusal(p, errno);
    }
    if (!S_ISREG(p->info.st_mode)) {
        p->why = "is a folder, pipe, socket or device, not a file";
        return PACK_SPECIAL;
    }
    return PACK_REASONS;
}

/* As it stands, then with an ending; at last what is wrong with it as it stands. */
static pack_reason find(pack_place *p, const char *root, const char *listed)
{
    static const char *const endings[] = {"", ".jpg", ".jpeg", ".png", ".JPG", ".JPEG", ".PNG"};
    const size_t count = pack_is_picture_name(listed) ? 1 : sizeof endings / sizeof *endings;
    for (size_t i = 0; i < count; i++) {
        if (set_path(p, root, listed, endings[i]) && look(p) == PACK_REASONS) {
            return PACK_REASONS;
        }
    }
    if (!set_path(p, root, listed, "")) {
        p->why = "its path is too long";
        return PACK_LONG_PATH;
    }
    return look(p);
}

pack_reason pack_place_find(pack_place *out, const char *root, const char *listed)
{
    char turned[PATH_MAX];
    const pack_reason reason = find(out, root, listed);
    if (reason == PACK_REASONS || strchr(listed, '\\') == NULL || strlen(listed) >= sizeof turned) {
        return reason;
    }
    (void)snprintf(turned, sizeof turned, "%s", listed);
    for (char *at = strchr(turned, '\\'); at != NULL; at = strchr(at, '\\')) {
        *at = '/';
    }
    if (find(out, root, turned) == PACK_REASONS) {
        return PACK_REASONS;
    }
    return find(out, root, listed);
}
