#include "cli/facts.h"

#include <inttypes.h>
#include <math.h>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/run_memory.h"
#include "cli/run_options.h"
#include "store/run_folder.h"

static void add_fact(text_builder *t, const char *key, const char *value)
{
    text_add(t, "%s\t", key);
    text_add_escaped(t, value);
    text_add(t, "\n");
}

int facts_print(const config *c, int ranks)
{
    char folder[CHECKPOINT_PATH_SIZE];
    run_memory memory = {0};
    text_builder t = {0};
    const session_options o = run_options_session(c);
    int code = run_folder_file(folder, sizeof folder, c->checkpoint.dir, c->experiment.name);
    if (code == LS_OK) {
        code = run_memory_of(&memory, &o, ranks > 0 ? ranks : 1);
    }
    if (code == LS_OK && ranks > 0) {
        code = memory_check_here(&memory.need, ranks, memory_plan_advice(&o));
    }
    if (code != LS_OK) {
        return code;
    }
    add_fact(&t, "experiment.name", c->experiment.name);
    add_fact(&t, "checkpoint.dir", c->checkpoint.dir);
    add_fact(&t, "run.folder", folder);
    add_fact(&t, "data.file", c->data.file);
    add_fact(&t, "data.problem", memory.problem);
    text_add(&t, "train.batch\t%zu\n", c->order.batch);
    text_add(&t, "train.shard\t%zu\n", c->order.shard_size);
    text_add(&t, "timeouts.abort\t%.0f\n", ceil(c->timeouts.abort));
    text_add(&t, "memory.rank\t%zu\n", memory.need.planned + memory.need.held);
    text_add(&t, "memory.ranks\t%d", ranks > 0 ? ranks : 1);
    log_script(text_of(&t));
    text_release(&t);
    return LS_OK;
}

static void print_newest(const checkpoint_info *info, const char *path)
{
    text_builder t = {0};
    text_add(&t, "%" PRIu64 "\t%016" PRIx64 "\t", info->step, info->weights_hash);
    text_add_escaped(&t, path);
    log_script(text_of(&t));
    text_release(&t);
}

int facts_print_newest(const char *dir, const char *name)
{
    char path[CHECKPOINT_PATH_SIZE];
    checkpoint_info info = {0};
    run_folder *folder = NULL;
    int code = run_folder_open(&folder, dir, name == NULL ? NULL : run_options_owns, &name);
    if (code == LS_OK) {
        code = run_folder_newest(folder, path, sizeof path, NULL);
    }
    if (code == LS_OK) {
        code = checkpoint_read_info(&info, path);
    }
    if (code == LS_OK) {
        print_newest(&info, path);
    }
    checkpoint_info_release(&info);
    run_folder_close(folder);
    return code;
}
