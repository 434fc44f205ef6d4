/* suspect: one identity that judging names, and the stream of them from spamscore to senderblock.
 *
 * TSV: a header line `#suspects`, then the columns' names; one suspect a line; last `#end N`. Empty
 * is 'unknown'. Escapes are those of mplog(5). Lists inside a column:
 *   sender_list clients countries   `NAME=COUNT NAME=COUNT …`, most frequent first, the first few
 *   families                        `NAME=NATS: what was seen; NAME=NATS: …`
 *   samples                         queue ids, separated by spaces
 * In a list's NAME the bytes that would split it or hide in it (blanks, controls, `%`, `\`, not
 * UTF-8) are %XX, so it splits at spaces and at the last `=`.
 *
 * Ownership: a suspect's slices belong to whoever filled it; those of the reader live until its
 * next line. The reader does no I/O: it takes lines, with or without their newline. Columns that it
 * doesn't know are passed over, columns that are missing stay empty, states that it doesn't know
 * are STATE_CLEAR, so older and newer tools work together.
 * SECURITY: sender addresses were chosen by strangers. `identity` is what was authenticated.
 */
#ifndef MPTOOLS_JUDGE_SUSPECT_H
#define MPTOOLS_JUDGE_SUSPECT_H

#include "base/slice.h"
#include "base/text.h"

enum suspect_state {
    STATE_CLEAR,       /* `clear`: listed by --all only */
    STATE_SUSPECT,     /* `suspect`: one kind of evidence alone; never blocked */
    STATE_COMPROMISED, /* `compromised`: two independent kinds */
    STATE_INFECTED     /* `infected`: sent a known virus */
};

enum identity_kind {
    IDENTITY_NONE,
    IDENTITY_LOGIN, /* `login`: a SASL login, in lower case */
    IDENTITY_CLIENT /* `client`: a client address; for IPv6 its /64, written as a net */
};

#define SUSPECT_SENDERS 8u
#define SUSPECT_CLIENTS 4u
#define SUSPECT_COUNTRIES 4u
#define SUSPECT_FAMILIES 8u
#define SUSPECT_SAMPLES 5u

struct suspect_count {
    struct slice name;
    uint64_t count; /* never more than was seen; may be less for names that come and go */
};

struct suspect_family {
    struct slice name;
    double score;      /* nats, its part of the score */
    struct slice seen; /* a plain sentence without `; ` */
};

struct suspect {
    int64_t time; /* microseconds since 1970, log time at which the threshold was crossed; 0: it was
                     not */
    int64_t since; /* when the suspected messages begin; 0: unknown */
    uint8_t state; /* enum suspect_state */
    uint8_t kind;  /* enum identity_kind */
    struct slice identity, customer, partner;
    double score, threshold;
    uint64_t messages, recipients; /* in the spam window, that is: since `since` */
    uint64_t refused;              /* recipients that remote sites refused as spam or unknown */
    uint64_t unknown;              /* of these, as unknown */
    uint64_t senders;              /* different sender addresses (an estimate from 64 on) */
    struct suspect_count sender[SUSPECT_SENDERS], client[SUSPECT_CLIENTS],
        country[SUSPECT_COUNTRIES];
    struct suspect_family family[SUSPECT_FAMILIES];
    struct slice sample[SUSPECT_SAMPLES];
    unsigned sender_n, client_n, country_n, family_n, sample_n;
};

struct slice suspect_state_name(unsigned state);
struct slice identity_kind_name(unsigned kind);

/* Writer: header, any number of suspects, end. Each adds one line with its newline. */
void suspect_tsv_header(struct text *out);
void suspect_tsv(struct text *out, const struct suspect *s);
void suspect_tsv_end(struct text *out, uint64_t suspects);
/* One JSON object and a newline: the columns' names, unknown ones left out. */
void suspect_json(struct text *out, const struct suspect *s);

/* Reader. */
struct suspect_reader;
enum suspect_line {
    SUSPECT_LINE_BAD,  /* suspect_reader_why() says what is wrong; read no further */
    SUSPECT_LINE_NONE, /* the header, the end, or an empty line */
    SUSPECT_LINE_ONE   /* *out is filled */
};
bool suspect_is_header(struct slice line);       /* does the line begin a suspect stream? */
struct suspect_reader *suspect_reader_new(void); /* NULL when memory runs out */
enum suspect_line suspect_reader_line(struct suspect_reader *r, struct slice line,
                                      struct suspect *out);
/* True when `#end N` was read and N is right. False at the end of input means that the producer
 * died: exit 75 and change nothing. */
bool suspect_reader_ended(const struct suspect_reader *r);
const char *suspect_reader_why(const struct suspect_reader *r);
uint64_t suspect_reader_lines(const struct suspect_reader *r); /* lines read, for messages */
void suspect_reader_free(struct suspect_reader *r);

#endif
