#include "cli/parallel.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "io/h5.h"

int parallel_run(int (*work)(comm *c, void *context), void *context)
{
    comm *c = NULL;
    int started = h5_start_reading(); /* before MPI, whose connections and memory a new process had better not have */
    if (started == LS_OK) {
        started = comm_start(&c, NULL, NULL);
    }
    if (started != LS_OK) {
        return started;
    }
    log_set_rank(comm_rank(c), comm_size(c));
    int code = work(c, context);
    if (code == EXIT_DONE && comm_rank(c) == 0) {
        code = log_check_output();
    }
    if (code < 0) {
        /* Rank 0 knows the message of whichever rank failed (comm_agree); the others would repeat it. */
        if (comm_rank(c) == 0) {
            log_error("%s", error_message());
        }
        code = error_exit_code(code);
    }
    (void)log_open(NULL);
    comm_finish(c);
    return code;
}

int parallel_share_config(comm *c, int code, config *shared, char **yaml)
{
    const bool leads = comm_rank(c) == 0;
    uint64_t size = 0;
    *yaml = NULL;
    if (code == LS_OK && leads) {
        code = config_print(shared, yaml);
        size = code == LS_OK ? strlen(*yaml) + 1 : 0;
    }
    code = comm_agree(c, code);
    if (code == LS_OK) {
        code = comm_broadcast(c, &size, sizeof size);
    }
    if (code != LS_OK) {
        return code;
    }
    if (!leads) {
        *yaml = malloc(size);
    }
    code = comm_agree(c, *yaml == NULL ? error_set(LS_ENOMEM, "out of memory for the configuration") : LS_OK);
    if (code == LS_OK) {
        code = comm_broadcast(c, *yaml, size);
    }
    if (code == LS_OK && !leads) {
        code = config_parse(shared, *yaml, size - 1, "configuration", NULL, 0);
    }
    return comm_agree(c, code);
}

int parallel_share_texts(comm *c, text_builder *texts, char ***out, size_t *count)
{
    uint64_t size = texts->length;
    *out = NULL;
    int code = comm_broadcast(c, &size, sizeof size);
    if (code != LS_OK) {
        return code;
    }
    char *bytes = comm_rank(c) == 0 ? texts->bytes : text_room(texts, (size_t)size);
    code = comm_agree(c, bytes == NULL && size > 0 ? error_set(LS_ENOMEM, "out of memory for texts") : LS_OK);
    if (code == LS_OK && size > 0) {
        code = comm_broadcast(c, bytes, (size_t)size);
    }
    if (code != LS_OK) {
        return code;
    }
    *out = text_take_list(texts, count);
    return comm_agree(c, *out == NULL ? error_set(LS_ENOMEM, "out of memory for texts") : LS_OK);
}
