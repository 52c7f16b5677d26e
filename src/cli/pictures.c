#include "cli/pictures.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "data/image.h"
#include "data/pack_names.h"
#include "io/named.h"

static void failed(pictures *p, const char *path, const char *what)
{
    log_error("%s: %s", path, what);
    p->failed++;
}

/* By its name or its first bytes; what cannot be opened is said later, when it is read. */
static bool is_picture(const char *path)
{
    unsigned char start[64] = {0};
    if (pack_is_picture_name(path)) {
        return true;
    }
    const int file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (file < 0) {
        return true;
    }
    const ssize_t n = read(file, start, sizeof start);
    (void)close(file);
    const image_kind kind = n > 0 ? image_kind_of(start, (size_t)n) : IMAGE_UNKNOWN;
    return kind != IMAGE_UNKNOWN && image_kind_lacks(kind) == NULL;
}

static int look_through(pictures *p);

static int add_entry(pictures *p)
{
    struct stat status;
    const char *const path = p->walk.path;
    if (stat(path, &status) != 0) {
        char why[256];
        (void)snprintf(why, sizeof why, "cannot be opened: %s", strerror(errno));
        failed(p, path, why);
        return LS_OK;
    }
    if (S_ISDIR(status.st_mode)) {
        return look_through(p);
    }
    if (S_ISREG(status.st_mode) && is_picture(path)) {
        return pack_names_add(&p->paths, path);
    }
    p->others++;
    return LS_OK;
}

/* All entries of the folder at hand in order. */
static int add_entries(pictures *p, const pack_names *names)
{
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < names->count; i++) {
        const char *name = names->names[i];
        size_t before = 0;
        if (name[0] == '.' || pack_is_system(name)) {
            p->hidden++;
        } else if (!pack_walk_enter(&p->walk, name, &before)) {
            failed(p, p->walk.path, "holds an entry whose path is too long");
        } else {
            code = add_entry(p);
            pack_walk_leave(&p->walk, before);
        }
    }
    return code;
}

/* Everything in the folder at hand, unless a link has led here before. */
static int look_through(pictures *p)
{
    pack_names names = {0};
    bool before = false;
    int code = pack_walk_mark(&p->walk, &before);
    if (code != LS_OK || before) {
        p->repeated += before;
        return code;
    }
    code = pack_walk_list(&p->walk, &names);
    if (code == LS_OK) {
        code = add_entries(p, &names);
    } else if (code == LS_EIO) {
        log_error("%s", error_message());
        p->failed++;
        code = LS_OK;
    }
    pack_names_release(&names);
    return code;
}

static int add_folder(pictures *p, const char *argument)
{
    const size_t before = p->paths.count + p->failed;
    const int n = snprintf(p->walk.path, sizeof p->walk.path, "%s", argument);
    p->walk.length = n < 0 ? 0 : (size_t)n; /* the system took it for a path, so it fits */
    pack_walk_unmark(&p->walk);
    const int code = look_through(p);
    if (code == LS_OK && p->paths.count + p->failed == before) {
        failed(p, argument, "no pictures in this folder");
    }
    return code;
}

int pictures_add(pictures *p, const char *argument)
{
    if (strcmp(argument, "-") == 0 || !named_is_folder(argument)) {
        return pack_names_add(&p->paths, argument);
    }
    p->gathered = true;
    return add_folder(p, argument);
}

/* As pictures_add, but "-" is a file of that name. */
static int add_line(pictures *p, char *line, size_t length)
{
    length -= length > 0 && line[length - 1] == '\r';
    line[length] = '\0';
    if (length == 0) {
        return LS_OK;
    }
    return pictures_add(p, strcmp(line, "-") == 0 ? "./-" : line);
}

/*
 * A line without its end, with a zero behind it; more than `room` - 1 bytes are not taken. Returns what ended it: the
 * line's end, EOF, or another byte where there is no room for it or it is a zero.
 */
static int read_line(FILE *file, char *line, size_t room, size_t *length)
{
    int c = getc(file);
    for (*length = 0; c != '\n' && c != EOF && c != '\0' && *length + 1 < room; c = getc(file)) {
        line[(*length)++] = (char)c;
    }
    line[*length] = '\0';
    return c;
}

/* All lines; errno says why not all could be read. */
static int add_lines(pictures *p, FILE *file, const char *path)
{
    static const char mark[] = "\xef\xbb\xbf"; /* some editors begin UTF-8 with it */
    char line[sizeof mark + PATH_MAX];
    size_t length = 0;
    int code = LS_OK;
    int end = '\n';
    bool first = true;
    while (code == LS_OK && end == '\n') {
        errno = 0;
        end = read_line(file, line, sizeof line, &length);
        if (end != '\n' && end != EOF) {
            failed(p, path, "is no list of names, one a line");
        } else if (!ferror(file)) {
            const size_t skipped = first && length >= 3 && strncmp(line, mark, 3) == 0 ? 3 : 0;
            code = add_line(p, line + skipped, length - skipped);
        }
        first = false;
    }
    return code;
}

int pictures_add_list(pictures *p, const char *path)
{
    const bool input = strcmp(path, "-") == 0;
    const char *name = input ? "standard input" : path;
    const size_t before = p->paths.count + p->failed;
    FILE *file = input ? stdin : fopen(path, "re");
    p->gathered = true;
    const int code = file == NULL ? LS_OK : add_lines(p, file, name);
    if (file == NULL || ferror(file)) {
        failed(p, name, strerror(errno));
    } else if (code == LS_OK && p->paths.count + p->failed == before) {
        failed(p, name, "names no pictures");
    }
    if (file != NULL && !input) {
        (void)fclose(file);
    }
    return code;
}

void pictures_release(pictures *p)
{
    pack_names_release(&p->paths);
    pack_walk_unmark(&p->walk);
    *p = (pictures){0};
}
