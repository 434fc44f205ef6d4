/* listing: an outbound address on a blocklist, or blocked by a mailbox provider, as the ledger has
 * it.
 *
 * Two looks list, two looks clear, whether the looks are DNS answers or what a log shows:
 *   clear -found-> seen -found-> listed -not found-> clearing -not found-> clear
 * and back: seen is clear, clearing is listed after one look that says so. A look that can't tell
 * is none. An open row belongs to DNS or to the log, and only its own side moves it; but what the
 * log opened DNS takes over once it finds it, because DNS knows the end, too.
 *
 * Each change is a row of the journal; when a listing begins and ends, the partners whose
 * customers' mail it touched get a notice each, those touched later when they are.
 *
 * Callers own everything that a look points to; a change's texts live until the next look. Failures
 * are the ledger's. Texts of a list or a remote server have to be harmless (text_add_visible())
 * before they come here.
 */
#ifndef MPTOOLS_ACT_LISTING_H
#define MPTOOLS_ACT_LISTING_H

#include "act/ledger.h"
#include "act/providers.h"
#include "base/when.h"

#define LISTING_TEXT_MOST 400u /* bytes of a reason, sample or URL that are kept */

enum listing_state { LISTING_CLEAR, LISTING_SEEN, LISTING_LISTED, LISTING_CLEARING };

/* Customers whose mail was refused for it, and how many recipients of theirs. */
struct listing_touched {
    struct slice customer, partner; /* partner: empty for none */
    uint64_t refused;
};

struct listing_look {
    int64_t time;
    bool dns, found;
    struct slice ip;
    struct slice provider, name; /* its id, and its name for people */
    struct slice code, reason, url, sample;
    struct slice over; /* not found: why it is taken for over, when nobody says that it is */
    const struct listing_touched *touched;
    size_t touched_n;
};

struct listing_change {
    const char *event; /* seen, listed, clearing, persists, delisted, unconfirmed; NULL: none */
    int64_t id, since; /* since: WHEN_NONE until it is listed */
    enum listing_state state;
};

/* What one look makes of a state. */
enum listing_state listing_step(enum listing_state state, bool found);
const char *listing_state_name(enum listing_state state);
enum listing_state listing_state_of(struct slice name); /* LISTING_CLEAR for no such name */

/* Takes a look into the ledger, within the caller's transaction. False after a failure. providers:
 * to know which list is a part of which. */
bool listing_look(struct ledger *l, const struct providers *providers,
                  const struct listing_look *look, struct listing_change *out);
/* Open rows of that address which DNS may clear: ids of providers that `asked` stands for, joined
 * by blanks. */
bool listing_open(struct ledger *l, const struct providers *providers, struct slice ip,
                  const struct provider *asked, struct text *out);
/* Is `other` the same list as `id`, or a part of it? */
bool listing_covers(const struct providers *providers, struct slice id, struct slice other);
/* A person's word that it is over, as when the provider has said so: what look looks like to
 * listing_look(), with the reason in look->over. False when there is no such open listing, or
 * after a failure. */
bool listing_end(struct ledger *l, const struct listing_look *look, struct slice by,
                 struct listing_change *out);
/* Listings that stand: listed or clearing. */
int64_t listing_standing(struct ledger *l);

/* A notice for each partner that was touched and has none yet of this event; since names it. Used
 * by listing_look(). */
bool listing_announce(struct ledger *l, const struct listing_look *look,
                      const struct listing_change *change, const char *event);

/* The URL where one deals with it: the reply's own link where the provider wants that one, else the
 * provider's with the address in it, else any link in the reply; at most LISTING_TEXT_MOST. */
void listing_url(struct text *out, const struct provider *p, struct slice ip, struct slice reply);
/* Made harmless, and cut at a character. */
void listing_text(struct text *out, struct slice s);

#endif
