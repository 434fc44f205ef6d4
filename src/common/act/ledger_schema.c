#include "act/ledger_parts.h"

#include <stddef.h>

/* Version 1. Times are microseconds since 1970, log time unless a comment says else; the views show
 * them for people. What isn't known is NULL or ''. */
static const char version_1[] =
    "CREATE TABLE incidents ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT," /* never given twice: it stands in refusals */
    " customer TEXT NOT NULL,"               /* the key in `customers`, or a label */
    " partner TEXT NOT NULL DEFAULT '',"
    /* whom it may act on: every login and net of the customer, or the identity alone */
    " scope TEXT NOT NULL CHECK (scope IN ('customer', 'login', 'client')),"
    " identity TEXT NOT NULL DEFAULT ''," /* of scope login and client */
    " state TEXT NOT NULL CHECK (state IN"
    "  ('watch', 'address', 'rule', 'suspended', 'reinstated', 'closed')),"
    " slot INTEGER NOT NULL DEFAULT 0," /* its restriction class; 0: none */
    " opened INTEGER NOT NULL,"
    " since INTEGER,"                       /* the first suspected message */
    " clock INTEGER,"                       /* when the 24 hours began */
    " last_spam INTEGER,"                   /* when spam was last known to leave */
    " last_attempt INTEGER,"                /* when a rule of ours last refused something */
    " attempts INTEGER NOT NULL DEFAULT 0," /* recipients so refused */
    " reinstated INTEGER,"
    " before TEXT NOT NULL DEFAULT ''," /* the state that it was reinstated from */
    " relapses INTEGER NOT NULL DEFAULT 0,"
    " closed INTEGER);"
    "CREATE UNIQUE INDEX one_open_incident ON incidents (scope, customer, identity)"
    " WHERE state <> 'closed';"

    /* Each time that an identity was flagged, as spamscore says it. */
    "CREATE TABLE suspects ("
    " id INTEGER PRIMARY KEY,"
    " incident INTEGER NOT NULL REFERENCES incidents,"
    " kind TEXT NOT NULL, identity TEXT NOT NULL, state TEXT NOT NULL,"
    " time INTEGER NOT NULL, since INTEGER, score REAL, threshold REAL,"
    " messages INTEGER, recipients INTEGER, refused INTEGER, unknown INTEGER,"
    " senders INTEGER,"
    " sender_list TEXT, clients TEXT, countries TEXT, families TEXT, samples TEXT, facts TEXT,"
    " UNIQUE (kind, identity, time));"
    "CREATE INDEX suspects_of_incident ON suspects (incident);"

    /* What is refused. All conditions of an action have to hold; a suspension has none. */
    "CREATE TABLE actions ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " incident INTEGER NOT NULL REFERENCES incidents,"
    " rule INTEGER NOT NULL," /* its number in the incident, from 1: [mp 7.2] */
    " type TEXT NOT NULL CHECK (type IN ('address', 'rule', 'suspension')),"
    " since INTEGER NOT NULL,"
    " until INTEGER,"    /* NULL: it stands */
    " by TEXT NOT NULL," /* senderblock, or who undid it */
    " ended_by TEXT NOT NULL DEFAULT '',"
    " covered INTEGER, spam INTEGER,"          /* of so many spam messages it covers so many */
    " collateral INTEGER, legitimate INTEGER," /* and of so many others, by mistake */
    " refused INTEGER NOT NULL DEFAULT 0,"     /* recipients, seen in the log */
    " last_refused INTEGER,"
    " UNIQUE (incident, rule));"
    "CREATE TABLE conditions ("
    " action INTEGER NOT NULL REFERENCES actions,"
    " number INTEGER NOT NULL,"
    " field TEXT NOT NULL CHECK (field IN"
    "  ('sender', 'sender_pattern', 'client', 'login', 'helo', 'subject')),"
    " value TEXT NOT NULL,"
    " PRIMARY KEY (action, number)) WITHOUT ROWID;"

    "CREATE TABLE tickets ("
    " id INTEGER PRIMARY KEY,"
    " incident INTEGER NOT NULL REFERENCES incidents,"
    " ticket TEXT NOT NULL, statement TEXT NOT NULL,"
    " time INTEGER NOT NULL, by TEXT NOT NULL,"
    " forced INTEGER NOT NULL DEFAULT 0);" /* attempts were still seen */

    /* The mail of the last days: what rules and delisting requests are computed from. */
    "CREATE TABLE messages ("
    " id INTEGER PRIMARY KEY,"
    " time INTEGER NOT NULL, host TEXT NOT NULL, qid TEXT NOT NULL,"
    " kind TEXT NOT NULL, identity TEXT NOT NULL, customer TEXT NOT NULL,"
    " client TEXT NOT NULL, helo TEXT NOT NULL, sender TEXT NOT NULL,"
    " recipients INTEGER NOT NULL,"                                         /* asked for, or seen */
    " sent INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0," /* of these */
    " spam INTEGER NOT NULL DEFAULT 0," /* our filter's word: 1 spam, 2 virus */
    " outbound TEXT NOT NULL DEFAULT '',"
    " subject TEXT, listed_by TEXT);" /* whose list the first refusal named that names one */
    "CREATE INDEX messages_by_customer ON messages (customer, time);"
    "CREATE INDEX messages_by_identity ON messages (identity, time);"
    "CREATE INDEX messages_by_time ON messages (time);" /* what is too old goes */

    /* A message to a partner that mpnotify sends; what it says is as it was then. */
    "CREATE TABLE notices ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " incident INTEGER REFERENCES incidents,"
    " listing INTEGER REFERENCES listings,"
    " event TEXT NOT NULL," /* watch address rule suspended reinstated relapse closed undone
                               listed delisted */
    " customer TEXT NOT NULL DEFAULT '', partner TEXT NOT NULL DEFAULT '',"
    " time INTEGER NOT NULL,"
    " name TEXT NOT NULL UNIQUE,"         /* its Message-ID, left of the @ */
    " facts TEXT NOT NULL,"               /* a JSON object, mptools-ledger(5) */
    " evidence TEXT NOT NULL DEFAULT ''," /* TSV with a header line */
    " sent INTEGER);"                     /* wall clock; NULL: not yet */
    "CREATE INDEX notices_to_send ON notices (id) WHERE sent IS NULL;"
    "CREATE INDEX notices_of_incident ON notices (incident);"

    "CREATE TABLE listings ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " ip TEXT NOT NULL, provider TEXT NOT NULL,"
    " source TEXT NOT NULL CHECK (source IN ('dns', 'log')),"
    " state TEXT NOT NULL CHECK (state IN ('seen', 'listed', 'clearing', 'clear')),"
    " first INTEGER NOT NULL,"           /* first look that found it */
    " since INTEGER,"                    /* second look */
    " last INTEGER NOT NULL,"            /* latest look that found it */
    " looks INTEGER NOT NULL DEFAULT 1," /* in a row, that say what the state doesn't yet */
    " until INTEGER,"
    " code TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '',"
    " url TEXT NOT NULL DEFAULT '', sample TEXT NOT NULL DEFAULT '');"
    "CREATE UNIQUE INDEX one_open_listing ON listings (ip, provider) WHERE"
    " state <> 'clear';"
    "CREATE TABLE requests ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " listing INTEGER NOT NULL REFERENCES listings,"
    " time INTEGER NOT NULL," /* prepared */
    " way TEXT NOT NULL, address TEXT NOT NULL, text TEXT NOT NULL,"
    " sent INTEGER, by TEXT NOT NULL DEFAULT '',"
    " answer TEXT NOT NULL DEFAULT '');"
    "CREATE TABLE routes ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " customer TEXT NOT NULL," /* '*': everybody */
    " provider TEXT NOT NULL, via TEXT NOT NULL,"
    " why TEXT NOT NULL," /* asked, or listed */
    " listing INTEGER REFERENCES listings,"
    " since INTEGER NOT NULL, until INTEGER);"
    "CREATE TABLE domains (" /* whose MX serves a recipient domain, learned from relay= */
    " domain TEXT PRIMARY KEY, provider TEXT NOT NULL,"
    " first INTEGER NOT NULL, last INTEGER NOT NULL, messages INTEGER NOT NULL)"
    " WITHOUT ROWID;"

    /* Bytes that runs go on from: log position, open messages, scores. */
    "CREATE TABLE state (name TEXT PRIMARY KEY, bytes BLOB NOT NULL);"

    /* Every decision with its reason; rows are never changed or deleted. */
    "CREATE TABLE journal ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " time INTEGER NOT NULL, tool TEXT NOT NULL, by TEXT NOT NULL,"
    " incident INTEGER REFERENCES incidents, listing INTEGER REFERENCES listings,"
    " what TEXT NOT NULL," /* opened, address, rule, suspended, … */
    " reason TEXT NOT NULL);"
    "CREATE INDEX journal_of_incident ON journal (incident);"
    /* REPLACE deletes without a trigger for it */
    "CREATE TRIGGER journal_grows BEFORE INSERT ON journal"
    " WHEN EXISTS (SELECT 1 FROM journal WHERE id = new.id)"
    " BEGIN SELECT raise(ABORT, 'the journal is never changed'); END;"
    "CREATE TRIGGER journal_stays BEFORE UPDATE ON journal"
    " BEGIN SELECT raise(ABORT, 'the journal is never changed'); END;"
    "CREATE TRIGGER journal_stays_whole BEFORE DELETE ON journal"
    " BEGIN SELECT raise(ABORT, 'the journal is never changed'); END;"

    /* For people, with sqlite3(1). */
    "CREATE VIEW open_incidents AS SELECT id, state, customer, partner, scope, identity,"
    " datetime(opened / 1000000, 'unixepoch') AS opened,"
    " datetime(clock / 1000000, 'unixepoch') AS clock,"
    " datetime(last_spam / 1000000, 'unixepoch') AS last_spam,"
    " datetime(last_attempt / 1000000, 'unixepoch') AS last_attempt, attempts, relapses"
    " FROM incidents WHERE state <> 'closed' ORDER BY id;"
    "CREATE VIEW blocks AS SELECT a.id AS action, a.incident, a.rule, a.type, i.customer, i.scope,"
    " i.identity, (SELECT group_concat(field || '=' || value, ' and ') FROM"
    "  (SELECT field, value FROM conditions WHERE action = a.id ORDER BY number)) AS conditions,"
    " datetime(a.since / 1000000, 'unixepoch') AS since, a.covered, a.spam, a.collateral,"
    " a.legitimate, a.refused"
    " FROM actions a JOIN incidents i ON i.id = a.incident WHERE a.until IS NULL ORDER BY a.id;"
    "CREATE VIEW story AS SELECT incident, datetime(time / 1000000, 'unixepoch') AS time, tool, by,"
    " what, reason FROM journal ORDER BY id;"
    "CREATE VIEW unsent_notices AS SELECT id, datetime(time / 1000000, 'unixepoch') AS time, event,"
    " incident, customer, partner FROM notices WHERE sent IS NULL ORDER BY id;"
    "CREATE VIEW current_listings AS SELECT id, ip, provider, source, state,"
    " datetime(since / 1000000, 'unixepoch') AS since, code, reason, url"
    " FROM listings WHERE state <> 'clear' ORDER BY id;";

const char *const ledger_migrations[] = {version_1, NULL};
