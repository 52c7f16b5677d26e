#ifndef LOCKSTEP_EXCHANGE_IMPORT_H
#define LOCKSTEP_EXCHANGE_IMPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "network/network.h"
#include "tensor/state.h"

/*
 * Weights that another program trained. What a file is, is found by its content:
 *
 *   safetensors: torchvision's mobilenet_v2 or timm's mobilenetv2_*, told by the names in it.
 *
 *   Keras: keras.applications.MobileNetV2 in each of its layouts (exchange/keras_file.h), alone or as a layer of a
 *   larger model; or the article's own network.
 *
 *   Lockstep: a checkpoint, its seal and checksums verified.
 *
 * A pickle, as PyTorch saves by itself, is refused: reading one runs what it says.
 *
 * Files of Keras 2.15 and of Keras 3 from before it wrote the layers' names call the layers of both networks of Keras
 * the same. Such a file counts as the article's, unless the network is a layer of a larger model, which only
 * keras.applications' usually is, or the file describes the model; `as` decides otherwise. For pictures of even sizes,
 * halved as often as the network does, both compute the same; what differs is the scale of pixels that they are meant
 * for.
 */
typedef struct importer importer;

/* What a file says, and what its convention stands for. */
typedef struct import_facts {
    const char *convention; /* for messages: "torchvision's mobilenet_v2"; static */
    network_spec spec;      /* classes 0: it has no last layer that Lockstep can have; height, width 0: not known */
    double epsilon;         /* BatchNorm's */
    double momentum;        /* as Keras has it: what the moving statistics keep of themselves at a step */
    double mean[3], deviation[3]; /* red, green, blue: the network's input is (pixel / 255 - mean) / deviation */
    const char *head_problem;     /* why the dense layers are left out; NULL: they are not, or there are none; static */
    const char *passed_over;      /* layers with weights that are not the network's, with commas between; "": none */
    char *const *classes;         /* names: [class_count]; a checkpoint's */
    size_t class_count;
    /*
     * A checkpoint's configuration, YAML; else NULL. The file says padding, epsilon, momentum and the scale of pixels
     * there alone: the fields above are what the article has.
     */
    const char *config;
} import_facts;

/*
 * Open a file and find out what it is. as: NULL, or "keras-applications" or "article", to decide between the two of
 * Keras. *out: import_close. Returns 0, LS_ENOTFOUND, LS_EIO, LS_ENOMEM; LS_EUSAGE for an unknown `as`, one that the
 * file is not, and for a pickle; LS_EFORMAT for a file that is damaged or of another network, with the first tensor
 * that is missing, of another shape or none of the network's, of the network that fits best.
 */
int import_open(importer **out, const char *path, const char *as);
void import_close(importer *i);

/* Good as long as the importer. */
const import_facts *import_facts_of(const importer *i);

/*
 * Fill in the weights and moving statistics of a state whose table is of facts->spec, but perhaps for dense layers:
 * where those of the file have other shapes, or there are none, the state's are left as they are, and *head_left is
 * set. Of a checkpoint, out->shrink is set too, from what it holds. LS_EUSAGE where the table is of another network,
 * LS_EFORMAT where a number is not finite or a variance negative, LS_EIO, LS_ENOMEM; the state may then be partly
 * written.
 */
int import_read(const importer *i, state *out, bool *head_left);

#endif
