#include "train/first_weights.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "base/log.h"
#include "exchange/import.h"

int first_weights_read(state *s, const char *path, char out[FIRST_WEIGHTS_TEXT])
{
    importer *from = NULL;
    bool head_left = false;
    int code = import_open(&from, path, NULL);
    if (code == LS_OK) {
        code = import_read(from, s, &head_left);
    }
    if (code == LS_OK) {
        (void)snprintf(out, FIRST_WEIGHTS_TEXT, "%s%s", import_facts_of(from)->convention,
                       head_left ? "; the dense layers are fresh, as the file's are others or none" : "");
    }
    import_close(from);
    return code;
}

int first_weights_share(session *s)
{
    char text[FIRST_WEIGHTS_TEXT];
    const char *path = s->options.train.weights;
    int code = LS_OK;
    if (comm_rank(s->c) == 0) {
        code = first_weights_read(&s->replica.state, path, text);
        if (code == LS_OK) {
            log_info("weights     from %s, %s", path, text);
        }
    }
    code = comm_agree(s->c, code);
    return code == LS_OK ? comm_or_abort(s->c, session_share_state(s)) : code;
}
