#include "cli/fsck_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/problems.h"
#include "cli/run_options.h"
#include "data/dataset_check.h"
#include "network/network.h"
#include "store/checkpoint_check.h"
#include "store/file_kind.h"
#include "store/runlog_check.h"
#include "store/weights_file.h"

static void compare_text(problems *found, const char *what, const char *have, const char *wanted)
{
    if (strcmp(have, wanted) != 0) {
        problems_add(found, "%s is '%s' where the configuration makes it '%s'", what, have, wanted);
    }
}

/* The tensors of a checkpoint against the network that its configuration asks for. */
static void compare_network(problems *found, const tensor_table *have, const checkpoint_info *info, const config *c)
{
    const network_spec wanted = {.classes = info->class_count, .options = c->model};
    char name[2 * TENSOR_NAME_SIZE];
    tensor_table table;
    if (have->count == 0) {
        return; /* reported already */
    }
    if (network_describe(&table, &wanted) != LS_OK) {
        problems_add(found, "%s", error_message());
    } else if (have->count != table.count) {
        problems_add(found, "holds %zu tensors where the configuration's network has %zu", have->count, table.count);
    }
    for (size_t i = 0; have->count == table.count && i < table.count; i++) {
        if (!tensor_same_shape(&have->tensors[i], &table.tensors[i])) {
            problems_add(found, "tensor %s has another shape than in the configuration's network",
                         tensor_full_name(name, sizeof name, &table.tensors[i]));
        }
    }
    tensor_table_release(&table);
}

static void check_config(const checkpoint_info *info, const tensor_table *t, problems *found)
{
    config c = {0};
    if (config_parse(&c, info->config, strlen(info->config), "its configuration", NULL, 0) != LS_OK) {
        problems_add(found, "%s", error_message());
        return;
    }
    run_options_compare(found, info, &c);
    compare_network(found, t, info, &c);
    compare_text(found, "experiment", info->experiment, run_options_experiment(&c));
    compare_text(found, "normalization", info->normalization, run_options_normalization(&c));
    config_free(&c);
}

static void check_checkpoint(char *text, size_t size, const char *path, problems *found)
{
    checkpoint_info info;
    tensor_table t;
    if (checkpoint_check(&info, &t, path, found) != LS_OK) {
        return;
    }
    check_config(&info, &t, found);
    (void)snprintf(text, size, "checkpoint of %s, epoch %" PRIu64 ", step %" PRIu64 ", weights %016" PRIx64,
                   info.experiment, info.epoch, info.step, info.weights_hash);
    tensor_table_release(&t);
    checkpoint_info_release(&info);
}

static void check_log(char *text, size_t size, const char *path, problems *found)
{
    runlog_facts facts = {0};
    if (runlog_check(&facts, path, found) == LS_OK) {
        (void)snprintf(text, size, "log of %" PRIu64 " epochs, %" PRIu64 " steps%s", facts.epochs, facts.steps,
                       facts.followed ? ", being written or of a killed run" : "");
    }
}

static void check_dataset(char *text, size_t size, const fsck_job *job, problems *found)
{
    dataset *d = NULL;
    if (dataset_open_unread(&d, job->path) != LS_OK) {
        problems_add_error(found, job->path);
        return;
    }
    dataset_check_pictures(d, job->decode, found);
    (void)snprintf(text, size, "data set of %zu training, %zu validation and %zu test pictures, %zu classes%s",
                   dataset_count(d, DATASET_TRAIN), dataset_count(d, DATASET_VAL), dataset_count(d, DATASET_TEST),
                   dataset_classes(d), job->decode ? ", all decoded" : "");
    dataset_free(d);
}

/* Every tensor of a weights file that has neither seal nor checksums. */
static fsck_verdict check_keras(char *text, size_t size, const char *path, problems *found)
{
    weights_file w;
    const int code = weights_file_open(&w, path);
    if (code != LS_OK) {
        problems_add_error(found, path);
        if (code == LS_EFORMAT) {
            problems_add(found, "a weights file of Keras for another network");
            return FSCK_FOREIGN;
        }
        return FSCK_DAMAGED;
    }
    for (size_t i = 0; i < w.table.count; i++) {
        checkpoint_check_tensor(w.file, w.paths[i], &w.table.tensors[i], found);
    }
    (void)snprintf(text, size, "weights file of Keras, without a seal: %zu tensors, %zu classes", w.table.count,
                   w.table.tensors[w.table.count - 1].size);
    weights_file_close(&w);
    return FSCK_OK;
}

fsck_verdict fsck_check_file(char *text, size_t size, const fsck_job *job)
{
    problems found = {0};
    fsck_verdict verdict = FSCK_OK;
    file_kind kind = FILE_OTHER;
    if (file_kind_of(&kind, job->path) != LS_OK) {
        problems_add_error(&found, job->path);
    } else if (kind == FILE_CHECKPOINT) {
        check_checkpoint(text, size, job->path, &found);
    } else if (kind == FILE_LOG) {
        check_log(text, size, job->path, &found);
    } else if (kind == FILE_DATASET) {
        check_dataset(text, size, job, &found);
    } else if (kind == FILE_KERAS) {
        verdict = check_keras(text, size, job->path, &found);
    } else {
        verdict = FSCK_FOREIGN;
        problems_add(&found, "neither a data set nor a checkpoint nor a log of lockstep");
    }
    if (found.count == 0) {
        return FSCK_OK;
    }
    (void)problems_text(text, size, &found);
    return verdict == FSCK_OK || job->of_run ? FSCK_DAMAGED : verdict;
}
