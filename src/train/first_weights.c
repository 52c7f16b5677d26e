#include "train/first_weights.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "base/log.h"
#include "train/first_head.h"

static int read_opened(state *s, const importer *from, const dataset *d, char out[FIRST_WEIGHTS_TEXT])
{
    static const char *const heads[] = {
        [FIRST_HEAD_TAKEN] = "",
        [FIRST_HEAD_NONE] = "; the dense layers are fresh, as the file's are others or none",
        [FIRST_HEAD_CLASSES] = "; the dense layers are fresh, as the file's are for classes of other names",
    };
    first_head head = FIRST_HEAD_TAKEN;
    const int code = first_head_read(&head, from, s, d);
    if (code == LS_OK) {
        (void)snprintf(out, FIRST_WEIGHTS_TEXT, "%s%s", import_facts_of(from)->convention, heads[head]);
    }
    return code;
}

int first_weights_read(state *s, const char *path, const dataset *d, char out[FIRST_WEIGHTS_TEXT])
{
    importer *from = NULL;
    int code = import_open(&from, path, NULL);
    if (code == LS_OK) {
        code = read_opened(s, from, d, out);
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
        code = *opened != NULL ? read_opened(to, *opened, s->data, text) : first_weights_read(to, path, s->data, text);
        if (code == LS_OK) {
            log_info("weights     from %s, %s", path, text);
        }
        import_close(*opened);
        *opened = NULL;
    }
    code = comm_agree(s->c, code);
    return code == LS_OK ? comm_or_abort(s->c, session_share_state(s)) : code;
}
