#include "train/first_weights.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "base/log.h"

static int read_opened(state *s, const importer *from, char out[FIRST_WEIGHTS_TEXT])
{
    bool head_left = false;
    const int code = import_read(from, s, &head_left);
    if (code == LS_OK) {
        (void)snprintf(out, FIRST_WEIGHTS_TEXT, "%s%s", import_facts_of(from)->convention,
                       head_left ? "; the dense layers are fresh, as the file's are others or none" : "");
    }
    return code;
}

int first_weights_read(state *s, const char *path, char out[FIRST_WEIGHTS_TEXT])
{
    importer *from = NULL;
    int code = import_open(&from, path, NULL);
    if (code == LS_OK) {
        code = read_opened(s, from, out);
    }
    import_close(from);
    return code;
}

int first_weights_share(session *s, importer **opened)
{
    char text[FIRST_WEIGHTS_TEXT];
    const char *path = s->options.train.weights;
    state *to = &s->replica.state;
    int code = LS_OK;
    if (comm_rank(s->c) == 0) {
        code = *opened != NULL ? read_opened(to, *opened, text) : first_weights_read(to, path, text);
        if (code == LS_OK) {
            log_info("weights     from %s, %s", path, text);
        }
        import_close(*opened);
        *opened = NULL;
    }
    code = comm_agree(s->c, code);
    return code == LS_OK ? comm_or_abort(s->c, session_share_state(s)) : code;
}
