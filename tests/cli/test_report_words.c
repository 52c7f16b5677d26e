/* What a report says of runs that are made up for the purpose. */
#include "cli/report_words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/run_options.h"
#include "suite.h"

enum { EPOCHS = 10, EPOCH_STEPS = 100, POINTS = 20 };

/* A run and what its folder would hold. */
typedef struct made {
    report_run run;
    runlog_epoch_row rows[EPOCHS];
    uint64_t steps[POINTS];
    double rates[POINTS], shares[POINTS];
    filters_row filters[POINTS];
    verdict_point points[POINTS];
} made;

/* Weights change by a factor an epoch; the rate is 0.1. */
static void make(made *m, bool batch_norm, double l2, double factor)
{
    memset(m, 0, sizeof *m);
    run_data *d = &m->run.data;
    d->dir = "runs/one";
    d->saved.model.batch_norm = batch_norm;
    d->saved.batch_norm.momentum = 0.99;
    d->saved.optimizer.learning_rate = 0.1;
    d->saved.optimizer.l2 = l2;
    d->saved.order.batch = 32;
    d->saved.train.epochs = EPOCHS;
    d->info.experiment = run_options_experiment(&d->saved);
    d->info.epoch = EPOCHS;
    d->info.step = (uint64_t)EPOCHS * EPOCH_STEPS;
    d->info.class_count = 10;
    d->info.moving_distance = 0.1;
    d->epochs = m->rows;
    d->count = EPOCHS;
    for (size_t i = 0; i < EPOCHS; i++) {
        m->rows[i] = (runlog_epoch_row){
            .epoch = i + 1,
            .train_accuracy = 0.5 + 0.045 * (double)i,
            .val_accuracy = 0.9,
            .start_step = i * EPOCH_STEPS,
            .start_mean_abs_weight = 0.04 * pow(factor, (double)i),
            .mean_abs_weight = 0.04 * pow(factor, (double)i + 1),
        };
        for (size_t k = 0; k < RUNLOG_FIRST_WEIGHTS; k++) {
            m->rows[i].first_weights[k] = ((double)k - 4.5) * pow(factor, (double)i);
        }
    }
    m->run.facts = (finding_run){&d->saved.optimizer, {.steps_per_epoch = EPOCH_STEPS, .batch = 32}, m->rows, EPOCHS};
    report_run_name(&m->run, 1);
}

/* Measurements of one layer, all at this share of the balance's angle and of this length. */
static void measure(made *m, double turn, double norm)
{
    run_data *d = &m->run.data;
    for (size_t i = 0; i < POINTS; i++) {
        m->steps[i] = (i + 1) * d->info.step / POINTS;
        m->rates[i] = 0.1;
        m->shares[i] = 1;
        m->filters[i] = (filters_row){.norm = norm, .norm2 = norm * norm, .inverse2 = 1 / (norm * norm)};
        m->points[i] = (verdict_point){.step = m->steps[i],
                                       .turn = turn,
                                       .log_norm = log(norm) + 1e-6 * (double)i,
                                       .shrink = 0.2 * d->saved.optimizer.l2};
    }
    d->measured = (series){
        .layers = 1, .count = POINTS, .steps = m->steps, .rates = m->rates, .shares = m->shares, .rows = m->filters};
    d->points = m->points;
}

static void has(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "no '%s' in '%s'", part, text);
}

static void lacks(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) == NULL, "'%s' in '%s'", part, text);
}

START_TEST(kinds_of_networks)
{
    static const struct {
        bool batch_norm;
        double l2, decoupled;
        const char *says;
    } kinds[] = {
        {true, 0, 0, "BatchNorm alone, no L2"},
        {false, 0.001, 0, "L2 (c = 0.001), no BatchNorm"},
        {true, 0.001, 0, "BatchNorm and L2 (c = 0.001)"},
        {false, 0, 0, "neither BatchNorm nor L2"},
        {true, 0, 0.05, "BatchNorm and decoupled decay (0.05)"},
        {false, 0.001, 0.05, "L2 (c = 0.001) and decoupled decay (0.05), no BatchNorm"},
    };
    char text[REPORT_WORDS];
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        made m;
        make(&m, kinds[i].batch_norm, kinds[i].l2, 1);
        m.run.data.saved.optimizer.decay.decoupled = kinds[i].decoupled;
        report_words_kind(text, &m.run);
        ck_assert_str_eq(text, kinds[i].says);
    }
}
END_TEST

START_TEST(learning)
{
    made m;
    char text[REPORT_WORDS];
    make(&m, true, 0, 1.01);
    report_words_learned(text, &m.run);
    has(text, "Yes. Of the training pictures 50.0");
    has(text, "90.5");
    has(text, "Of the validation pictures it is 90.0");
    lacks(text, "precise");
    m.run.eval = (report_eval){.done = true, .precise = {.accuracy = 0.95, .samples = 100}};
    report_words_learned(text, &m.run);
    has(text, "95.0\u00a0% by precise statistics");
    for (size_t i = 0; i < EPOCHS; i++) {
        m.rows[i].train_accuracy = 0.11;
        m.rows[i].val_accuracy = NAN;
    }
    report_words_learned(text, &m.run);
    has(text, "No. In the last epoch 11.0");
    has(text, "guessing among 10 classes gives 10.0");
    lacks(text, "validation");
    for (size_t i = 0; i < EPOCHS; i++) {
        m.rows[i].train_accuracy = 0.41;
    }
    report_words_learned(text, &m.run);
    has(text, "Hardly.");
    m.run.facts.count = m.run.data.count = 1;
    report_words_learned(text, &m.run);
    has(text, "cannot be said after one epoch");
}
END_TEST

START_TEST(batch_norm_alone)
{
    made m;
    char text[REPORT_WORDS];
    make(&m, true, 0, 1.01);
    report_words_decay(text, &m.run, NULL);
    has(text, "There was no L2: the mean size of a weight, |w|, went from 0.0400 to 0.0442 (times 1.1)");
    report_words_length(text, &m.run);
    has(text, "no balance to wait for");
    report_words_next(text, &m.run, NULL);
    has(text, "Train it with L2 as well");
    report_words_next(text, &m.run, &m.run);
    has(text, "Compare it with one, which has L2 as well.");
}
END_TEST

START_TEST(l2_alone)
{
    made m;
    char text[REPORT_WORDS];
    make(&m, false, 0.001, pow(1 - 0.0002, EPOCH_STEPS));
    report_words_decay(text, &m.run, NULL);
    has(text, "Each of the 10 watched weights is 0.8353 times");
    has(text, "so L2 is all that moved them");
    report_words_length(text, &m.run);
    has(text, "the last, make them 0.835 times what they were, and times 0.06 takes 14,067.");
    report_words_next(text, &m.run, NULL);
    has(text, "Give the network BatchNorm");
    report_words_validation(text, &m.run);
    ck_assert_str_eq(text, "");
    m.run.data.saved.optimizer.l2 = 0.05; /* what L2 alone gives is far less */
    report_words_decay(text, &m.run, NULL);
    has(text, "so gradients move them as well");
    report_words_length(text, &m.run);
    has(text, "yes too");
}
END_TEST

START_TEST(both)
{
    made m;
    made bn;
    char text[REPORT_WORDS];
    make(&bn, true, 0, 1.01);
    make(&m, true, 0.001, 0.98);
    measure(&bn, 0, 2);
    measure(&m, 0.4, 1);
    report_words_decay(text, &m.run, &bn.run);
    has(text, "BatchNorm divides the length of a filter out again, so L2 does not change what the network answers");
    has(text, "in one it ended at 0.0442");
    has(text, "the effective rate is 4 times that of one");
    has(text, "not in balance yet: at the end an update turns the filters by 0.40 times");
    lacks(text, "gradients fade");
    for (size_t i = 0; i < m.run.data.measured.count / 4; i++) {
        m.run.data.points[i].turn = 0.8; /* away from the balance before it comes back */
    }
    report_words_decay(text, &m.run, &bn.run);
    has(text, "At first it was 0.80 times: gradients fade");
    report_words_length(text, &m.run);
    has(text, "No. It lasted 0.8 time constants");
    report_words_next(text, &m.run, NULL);
    has(text, "--set train.epochs=63 --resume auto");
    m.run.data.info.step *= 10; /* in as many epochs */
    m.run.data.count = EPOCHS;
    measure(&m, 1.02, 1);
    report_words_decay(text, &m.run, NULL);
    has(text, "in balance: an update turns the filters by 1.02 times the angle that theory gives");
    report_words_length(text, &m.run);
    has(text, "Yes. It lasted 8 time constants");
    report_words_next(text, &m.run, NULL);
    has(text, "Look at the layers");
    measure(&m, 0.7, 1); /* after as long a time, so the balance has moved */
    report_words_length(text, &m.run);
    has(text, "Nearly. It lasted 8 time constants");
    report_words_next(text, &m.run, NULL);
    has(text, "keep the gradients from fading");
    report_words_lead(text, &m.run, 1);
    lacks(text, "long enough");
    lacks(text, "Too short");
    m.run.data.saved.optimizer.kind = OPTIMIZER_LAMB;
    report_words_length(text, &m.run);
    has(text, "no theory of the balance for this optimizer");
}
END_TEST

START_TEST(without_measurements)
{
    made m;
    char text[REPORT_WORDS];
    make(&m, true, 0.001, 0.98);
    report_words_decay(text, &m.run, NULL);
    lacks(text, "balance");
    report_words_length(text, &m.run);
    has(text, "No. It lasted 0.8 time constants"); /* the configuration says so */
}
END_TEST

START_TEST(validations)
{
    made m;
    char text[REPORT_WORDS];
    make(&m, true, 0.001, 0.98);
    report_words_validation(text, &m.run);
    ck_assert_str_eq(text, "");
    m.run.eval.done = true;
    m.run.eval.moving = (evaluation){.accuracy = 0.8923, .samples = 297};
    m.run.eval.precise = (evaluation){.accuracy = 0.9428, .samples = 297};
    report_words_validation(text, &m.run);
    has(text, "By moving statistics 89.2");
    has(text, "a mean over some 100 steps");
    m.run.eval.precise.accuracy = 0.8990;
    report_words_validation(text, &m.run);
    has(text, "At the end of this run the two agree.");
    m.run.data.info.moving_distance = 0.9;
    m.run.eval.moving.accuracy = 0.1;
    report_words_validation(text, &m.run);
    has(text, "still far from the data's");
    has(text, "says little about the network");
    report_words_next(text, &m.run, NULL);
    has(text, "batch_norm.evaluate: precise");
    m.run.eval.done = false;
    report_words_validation(text, &m.run);
    has(text, "An accuracy by them says little");
}
END_TEST

START_TEST(leads)
{
    made all[3];
    report_run runs[3];
    char text[REPORT_WORDS];
    make(&all[0], true, 0, 1.01);
    make(&all[1], false, 0.001, pow(1 - 0.0002, EPOCH_STEPS));
    make(&all[2], true, 0.001, 0.98);
    for (size_t i = 0; i < EPOCHS; i++) {
        all[1].rows[i].train_accuracy = 0.1;
    }
    for (size_t i = 0; i < 3; i++) {
        runs[i] = all[i].run;
    }
    report_words_lead(text, runs, 3);
    has(text, "All 6 claims of the article");
    has(text, "Too short to show what L2 does to BatchNorm in the long run: one.");
    runs[2].data.info.step *= 10;
    all[0].rows[EPOCHS - 1].mean_abs_weight = 0.01;
    report_words_lead(text, runs, 3);
    has(text, "Of 6 claims of the article that these runs can show 4 hold here");
    has(text, "The run with both was long enough");
    runs[0].data.info.epoch = 3;
    report_words_next(text, &runs[0], NULL);
    has(text, "It is not finished: 3 of 10 epochs are done.");
    runs[0].data.info.best_epoch = 1;
    runs[0].data.saved.train.patience = 2; /* over, without a better score */
    report_words_next(text, &runs[0], NULL);
    ck_assert_ptr_null(strstr(text, "not finished"));
}
END_TEST

START_TEST(names)
{
    static report_run runs[4];
    static const char *const dirs[] = {"a/Digits_BN", "b/x y/", "c/x y", "."};
    for (size_t i = 0; i < 4; i++) {
        runs[i].data.dir = dirs[i];
    }
    report_run_name(runs, 4);
    ck_assert_str_eq(runs[0].label, "Digits_BN");
    ck_assert_str_eq(runs[0].tag, "1-digits-bn");
    ck_assert_str_eq(runs[1].label, "b/x y/"); /* another has the same name */
    ck_assert_str_eq(runs[2].label, "c/x y");
    ck_assert_str_eq(runs[2].tag, "3-x-y");
    ck_assert_str_eq(runs[3].label, ".");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("report_words");
    tcase_add_test(cases, kinds_of_networks);
    tcase_add_test(cases, learning);
    tcase_add_test(cases, batch_norm_alone);
    tcase_add_test(cases, l2_alone);
    tcase_add_test(cases, both);
    tcase_add_test(cases, without_measurements);
    tcase_add_test(cases, validations);
    tcase_add_test(cases, leads);
    tcase_add_test(cases, names);
    return suite_run("report_words", cases);
}
