/* reply_text: a remote server's reply with everything taken out that differs from one message to
 * the next.
 *
 * What remains, the skeleton, is what the patterns of replies.conf read and what the memory of
 * verdicts is keyed by, so that an answer from memory can't differ from a fresh one. From a reply
 * as Postfix logs it are removed: `host NAME[IP] said:` and `refused to talk to me:`, `(in reply to
 * ... command)`, the reply code and enhanced status code at the start (they become numbers here)
 * and where a multi-line reply repeats them. Replaced are:
 *   an IP address             192.0.2.1 or 2001:db8::1, except 127.*, which is kept
 *   <a@b>, 'a@b', "a@b"       x@example.com in the same quotes
 *   a@b.example               x@b.example (it may be the contact that names a provider)
 *   a number                  0; one digit, #123, [123], 5.7.1 and codes such as IB103 are kept
 *   an id (queue, session)    id
 *   a digit run in a name     0, from three digits on; a domain name is otherwise kept
 *   bytes over 127 and ?      one ? a run (Postfix logs such bytes as ?)
 *   white space, controls     one blank a run
 *
 * Nothing is allocated, nothing fails: a reply longer than REPLY_RAW_MAX and a skeleton longer than
 * REPLY_WORDS_MAX are cut off there, so a stranger can't make it expensive.
 */
#ifndef MPTOOLS_JUDGE_REPLY_TEXT_H
#define MPTOOLS_JUDGE_REPLY_TEXT_H

#include "judge/reply_code.h"

enum { REPLY_WORDS_MAX = 2048 };

struct reply_text {
    struct reply_codes codes;
    struct slice words; /* the skeleton, in buf */
    struct slice key;   /* code, dsn and skeleton together, in buf */
    char buf[sizeof(struct reply_codes) + REPLY_WORDS_MAX];
};

/* t is filled anew; its slices point into it. */
void reply_text_make(struct reply_text *t, struct slice reply);

#endif
