#include "act/mapreport.h"

/* Like text_add_visible(), but a map's own tabs and line ends stay. */
static void add_lines(struct text *out, struct slice s)
{
    for (size_t i = 0, from = 0; i < s.n; i++)
        if (s.p[i] == '\n' || s.p[i] == '\t') {
            text_add_visible(out, slice_of(s.p + from, i - from));
            text_addc(out, s.p[i]);
            from = i + 1;
        }
}

void report_map(struct text *out, const char *dir, struct mapfile *m)
{
    struct text t = {0};

    text_addf(out, "\n%s/%s:\n", dir, m->name);
    if (mapfile_render(m, &t))
        add_lines(out, text_slice(&t));
    else
        out->failed = true;
    text_free(&t);
}

void report_commands(struct text *out, const char *dir, const char *type,
                     const struct blockmap *maps, const bool *changed)
{
    size_t indexed = 0, others = 0;

    for (size_t i = 0; i < maps->n; i++) {
        if (changed[i] && maps->maps[i].kind == MAP_INDEXED)
            indexed++;
        else if (changed[i])
            others++;
    }
    if (indexed + others == 0)
        return;
    text_add(out, SL("next: "));
    if (type == NULL)
        type = "lmdb";
    if (indexed > 4)
        text_addf(out,
                  "cd %s && postmap $(printf '%s:%%s ' mp_suspended_sasl mp_customer_sasl "
                  "mp_slot??_sender)",
                  dir, type);
    else if (indexed)
        text_add(out, SL("postmap"));
    for (size_t i = 0; i < maps->n && indexed <= 4; i++)
        if (changed[i] && maps->maps[i].kind == MAP_INDEXED)
            text_addf(out, " %s:%s/%s", type, dir, maps->maps[i].name);
    if (others)
        text_addf(out, "%spostfix reload", indexed ? " && " : "");
    text_addc(out, '\n');
}
