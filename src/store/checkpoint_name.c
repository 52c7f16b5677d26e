#include "store/checkpoint_name.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/h5.h"
#include "io/temporary.h"
#include "store/run_folder.h"

static const char prefix[] = "step-";
static const char digits[] = "0123456789";

char *checkpoint_name(char out[CHECKPOINT_NAME_SIZE], uint64_t step)
{
    (void)snprintf(out, CHECKPOINT_NAME_SIZE, "%s%08" PRIu64 ".weights.h5", prefix, step);
    return out;
}

int checkpoint_path(char *out, size_t size, const char *dir, uint64_t step)
{
    char name[CHECKPOINT_NAME_SIZE];
    return run_folder_file(out, size, dir, checkpoint_name(name, step));
}

int checkpoint_name_step(uint64_t *step, const char *name)
{
    char again[CHECKPOINT_NAME_SIZE];
    if (strncmp(name, prefix, sizeof prefix - 1) != 0 || strspn(name + sizeof prefix - 1, digits) == 0) {
        return 0;
    }
    errno = 0;
    *step = strtoull(name + sizeof prefix - 1, NULL, 10);
    return errno == 0 && strcmp(checkpoint_name(again, *step), name) == 0;
}

int checkpoint_name_is_temporary(const char *name)
{
    char begin[CHECKPOINT_NAME_SIZE];
    uint64_t step = 0;
    const char *mark = strstr(name, H5_TEMPORARY_MARK);
    const size_t length = mark == NULL ? 0 : (size_t)(mark - name);
    if (length == 0 || length >= sizeof begin) {
        return 0;
    }
    memcpy(begin, name, length);
    begin[length] = '\0';
    return (strcmp(begin, "log.h5") == 0 || checkpoint_name_step(&step, begin)) && temporary_is_named(begin, name);
}
