/* print_keys markdown|dict: README's table of keys, or their words for the fuzzer, from the rows of config/schema.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/schema.h"
#include "config/value.h"

static const char *tick(const config_key *key)
{
    return key->kind == KEY_TEXT || key->kind == KEY_CHOICE ? "`" : "";
}

static void print_default(const config_key *key)
{
    if (key->fallback == NULL || *key->fallback == '\0') {
        fputs(key->fallback == NULL ? "required" : "none", stdout);
    } else {
        printf("%s%s%s", tick(key), key->fallback, tick(key));
    }
}

static void print_allowed(const config_key *key)
{
    if (key->kind != KEY_CHOICE) {
        text_builder allowed = {0};
        value_allowed(&allowed, key);
        fputs(text_of(&allowed), stdout);
        text_release(&allowed);
        return;
    }
    for (const config_choice *choice = key->choices; choice->name != NULL; choice++) {
        printf("%s`%s`", choice == key->choices ? "" : ", ", choice->name);
    }
}

static void print_markdown(void)
{
    puts("\n| key | default | allowed | meaning |\n|---|---|---|---|");
    for (size_t k = 0; k < schema_count; k++) {
        const config_key *key = &schema_keys[k];
        printf("| `%s.%s`%s | ", key->section, key->name, key->may_change ? " ↻" : "");
        print_default(key);
        fputs(" | ", stdout);
        print_allowed(key);
        printf(" | %s |\n", key->help);
    }
    puts("");
}

static void print_dict(void)
{
    for (size_t k = 0; k < schema_count; k++) {
        const config_key *key = &schema_keys[k];
        if (schema_find(key->section, NULL) == (int)k) {
            printf("\"%s:\"\n", key->section);
        }
        printf("\"%s:\"\n\"%s.%s=\"\n", key->name, key->section, key->name);
        for (const config_choice *choice = key->choices; choice != NULL && choice->name != NULL; choice++) {
            printf("\"%s\"\n", choice->name);
        }
    }
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "markdown") == 0) {
        print_markdown();
    } else if (argc == 2 && strcmp(argv[1], "dict") == 0) {
        print_dict();
    } else {
        fputs("usage: print_keys markdown|dict\n", stderr);
        return 2;
    }
    return fclose(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
