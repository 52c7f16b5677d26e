#include "exchange/keras_config.h"

#include <string.h>

#include "base/error.h"
#include "suite.h"

static keras_config config_of(const char *text)
{
    keras_config c;
    ck_assert_int_eq(keras_config_read(&c, text, strlen(text), "config.json"), LS_OK);
    return c;
}

/* As Keras 2 writes a network with another head; of each kind of layer one. */
static const char nested[] =
    "{\"class_name\": \"Functional\", \"config\": {\"name\": \"model\", \"layers\": ["
    "{\"class_name\": \"InputLayer\", \"config\": {\"batch_input_shape\": [null, 96, 160, 3], \"name\": \"input\"}},"
    "{\"class_name\": \"Rescaling\", \"config\": {\"scale\": 0.25, \"offset\": -1}},"
    "{\"class_name\": \"Functional\", \"config\": {\"layers\": ["
    "  {\"class_name\": \"InputLayer\", \"config\": {\"batch_input_shape\": [null, 32, 32, 3]}},"
    "  {\"class_name\": \"Conv2D\", \"config\": {\"name\": \"Conv1\"}},"
    "  {\"class_name\": \"BatchNormalization\", \"config\": {\"epsilon\": 0.5, \"momentum\": 0.75}}]}},"
    "{\"class_name\": \"Dense\", \"config\": {\"name\": \"hidden\", \"activation\": \"relu\"}},"
    "{\"class_name\": \"Dense\", \"config\": {\"name\": \"own\", \"activation\": {\"class_name\": \"Mine\"}}}]}}";

START_TEST(layers_within_layers_are_read)
{
    const keras_config c = config_of(nested);
    ck_assert_uint_eq(c.height, 96);
    ck_assert_uint_eq(c.width, 160);
    ck_assert_uint_eq(c.norms, 1);
    ck_assert_double_eq(c.epsilon, 0.5);
    ck_assert_double_eq(c.momentum, 0.75);
    ck_assert_uint_eq(c.rescalings, 1);
    ck_assert_double_eq(c.scale, 0.25);
    ck_assert_double_eq(c.offset, -1);
    ck_assert_uint_eq(c.dense_count, 2);
    ck_assert_str_eq(keras_config_activation(&c, "hidden"), "relu");
    ck_assert_str_eq(keras_config_activation(&c, "own"), "custom");
    ck_assert_str_eq(keras_config_activation(&c, "none"), "");
    ck_assert(c.is_applications && c.strange[0] == '\0');
}
END_TEST

START_TEST(what_is_strange_is_named)
{
    const keras_config c = config_of("{\"class_name\": \"Sequential\", \"config\": {\"layers\": ["
                                     "{\"class_name\": \"Conv2D\", \"config\": {\"name\": \"conv2d\"}},"
                                     "{\"class_name\": \"LSTM\", \"config\": {\"name\": \"lstm\"}}]}}");
    ck_assert_str_eq(c.strange, "LSTM");
    ck_assert(!c.is_applications);
    ck_assert_uint_eq(c.height, 0);
}
END_TEST

/* Each beginning of a description is damaged, and is said to be. */
START_TEST(damage_is_an_error)
{
    keras_config c;
    for (size_t n = 0; n + 1 < sizeof nested - 1; n++) {
        ck_assert_int_eq(keras_config_read(&c, nested, n, "config.json"), LS_EFORMAT);
        ck_assert_str_eq(error_message(), "config.json: Keras' description of the model in it is damaged");
    }
    ck_assert_int_eq(keras_config_read(&c, "[]", 2, "config.json"), LS_EFORMAT);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("keras_config");
    tcase_add_test(cases, layers_within_layers_are_read);
    tcase_add_test(cases, what_is_strange_is_named);
    tcase_add_test(cases, damage_is_an_error);
    return suite_run("keras_config", cases);
}
