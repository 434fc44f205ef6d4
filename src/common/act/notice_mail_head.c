#include "act/notice_mail_parts.h"

#include "act/notice_escape.h"
#include "base/exits.h"

struct notice_addressee notice_addressee(const struct notice_office *o, struct slice partner)
{
    struct notice_addressee a = {.partner = partners_by_key(o->partners, partner)};

    for (size_t i = 0; a.partner && i < a.partner->mails; i++)
        a.n += notice_is_address(a.partner->mail[i]);
    if (a.n == 0 && o->settings->notify_copy) {
        a.copy_only = true;
        a.n = 1;
    }
    return a;
}

void notice_add_addresses(struct text *out, const struct notice_office *o,
                          const struct notice_addressee *a, const char *between)
{
    size_t n = 0;

    if (a->copy_only)
        text_add(out, slice_str(o->settings->notify_copy));
    for (size_t i = 0; a->partner && !a->copy_only && i < a->partner->mails; i++)
        if (notice_is_address(a->partner->mail[i])) {
            if (n++)
                text_addf(out, ",%s", between);
            text_add(out, a->partner->mail[i]);
        }
}

/* dot-atom-text of RFC 5322; a name of ours is that already. */
static void add_id(struct text *out, const struct notice_office *o, struct slice before,
                   struct slice name)
{
    text_addc(out, '<');
    text_add(out, before);
    for (size_t i = 0; i < name.n && i < 200; i++) {
        bool letter = (unsigned char)((name.p[i] | 0x20) - 'a') < 26 || is_digit(name.p[i]);
        text_addc(out, letter || (name.p[i] && strchr("._+-=", name.p[i])) ? name.p[i] : '_');
    }
    text_add(out, slice_skip(o->from, (size_t)(slice_rchr(o->from, '@') - o->from.p)));
    text_addc(out, '>');
}

static void add_from(struct text *out, const struct notice_office *o)
{
    const char *signer = o->settings->notify_operator;

    text_add(out, SL("From: "));
    if (signer) {
        notice_add_phrase(out, slice_str(signer));
        text_add(out, SL("\n <"));
        text_add(out, o->from);
        text_addc(out, '>');
    } else {
        text_add(out, o->from);
    }
    text_addc(out, '\n');
}

void mail_add_head(struct text *out, const struct notice_office *o, const struct mail_head *h)
{
    text_add(out, SL("Date: "));
    notice_add_date(out, o->now);
    text_addc(out, '\n');
    add_from(out, o);
    text_add(out, SL("To: "));
    notice_add_addresses(out, o, h->to, "\n ");
    text_addc(out, '\n');
    if (o->settings->notify_copy && !h->inner && !h->to->copy_only)
        text_addf(out, "Bcc: %s\n", o->settings->notify_copy);
    notice_add_header(out, "Subject", h->subject);
    text_add(out, SL("Message-ID: "));
    add_id(out, o, h->before, h->name);
    if (h->first.n) {
        text_add(out, SL("\nIn-Reply-To: "));
        add_id(out, o, SL(""), h->first);
        text_add(out, SL("\nReferences: "));
        add_id(out, o, SL(""), h->first);
    }
    text_add(out, SL("\nAuto-Submitted: auto-generated\n"));
    if (h->notice && h->notice->incident)
        text_addf(out, "X-mptools-Incident: %lld\n", (long long)h->notice->incident);
    if (h->notice && h->notice->listing)
        text_addf(out, "X-mptools-Listing: %lld\n", (long long)h->notice->listing);
    text_addf(out, "X-mptools-Event: %s\nMIME-Version: 1.0\n",
              notice_event_name(h->notice ? h->notice->event : NOTICE_DIGEST));
}

bool mail_add_office(struct notice_facts *f, const struct notice_office *o,
                     const struct notice_addressee *to, struct slice partner)
{
    struct slice name = to->partner ? to->partner->name : partner;
    const char *signer = o->settings->notify_operator;

    return notice_facts_add(f, SL("operator"), 0, 0, slice_str(signer)) &&
           notice_facts_add(f, SL("from"), 0, 0, o->from) &&
           notice_facts_add(f, SL("partner"), 0, 0, partner) &&
           notice_facts_add(f, SL("partner_name"), 0, 0, name) &&
           notice_facts_add(f, SL("nobody"), 0, 0,
                            !to->copy_only ? SL("")
                            : partner.n    ? partner
                                           : SL("-"));
}

int mail_render(struct notice_mail *out, const struct notice_office *o,
                const struct notice_addressee *to, unsigned event, const struct notice_facts *facts,
                const struct notice_words **words, struct failure *failure)
{
    struct slice lang = to->partner ? to->partner->lang : SLICE_NONE;
    struct notice_view view = {.facts = facts};
    const struct notice_template *t =
        notice_templates_find(o->templates, lang, slice_str(o->settings->language), event, words);

    if (t == NULL)
        return failure_set(failure, EXIT_CONFIG,
                           "there is no template en/%s.txt: see mpnotify(8), [paths] templates",
                           notice_event_name(event));
    view.words = *words;
    if (!notice_template_render(t, &view, &out->subject, &out->body))
        return failure_memory(failure);
    return 0;
}
