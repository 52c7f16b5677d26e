/*
 * import_keras CHECKPOINT KERAS.h5 OUT.weights.h5: a checkpoint that says what CHECKPOINT says, with the weights that
 * Keras saved in KERAS.h5.
 */
#include <stdio.h>
#include <stdlib.h>

#include "state_over.h"

#include "base/error.h"
#include "store/checkpoint.h"

static int import(const char *checkpoint, const char *keras, const char *out)
{
    checkpoint_info info;
    tensor_table t;
    state s;
    int code = checkpoint_load(&info, &t, &s, checkpoint);
    if (code == LS_OK) {
        code = read_keras(keras, &s);
    }
    if (code == LS_OK) {
        code = checkpoint_write(out, &s, &info);
    }
    state_release(&s);
    tensor_table_release(&t);
    checkpoint_info_release(&info);
    return code;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fputs("usage: import_keras CHECKPOINT KERAS.h5 OUT.weights.h5\n", stderr);
        return 2;
    }
    if (import(argv[1], argv[2], argv[3]) != LS_OK) {
        fprintf(stderr, "import_keras: %s\n", error_message());
        return 1;
    }
    return 0;
}
