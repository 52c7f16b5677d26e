#include "base/storage.h"

#include <stddef.h>
#include <string.h>
#include <sys/vfs.h>

/* Numbers of statfs(2) and of <linux/magic.h>; those of file systems outside of the kernel are in neither. */
static const struct {
    unsigned long type;
    const char *kind;
    bool shared;
} kinds[] = {
    {0x6969, "nfs", true},        {0x0BD00BD0, "lustre", true},   {0x47504653, "gpfs", true},
    {0x19830326, "beegfs", true}, {0x00C36400, "ceph", true},     {0xFF534D42, "smb", true},
    {0xFE534D42, "smb", true},    {0x517B, "smb", true},          {0x5346414F, "afs", true},
    {0x6B414653, "afs", true},    {0x01021997, "9p", true},       {0x01161970, "gfs2", true},
    {0x7461636F, "ocfs2", true},  {0x20030528, "orangefs", true}, {0xAAD7AAEA, "panfs", true},
    {0x65735546, "fuse", true},   {0x794C7630, "overlay", false}, {0x01021994, "tmpfs", false},
    {0x858458F6, "tmpfs", false}, {0xEF53, "local", false},       {0x58465342, "local", false},
    {0x9123683E, "local", false}, {0x2FC12FC1, "local", false},   {0xF2F52010, "local", false},
    {0x52654973, "local", false}, {0x3153464A, "local", false},   {0xCA451A4E, "local", false},
    {0x73717368, "local", false}, {0xE0F5E1E2, "local", false},   {0x4D44, "local", false},
};

enum { KINDS = sizeof kinds / sizeof *kinds };

const char *storage_kind_of(unsigned long type)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (kinds[i].type == type) {
            return kinds[i].kind;
        }
    }
    return "unknown";
}

const char *storage_kind(const char *path)
{
    struct statfs info;
    /* The numbers have 32 bits, and some of them the highest, which f_type may carry on. */
    return statfs(path, &info) == 0 ? storage_kind_of((unsigned long)info.f_type & 0xFFFFFFFFUL) : "unknown";
}

bool storage_is_shared(const char *kind)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (strcmp(kinds[i].kind, kind) == 0) {
            return kinds[i].shared;
        }
    }
    return false;
}
