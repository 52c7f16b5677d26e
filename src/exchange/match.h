#ifndef LOCKSTEP_EXCHANGE_MATCH_H
#define LOCKSTEP_EXCHANGE_MATCH_H

#include "exchange/source.h"
#include "network/network.h"

/* A network of which all variables but those of dense layers are in a source, by their names and with their shapes. */
typedef struct match {
    network_spec spec; /* alpha, depth, fixed_ends, batch_norm; head_units and classes: see match_find */
    graph g;           /* of the spec, with variables; where the spec has no classes, of one */
    tensor_table table;
    names places; /* of the graph */
} match;

/*
 * Find the network: of the widths that frameworks have, then of others, and of each depth that gives as many blocks as
 * the source has. base: network, batch_norm and padding, which are taken as they are. Dense layers of the source become
 * those of the network where it can have them: one, or one with ReLU and another, each with a bias, with at least two
 * classes, and nothing passed over; otherwise spec.classes is 0 and *head_problem says why ("" where there is no dense
 * layer), in static memory.
 *
 * Returns 0, LS_ENOMEM, or LS_EFORMAT with the first tensor that is missing, of another shape, or none of the
 * network's, of the network that fits best. match_release in any case. path: what the error calls the file.
 */
int match_find(match *out, source *s, const network_spec *base, const char **head_problem, const char *path);
void match_release(match *m);

/* The tensor of a variable of the match's table; dense layers' too. */
const source_tensor *match_tensor(const match *m, const source *s, size_t variable);

/* The shape that a variable has in a file of the convention; returns its rank. */
int match_shape(size_t out[4], const tensor_info *info, names_convention c);

/* From the file's order of numbers to the table's, and back. All of a variable: [info->size]. */
void match_order_from(real *out, const real *file, const tensor_info *info, names_convention c);
void match_order_to(real *file, const real *values, const tensor_info *info, names_convention c);

#endif
