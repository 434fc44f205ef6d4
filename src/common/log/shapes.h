/* shapes: the tables of log line shapes, and what reads the lines that no template can. Private to
 * shape*.c.
 *
 * Rows are tried in order, a daemon's own before those of "*", which are for any daemon of the
 * family. Families keep names apart that several programs have (lmtp, anvil).
 */
#ifndef MPTOOLS_LOG_SHAPES_H
#define MPTOOLS_LOG_SHAPES_H

#include "log/shape.h"

enum family { FAMILY_POSTFIX, FAMILY_DOVECOT, FAMILY_COMPANION, FAMILIES };

/* Reads on behind a template: gets the capture named "rest", which is taken out of the facts. */
typedef bool shape_reader(struct slice rest, struct facts *facts);

struct shape {
    const char *daemons; /* separated by spaces */
    const char *name;
    const char *pattern;
    unsigned kind;
    shape_reader *read;
};

struct shape_table {
    enum family family;
    const struct shape *rows;
    size_t n;
};

extern const struct shape_table shapes_smtpd, shapes_smtp, shapes_queue, shapes_generic,
    shapes_dovecot, shapes_dovecot_generic, shapes_amavis, shapes_filters, shapes_policy,
    shapes_logins;

#define SHAPE_TABLE(name, family, rows) \
    const struct shape_table name = {family, rows, sizeof(rows) / sizeof *(rows)}

static inline void shape_add(struct facts *facts, struct slice name, struct slice value)
{
    if (facts->n < FACTS_MAX)
        facts->f[facts->n++] = (struct fact){name, value};
}

/* tls_log_summary(3), from Postfix 2.x to 3.10 */
#define SHAPE_TLS_LEVEL "{tls_level=Untrusted|Trusted|Verified|Anonymous} "
#define SHAPE_TLS_SESSION                                                                       \
    ": {tls_version:token} with cipher {tls_cipher:token} ({tls_cipher_bits:word} bits)"        \
    "{? key-exchange {key_exchange:word}{? ({key_exchange_bits:num} bits)}"                     \
    "{? ({key_exchange_curve:word})}}"                                                          \
    "{? server-signature {server_signature:word}{? ({server_signature_bits:num} bits)}"         \
    "{? ({server_signature_bits:num} bit raw public key)}{? ({server_signature_curve:word})}"   \
    "{? ({server_signature_curve:word} raw public key)}{? server-digest {server_digest:word}}}" \
    "{? client-signature {client_signature:word}{? ({client_signature_bits:num} bits)}"         \
    "{? ({client_signature_bits:num} bit raw public key)}{? ({client_signature_curve:word})}"   \
    "{? ({client_signature_curve:word} raw public key)}{? client-digest {client_digest:word}}}"

/* Takes the parts before the text off a line of Dovecot's: "imap-login: ", "auth(user,ip): Info: ".
 * daemon and body become the inner ones; user, address and session in the context are facts. */
void shapes_dovecot_frame(struct slice *daemon, struct slice *body, struct facts *facts);

/* Rows of the tables: a line that is known and makes nothing, and one that makes a record. */
#define NOTE(daemons, name, pattern)            \
    {                                           \
        daemons, name, pattern, KIND_NONE, NULL \
    }
#define MAKE(kind, daemons, name, pattern) \
    {                                      \
        daemons, name, pattern, kind, NULL \
    }

#endif
