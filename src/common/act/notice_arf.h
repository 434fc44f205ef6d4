/* notice_arf: the machine-readable parts of a feedback report (RFC 5965) about an incident: the
 * second, message/feedback-report, and the third, text/rfc822-headers.
 *
 * The original message isn't known, only what the log says of its envelope: the newest row of the
 * evidence stands for it, and the headers are a Received and a Return-Path made of that. A field
 * whose value isn't what the RFC's grammar allows is left out; nothing of a stranger's is ever
 * written there but addresses, printable ASCII, and numbers.
 */
#ifndef MPTOOLS_ACT_NOTICE_ARF_H
#define MPTOOLS_ACT_NOTICE_ARF_H

#include "act/notice_evidence.h"
#include "act/notice_facts.h"

/* Does the event report abuse? A reinstatement or a listing doesn't. */
bool notice_is_abuse(unsigned event);
void notice_add_report(struct text *out, const struct notice_facts *facts,
                       const struct notice_rows *rows);
void notice_add_original(struct text *out, const struct notice_facts *facts,
                         const struct notice_rows *rows);

#endif
