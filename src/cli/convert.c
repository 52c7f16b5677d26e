#include "cli/convert.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"

/* By name, the best first. */
static const struct {
    const char *name;
    int is_browser;
} programs[] = {
    {"rsvg-convert", 0}, {"chromium", 1}, {"chromium-browser", 1}, {"google-chrome", 1}, {"google-chrome-stable", 1},
};

/* Whether a program of this name is in one of the folders of PATH. */
static int find(char *out, size_t size, const char *name)
{
    const char *path = getenv("PATH");
    for (const char *at = path; at != NULL && *at != '\0';) {
        const size_t length = strcspn(at, ":");
        struct stat there;
        const int n = snprintf(out, size, "%.*s/%s", (int)length, at, name);
        if (length > 0 && n > 0 && (size_t)n < size && stat(out, &there) == 0 && S_ISREG(there.st_mode) &&
            access(out, X_OK) == 0) {
            return 1;
        }
        at += length + (at[length] == ':' ? 1 : 0);
    }
    return 0;
}

int convert_begin(convert *c)
{
    *c = (convert){0};
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        if (find(c->program, sizeof c->program, programs[i].name)) {
            c->is_browser = programs[i].is_browser;
            return LS_OK;
        }
    }
    return error_set(LS_EUSAGE,
                     "--png: needs rsvg-convert (apt-get install librsvg2-bin) or chromium, and neither is in "
                     "the PATH; --svg does without");
}

/* Without its output; the program's exit status, or -1 where it does not start. */
static int run(const char *program, char *const *arguments)
{
    pid_t child = 0;
    int status = 0;
    posix_spawn_file_actions_t files;
    if (posix_spawn_file_actions_init(&files) != 0) {
        return -1;
    }
    int failed = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    failed = failed != 0 ? failed : posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    failed = failed != 0 ? failed : posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    failed = failed != 0 ? failed : posix_spawn(&child, program, &files, NULL, arguments, environ);
    (void)posix_spawn_file_actions_destroy(&files);
    if (failed != 0) {
        errno = failed;
        return -1;
    }
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return -1;
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* "file:///a/b%20c", for free(). */
static char *address_of(const char *path)
{
    text_builder t = {0};
    char *whole = realpath(path, NULL);
    if (whole == NULL) {
        return NULL;
    }
    text_add(&t, "file://");
    for (const unsigned char *at = (const unsigned char *)whole; *at != '\0'; at++) {
        if (isascii(*at) && (isalnum(*at) || strchr("/-._~", *at) != NULL)) {
            text_add(&t, "%c", *at);
        } else {
            text_add(&t, "%%%02X", *at);
        }
    }
    free(whole);
    return text_take(&t);
}

/* A browser that is open already would be asked instead, and need not answer: so this one has a folder of its own. */
static int make_folder(convert *c)
{
    const char *place = getenv("TMPDIR");
    if (c->folder[0] != '\0') {
        return LS_OK;
    }
    const int n = snprintf(c->folder, sizeof c->folder, "%s/lockstep-XXXXXX", place != NULL ? place : "/tmp");
    if (n < 0 || (size_t)n >= sizeof c->folder) {
        (void)snprintf(c->folder, sizeof c->folder, "/tmp/lockstep-XXXXXX");
    }
    if (mkdtemp(c->folder) == NULL) {
        const int code = error_set(LS_EIO, "%s: cannot be made: %m", c->folder);
        c->folder[0] = '\0';
        return code;
    }
    return LS_OK;
}

static int run_browser(convert *c, const char *svg, const char *png, int width, int height)
{
    char folder[sizeof c->folder + 32];
    char size[64];
    char *target = NULL;
    char *address = address_of(svg);
    int status = -1;
    if (address == NULL || asprintf(&target, "--screenshot=%s", png) < 0) {
        free(address);
        return -1;
    }
    (void)snprintf(folder, sizeof folder, "--user-data-dir=%s", c->folder);
    (void)snprintf(size, sizeof size, "--window-size=%d,%d", width, height);
    char *const arguments[] = {c->program,
                               (char *)"--headless",
                               (char *)"--disable-gpu",
                               (char *)"--hide-scrollbars",
                               (char *)"--force-device-scale-factor=1",
                               folder,
                               size,
                               target,
                               address,
                               geteuid() == 0 ? (char *)"--no-sandbox" : NULL, /* it refuses to run as root with one */
                               NULL};
    status = run(c->program, arguments);
    free(target);
    free(address);
    return status;
}

static int run_rsvg(const convert *c, const char *svg, const char *png)
{
    char *const arguments[] = {(char *)c->program, (char *)"-o", (char *)png, (char *)"--", (char *)svg, NULL};
    return run(c->program, arguments);
}

int convert_file(convert *c, const char *svg, const char *png, int width, int height)
{
    struct stat made;
    const int code = c->is_browser ? make_folder(c) : LS_OK;
    if (code != LS_OK) {
        return code;
    }
    (void)unlink(png);
    const int status = c->is_browser ? run_browser(c, svg, png, width, height) : run_rsvg(c, svg, png);
    if (status == 0 && stat(png, &made) == 0 && made.st_size > 0) {
        return LS_OK;
    }
    if (status < 0) {
        return error_set(LS_EIO, "%s: does not start: %m", c->program);
    }
    return error_set(LS_EIO, "%s: %s has not made it (status %d); try `%s %s` by hand", png, c->program, status,
                     c->program, svg);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status;
    (void)kind;
    (void)at;
    (void)remove(path);
    return 0;
}

void convert_end(convert *c)
{
    if (c->folder[0] != '\0') {
        (void)nftw(c->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        c->folder[0] = '\0';
    }
}
