/* summary: what a parser has read, for people: `mplog-parse -v`. */
#ifndef MPTOOLS_LOG_SUMMARY_H
#define MPTOOLS_LOG_SUMMARY_H

#include "base/text.h"
#include "log/parser.h"

/* Appends lines of text; every byte of the log in them is safe for a terminal. Lists what was not
 * understood, by daemon and shape, with one example each. */
void summary_print(const struct parser *p, struct text *out);

#endif
