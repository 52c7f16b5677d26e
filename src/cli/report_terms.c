#include "cli/report_terms.h"

#include "page/html.h"

typedef struct term {
    const char *word, *meaning;
} term;

static const term terms[] = {
    {"BatchNorm",
     "A layer that takes the mean of each channel's outputs in a batch away and divides by their deviation. "
     "So twice the weights before it give the same output."},
    {"L2, c", "A penalty of c times the sum of all squared weights, in the loss. Each update then also makes a weight "
              "1 − 2·rate·c times as large: decay. The article's c is 0.001."},
    {"mean |w|", "The mean size of a single weight, over all that L2 covers: what the article judges by ten weights."},
    {"filter, its length", "The weights that make one channel of a convolution's output. Its length is the root of "
                           "the sum of their squares; it is larger than a single weight, as there are many."},
    {"an update turns a filter",
     "As BatchNorm divides the length out, only a filter's direction matters, and an update "
     "changes it by an angle. The same step turns a short filter further than a long one, "
     "so what counts is the rate over the square of the length, the effective rate. So L2 does not change "
     "what a network with BatchNorm answers, but how fast it goes on learning: it decides how long the filters "
     "are."},
    {"in balance",
     "Gradients make a filter longer, L2 makes it shorter. When both are equal the length stays, and each "
     "update turns each filter by the same angle, which follows from rate, c and momentum alone."},
    {"time constant",
     "How many updates it takes to go 63 % of the way to the balance, as long as gradients stay as they are: "
     "1/(8·rate·c) for plain SGD. With a rate of 0.1, which the article's code has, and its c that is 1,250. After "
     "about five the balance has formed; ten epochs of the article's data would be 12.5."},
    {"relaxing", "On the way to the balance, and not there yet. The steps to go are an estimate by gradients as they "
                 "are now."},
    {"epsilon's share", "BatchNorm adds a small number, epsilon, to the variance that it divides by. Where that is a "
                        "large share of the sum, the length of a filter is not wholly divided out, and L2 does reach "
                        "the output."},
    {"moving statistics",
     "Means and deviations that BatchNorm remembers from training, to answer single pictures by. "
     "They are a mean over the last steps (100 with Keras' momentum of 0.99) and begin at 0 and 1, "
     "so in a short run they are not those of the data yet, and validation suffers."},
    {"re-estimated, or precise, statistics",
     "The same, but computed anew over training pictures with the final weights. "
     "The difference between the two is not the network's."},
    {"cross-entropy",
     "The loss without L2's penalty: how surprised the network is by the right answers. Guessing among "
     "10 classes has 2.30."},
    {"calibration error", "How far the network's probabilities are, on average, from how often it is right."},
};

void report_terms_add(text_builder *t)
{
    html_paragraph(t, "The words that this page uses, for readers of the article. Behind each chart is a "
                      "table of its figures.");
    html_terms_begin(t);
    for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++) {
        html_term(t, terms[i].word, terms[i].meaning);
    }
    html_terms_end(t);
}

void report_terms_balance(text_builder *t, const report_run *runs, size_t count)
{
    bool measured = false;
    bool decays = false;
    for (size_t i = 0; i < count; i++) {
        measured = measured || runs[i].data.measured.count > 0;
        decays = decays || (runs[i].data.measured.count > 0 && runs[i].data.points[0].shrink > 0);
    }
    if (!measured) {
        html_paragraph(t, "There is nothing to show: no run has both a BatchNorm and measurements of its filters "
                          "(log.instrument).");
        return;
    }
    html_paragraph(
        t, decays ? "How long the filters before a BatchNorm are, and how far an update turns them, beside what "
                    "theory says for when decay and gradients are in balance."
                  : "How long the filters before a BatchNorm are. No run that was measured has decay, so there "
                    "is no balance to compare with.");
}
