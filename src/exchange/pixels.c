#include "exchange/model.h"

void exchange_set_pixels(exchange_model *m, double scale, double shift)
{
    for (int i = 0; i < 3; i++) {
        m->mean[i] = shift;
        m->deviation[i] = scale;
    }
}
