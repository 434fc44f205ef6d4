/* delist_request: the text of a request to be taken off a list: a mail, or a form's fields with its
 * page, and its row in the ledger's table `requests`.
 *
 * The text is that of the provider's template (delist_texts.h), else of its way (`form`, `portal`,
 * `mail`); fields that the provider asks for and the template lacks come from `fields`. A person
 * sends it; nothing here does. The ledger keeps one draft a listing until it was sent.
 *
 * Owns its memory: starts as {0}, ends in delist_request_free(). Failures: EXIT_CONFIG (a template
 * is missing), EXIT_TEMPFAIL (memory), or the ledger's.
 */
#ifndef MPTOOLS_ACT_DELIST_REQUEST_H
#define MPTOOLS_ACT_DELIST_REQUEST_H

#include "act/delist.h"

struct delist_field {
    struct slice key, label, text;
};

struct delist_request {
    struct arena arena;
    int64_t id; /* in the ledger; 0: not kept */
    enum provider_way way;
    struct slice to;            /* a URL or mail address; empty: not known */
    bool from_reply;            /* it is what the reply says */
    struct slice subject, text; /* of a form: what to do there */
    struct delist_field *field;
    size_t fields;
    struct slice notes; /* lines for whoever sends it, not part of it */
};

int delist_request_make(struct delist_request *out, const struct delist *x,
                        const struct delist_office *o, struct ledger *l, struct failure *failure);
void delist_request_free(struct delist_request *r);

/* "mail", "form", "portal", … */
struct slice delist_way_name(enum provider_way way);
/* Where it goes, if a mail can go there: to is one address. */
bool delist_request_mailable(const struct delist_request *r);

/* The next line of the notes; rest starts as SLICE_NONE. */
bool delist_request_note(const struct delist_request *r, struct slice *rest, struct slice *line);

/* For people, with everything to paste; as JSON; as RFC 5322 for sendmail -t. */
void delist_request_print(struct text *out, const struct delist_request *r, const struct delist *x);
void delist_request_json(struct text *out, const struct delist_request *r, const struct delist *x);
void delist_request_mail(struct text *out, const struct delist_request *r, const struct delist *x,
                         const struct delist_office *o);

#endif
