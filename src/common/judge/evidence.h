/* evidence: what a record says for or against its identity, by families.
 *
 * replies (evidence_replies.c) is two families, because remote sites say two things that have
 * nothing to do with each other. At RCPT a site looks into its directory: a refusal there tells how
 * good the sender's list is. After DATA it looks at the message: a refusal there tells what the
 * message is. Honest mail has high rates of the one (an old list) or of the other (a clumsy
 * newsletter that filters mistake for spam), and one is no reason for the other; a spammer who got
 * his addresses and his text from elsewhere has both. By the chain rule P(unknown, content) =
 * P(unknown) P(content | known), so with
 *   replies-unknown   of new recipients that the site took a decision on, was this one unknown?
 *   replies-content   of those that exist, was the message refused for what it says or carries?
 * the two llrs add up to that of the whole answer, and each may have its own cap. A recipient that
 * the customer wrote to before says nothing about a list, whatever has become of him.
 *
 * By `content` is meant what a site says of the message: spam, a virus, a domain on a list, and its
 * own policy, which is how many filters put it; where it isn't (a missing SPF record), it is all of
 * an identity's mail and so its usual self. No accusation: refusals about our own address
 * (ip-blocklisted, rate-limited; and refusals for content by a site that refuses other customers'
 * mail as well, remote.h), full mailboxes and whatever else a site answers; such an answer only
 * counts as one that didn't say 'unknown', since otherwise an honest sender whose other mail is
 * held up by a listing would be left with nothing but his few unknown recipients. No evidence at
 * all: greylisting and other delays, network trouble, whatever our own machines say (relay=none,
 * local delivery), unknown recipients that are only put off (4xx: a verification that isn't done).
 *
 * A remote site's word counts once per message: the mean over the message's recipients there (the
 * mean of llrs keeps E[e^x] <= 1: it is at most the mean of the e^x). And what one site says never
 * flags anybody: beside the families' sums each site has sums of its own, kept at zero or more, and
 * both families together bring at most the sum over sites of min(remote_most, the site's sums).
 * Since remote_most is well under h/2 it takes several sites to block, or two kinds of witnesses.
 *
 * verdict (evidence_verdict.c): our own filter's spam and clean, once per message; a virus is
 * decisive; banned attachments, bad headers and unchecked mail say nothing.
 *
 * recipients (evidence_recipients.c): does this customer write to addresses, and domains, that it
 * never wrote to? volume (evidence_volume.c): is the hour busier than its hours get, and at a time
 * of the week when it is never active? Both are what an honest mailing looks like as well, so
 * together they bring at most campaign_most: who mails to many new people is not suspect, only
 * whoever else is, too.
 *
 * origin (evidence_origin.c): is a login used from a net, a provider (AS), a country where it never
 * was, or from two providers within an hour? sender (evidence_sender.c): is it used to write as
 * addresses that it never wrote as, of domains that aren't its customer's, that look random? Coming
 * to a new place is one event, not one a message.
 *
 * Something is new once: whoever comes back to it does what he does now and then. While an identity
 * is watched (its sum is over zero) both hypotheses learn from what it does, but what was learned
 * counts for good only if the watch ends without a flag: nobody teaches the scorer while under
 * suspicion. An identity's very first message has nothing to be compared with.
 *
 * LIMIT: the bound on false flags takes the families as independent while an identity is honest.
 * Our filter and the remote ones may well be wrong about the same message, so one message counts
 * little (message_most).
 */
#ifndef MPTOOLS_JUDGE_EVIDENCE_H
#define MPTOOLS_JUDGE_EVIDENCE_H

#include "judge/cusum.h"
#include "judge/remote.h"
#include "judge/usual.h"

/* What is believed, and learned but not yet trusted, about an identity since its sum left zero;
 * starts as {0}. */
struct watch {
    struct beliefs beliefs;
    struct usual learned;
};

/* Whom an observation is about. */
struct mind {
    const struct scoring *scoring;
    float yes[SIGN_TALLIES], no[SIGN_TALLIES]; /* seen in the observation at hand */
    const struct usual *own, *customers;       /* from before the watch */
    struct usual *everyone;                    /* how busy, and when: learns at once */
    struct watch *watch;
    /* Told of every sign, seen or not (calibrate.h); or NULL. */
    void (*seen)(void *user, struct slice identity, enum sign sign, float yes, float usual_least);
    void *user;
    struct slice identity;
    bool failed; /* memory ran out: the observation is worth nothing */
};

/* The sign's llr, which is part of the observation at hand. */
float sign_seen(struct mind *m, enum sign sign, float yes, float usual_least);
/* The same where being seen counts only in part. */
float sign_seen_part(struct mind *m, enum sign sign, float yes, float usual_least, float part);
/* Nothing was seen yet that the sign could be compared with. */
bool sign_is_first(const struct mind *m, enum sign sign);
/* The observation is over: it is learned, as much of it as counted. */
void mind_learn(struct mind *m, float part);

/* Has it been seen before? */
enum familiar {
    FAMILIAR_UNTOLD, /* there is nothing to tell: no address, no database */
    FAMILIAR_KNOWN,
    FAMILIAR_NEW,
    FAMILIAR_AGAIN /* new since the watch began, but not for the first time */
};

enum answer {
    ANSWER_NOTHING, /* no evidence, or not a remote site's word */
    ANSWER_ACCEPTED,
    ANSWER_CONTENT,
    ANSWER_UNKNOWN,
    ANSWER_ABOUT_US, /* refused because of our address */
    ANSWER_OTHER     /* refused for another reason */
};

/* Of a deliver record with its class. */
enum answer answer_of(const struct record *r);
/* By its words, a local site's answer is that of a content filter of ours (amavis). */
bool answer_is_filter(const struct record *r);

/* One site's answers about one message, recipients counted. */
struct word {
    struct remote site;
    unsigned accepted, content, other;
    unsigned unknown, fresh; /* new recipients: that don't exist; all */
};

/* What sites have brought so far; belongs to the identity's spam window and starts as {0}. */
#define SITES_KEPT 16u
struct site_sum {
    uint64_t name, net;
    float content, unknown; /* nats, 0 or more */
    uint8_t refused;        /* bits of the families that it refused for */
};
struct site_sums {
    struct site_sum *site;
    uint8_t n, room;
    bool more; /* there were others: the smallest one's place was taken, its sums kept */
};

/* Adds the word's llrs to o, and to the site's sums. usual: the site's share of refusals for
 * content (remote_share_refused()). */
void word_observe(struct mind *m, const struct word *w, float usual, struct site_sums *sums,
                  struct observation *o);
/* Room for so many; false when memory runs out. */
bool sites_room(struct site_sums *sums, unsigned n);
void sites_free(struct site_sums *sums);
/* The most that the families of replies may bring together. */
double sites_most(const struct site_sums *sums, const struct scoring *s);
/* Could it accuse? */
bool word_accuses(const struct word *w);
/* How many sites refused for any of these families (1u << FAMILY_…); at least, if sums->more. */
unsigned sites_refused(const struct site_sums *sums, unsigned families);

enum verdict { VERDICT_NOTHING, VERDICT_CLEAN, VERDICT_SPAM, VERDICT_VIRUS };
enum verdict verdict_of(const struct record *r);
void verdict_observe(struct mind *m, enum verdict v, struct observation *o);

/* A message's recipients that answered: all, the new ones, and of these those in a new domain. */
struct addressees {
    unsigned all, fresh, domains;
};
void recipients_observe(struct mind *m, const struct addressees *a, struct observation *o);

/* Where a login is used from; elsewhere: another provider than less than an hour ago (-1 when that
 * can't be told). */
struct sight {
    enum familiar net, provider, country;
    int elsewhere;
};
void origin_observe(struct mind *m, const struct sight *s, struct observation *o);

/* Whom it writes as. */
struct guise {
    enum familiar sender, domain;
    bool random;
};
void sender_observe(struct mind *m, const struct guise *g, struct observation *o);
/* Would nobody have chosen this local part? */
bool looks_random(struct slice local);

/* The hour that is under way; starts as {0}. */
struct tempo {
    int32_t hour; /* since 1970; 0: none yet */
    uint32_t messages;
};
/* Another message at that time. False when it says nothing and only counts. */
bool volume_tells(const struct tempo *t, int64_t time);
void volume_observe(struct mind *m, struct tempo *t, int64_t time, struct observation *o);

#endif
